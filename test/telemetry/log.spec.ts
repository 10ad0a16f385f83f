import { Logger, type LoggerService } from '@nestjs/common';
import {
  AppCredentials,
  type MindsphereCredentialsModuleOptions,
  MindsphereCredentialsModule,
  TenantCredentials,
} from 'nestjs-mindsphere-credentials';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { APP, failureOf, fakeTime, start, startPlatform, TENANT, tokenOf } from '../support/application.js';
import { leaksOf, partsOf, spellings } from '../support/leaks.js';
import { json } from '../support/stub-platform.js';

const refused = json({ error: 'unauthorized', error_description: 'Bad credentials' }, 401);

/** Lines of this library, with their level. */
class Capture implements LoggerService {
  lines: string[] = [];
  #note =
    (level: string) =>
    (message: unknown, ...rest: unknown[]) => {
      if (rest.at(-1) === 'MindsphereCredentials') this.lines.push(`${level} ${String(message)}`);
    };
  log = this.#note('log');
  warn = this.#note('warn');
  error = this.#note('error');
  debug = this.#note('debug');
  verbose = this.#note('verbose');
  fatal = this.#note('fatal');

  /** The lines since the last reading. */
  take(): string[] {
    return this.lines.splice(0);
  }
}

async function lab(...registrations: (MindsphereCredentialsModuleOptions & { name?: string })[]) {
  const platform = await startPlatform();
  const logger = new Capture();
  Logger.overrideLogger(logger);
  onTestFinished(() => Logger.overrideLogger(false));
  const common = { ...platform.urls, app: APP, tenant: false as const, request: { retries: 0 } };
  const module = await start(
    registrations.map((options) => MindsphereCredentialsModule.forRoot({ ...common, ...options })),
    { logger },
  );
  return { platform, logger, module, app: module.get(AppCredentials) };
}

describe('the log at start', () => {
  it('has one line for each registration, with what is configured', async () => {
    const { platform, logger } = await lab(
      { tenant: { ...TENANT, subTenant: 'plant1' } },
      { name: 'plant', app: { ...APP, hostTenant: undefined, userTenant: undefined } },
      { name: 'none', app: false, verification: { clientIds: 'any' } },
    );
    const host = platform.origin.replace('http://', '');
    const hosts = `gateway ${host}, OAuth server ${host}/piam/{tenant}`;
    expect(logger.take().toSorted()).toEqual([
      `log Configured as none: ${hosts}, no app credentials, no tenant credentials.`,
      `log Configured as plant: ${hosts}, app myapp 1.0.0 (host tenant the user's, user tenant the user's), no tenant credentials.`,
      `log Configured: ${hosts}, app myapp 1.0.0 (host tenant host1, user tenant acme), tenant acme (subtenant plant1).`,
    ]);
  });

  it('names both platforms, and warns that users of siemens.app are rejected until their clients are known', async () => {
    const { platform, logger } = await lab({
      xcelerator: { app: { hostTenant: '1000000999' }, tenant: false },
    });
    const host = platform.origin.replace('http://', '');
    const [configured, ...others] = logger.take();
    expect(configured).toBe(
      `log Configured: mindsphere.io: gateway ${host}, OAuth server ${host}/piam/{tenant}, ` +
        'app myapp 1.0.0 (host tenant host1, user tenant acme), no tenant credentials; ' +
        'siemens.app: gateway api.eu1.siemens.app, OAuth server {tenant}.eu1.sws.siemens.com, ' +
        "app myapp 1.0.0 (host tenant 1000000999, user tenant the user's), no tenant credentials.",
    );
    expect(others).toEqual([expect.stringContaining('set xcelerator.clientIds (XCELERATOR_CLIENT_IDS)')]);
  });

  it('warns where no OAuth server is known, with the consequence', async () => {
    const { logger } = await lab({ gatewayUrl: 'https://private.example', oauthUrl: undefined });
    const lines = logger.take();
    expect(lines[0]).toContain('gateway private.example, OAuth server unknown, app myapp');
    expect(lines.slice(1)).toEqual([expect.stringMatching(/^warn No oauthUrl is known .* users' tokens are refused/)]);
  });

  it('warns once where no user token is accepted, and names what to set', async () => {
    const { logger } = await lab({ app: false }, { name: 'plant', app: false });
    expect(logger.take().filter((line) => line.startsWith('warn'))).toEqual([
      "warn Users' tokens of mindsphere.io are refused, because it is not known which app's users to accept: " +
        'set verification.clientIds, or app.appName (MDSP_OS_VM_APP_NAME).',
    ]);
  });

  it.each([
    { verification: { clientIds: 'any' as const } },
    { verification: { clientIds: ['host1-myapp-1.0.0'] } },
    { app: { ...APP, hostTenant: undefined } },
  ])('does not warn for %o', async (options) => {
    const { logger } = await lab({ app: false, ...options });
    expect(logger.take().filter((line) => line.startsWith('warn'))).toEqual([]);
  });
});

describe('the log of refresh', () => {
  it('warns once when it begins to fail, and once more when it works again', async () => {
    const { platform, logger, app } = await lab({});
    fakeTime();
    await tokenOf(app);
    logger.take();
    platform.app.always(refused);
    vi.advanceTimersByTime(1_799_000 - 20_000);
    for (let second = 0; second < 18; second += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await tokenOf(app);
      vi.advanceTimersByTime(1_000);
    }
    expect(platform.app.count).toBeGreaterThan(3);
    expect(logger.take()).toEqual([
      `warn Refresh begins to fail, the held token is valid for 20 s: app credentials for tenant acme on mindsphere.io. ` +
        `token_request_failed: The token endpoint ${platform.origin}/api/technicaltokenmanager/v3/oauth/token answered ` +
        'with status 401 (unauthorized: Bad credentials).',
    ]);
    platform.app.always();
    vi.advanceTimersByTime(60_000);
    await tokenOf(app);
    await tokenOf(app);
    expect(logger.take()).toEqual(['log Refresh works again: app credentials for tenant acme on mindsphere.io.']);
  });

  it('warns once where the first request fails, and anew after a recovery', async () => {
    const { platform, logger, module } = await lab({ tenant: TENANT });
    const plant = module.get(TenantCredentials).forSubtenant('plant1');
    logger.take();
    for (let round = 0; round < 2; round += 1) {
      platform.tenant.next(refused);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await failureOf(plant.getToken());
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await failureOf(plant.getToken());
      plant.invalidate();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await tokenOf(plant);
      plant.invalidate();
    }
    const name = 'tenant credentials for tenant acme, subtenant plant1 on mindsphere.io';
    const lines = logger.take();
    expect(lines.map((line) => line.slice(0, 30))).toEqual([
      'warn Refresh begins to fail, t',
      'log Refresh works again: tenan',
      'warn Refresh begins to fail, t',
      'log Refresh works again: tenan',
    ]);
    expect(lines[0]).toContain(`there is no valid token: ${name}. token_request_failed: `);
    expect(lines[1]).toContain(`: ${name}.`);
  });

  it('is a few lines and a count for many tenants that fail at once, and so for their recovery', async () => {
    const { platform, logger, app } = await lab({});
    const tenants = Array.from({ length: 60 }, (_, index) => app.forUserTenant(`customer${index}`));
    logger.take();
    fakeTime();
    platform.app.always(refused);
    await Promise.all(tenants.map((credentials) => failureOf(credentials.getToken())));
    expect(logger.lines).toHaveLength(5);
    vi.advanceTimersByTime(10_000);
    expect(logger.lines).toHaveLength(6);
    expect(logger.take().at(-1)).toBe('warn Refresh begins to fail: 55 more credentials.');
    platform.app.always();
    await Promise.all(tenants.map(tokenOf));
    expect(logger.lines).toHaveLength(5);
    vi.advanceTimersByTime(10_000);
    expect(logger.take().at(-1)).toBe('log Refresh works again: 55 more credentials.');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has its count when the application closes, and leaves no timer', async () => {
    const { platform, logger, module, app } = await lab({});
    const tenants = Array.from({ length: 7 }, (_, index) => app.forUserTenant(`customer${index}`));
    fakeTime();
    platform.app.always(refused);
    await Promise.all(tenants.map((credentials) => failureOf(credentials.getToken())));
    await module.close();
    expect(logger.take().at(-1)).toBe('warn Refresh begins to fail: 2 more credentials.');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('shows no secret and no token', async () => {
    const { platform, logger, app } = await lab({});
    const token = await tokenOf(app);
    app.invalidate();
    platform.app.next(json({ error: APP.keyStoreClientSecret, error_description: `Bearer ${token.value}` }, 401));
    await failureOf(app.getToken());
    expect(logger.lines).toHaveLength(2);
    const secrets = [...spellings(APP.keyStoreClientId, APP.keyStoreClientSecret), ...partsOf(token.value)];
    expect(leaksOf(logger.lines, secrets)).toEqual([]);
  });
});

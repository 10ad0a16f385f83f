import type { AddressInfo } from 'node:net';
import { Controller, Get, Inject, Module, type Provider, Query } from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import {
  AppCredentials,
  getCredentialsToken,
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  TenantCredentials,
} from 'nestjs-mindsphere-credentials';
import { createMindsphereHealthIndicator, MindsphereHealthIndicator } from 'nestjs-mindsphere-credentials/terminus';
import { fakeCredentials } from 'nestjs-mindsphere-credentials/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { APP, failureOf, fakeTime, startPlatform, TENANT, tokenOf } from '../support/application.js';
import { leaksOf, partsOf, spellings } from '../support/leaks.js';
import { json } from '../support/stub-platform.js';
import { HOST, startXcelerator, TECHNICAL_USER } from '../support/two-platforms.js';

const refused = json({ error: 'unauthorized', error_description: 'Bad credentials' }, 401);
const DEPLOYED = { ...APP, hostTenant: undefined, userTenant: undefined };

interface Answer {
  readonly status: number;
  readonly body: { status: string; details: Record<string, Record<string, unknown>> };
}

/** An application with a health route, as its documentation shows it. */
async function lab(options: MindsphereCredentialsModuleOptions = {}, name?: string) {
  const token = getCredentialsToken(MindsphereHealthIndicator, name);

  @Controller('health')
  class HealthController {
    constructor(
      private readonly health: HealthCheckService,
      @Inject(token) private readonly mindsphere: MindsphereHealthIndicator,
    ) {}

    @Get()
    check(@Query('request') request?: string) {
      return this.health.check([() => this.mindsphere.check('mindsphere', { request: request !== undefined })]);
    }
  }

  const indicator: Provider = name === undefined ? MindsphereHealthIndicator : createMindsphereHealthIndicator(name);
  const platform = await startPlatform();
  const registration = MindsphereCredentialsModule.forRoot({
    ...platform.urls,
    app: APP,
    tenant: false,
    request: { retries: 0 },
    ...options,
    name,
    isGlobal: true,
  });

  @Module({
    imports: [registration, TerminusModule.forRoot({ logger: false })],
    controllers: [HealthController],
    providers: [indicator],
  })
  class HealthModule {}

  const module = await Test.createTestingModule({ imports: [HealthModule] }).compile();
  const application = module.createNestApplication();
  await application.listen(0, '127.0.0.1');
  onTestFinished(() => application.close());
  const { port } = application.getHttpServer().address() as AddressInfo;
  const health = async (query = ''): Promise<Answer> => {
    const response = await fetch(`http://127.0.0.1:${port}/health${query}`);
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };
  const get = <T>(type: abstract new (...given: never[]) => T): T => module.get<T>(getCredentialsToken(type, name));
  return { platform, health, app: get(AppCredentials), tenant: get(TenantCredentials) };
}

const up = (found: object) => ({
  status: 200,
  body: { status: 'ok', details: { mindsphere: { status: 'up', ...found } } },
});
const down = (found: object) => ({
  status: 503,
  body: { status: 'error', details: { mindsphere: { status: 'down', ...found } } },
});

describe('the health of credentials', () => {
  it('is up before their first use, and costs no token request', async () => {
    const { platform, health } = await lab({ tenant: TENANT });
    expect(await health()).toMatchObject(up({ app: { status: 'up' }, tenant: { status: 'up' } }));
    expect((await health()).body.details['mindsphere']).toEqual({
      status: 'up',
      app: { platform: 'mindsphere', status: 'up' },
      tenant: { platform: 'mindsphere', status: 'up' },
    });
    expect(platform.count).toBe(0);
  });

  it('has the remaining life of the token and when it was received', async () => {
    const { platform, health, app } = await lab();
    fakeTime();
    const { issuedAt } = await tokenOf(app);
    vi.advanceTimersByTime(60_500);
    const { body } = await health();
    const found = { platform: 'mindsphere', status: 'up', secondsLeft: 1_738, lastRefresh: issuedAt.toISOString() };
    expect(body.details['mindsphere']).toEqual({ status: 'up', app: found });
    expect(platform.count).toBe(1);
  });

  it('is down where there is no valid token and the last request failed', async () => {
    const { platform, health, app } = await lab();
    platform.app.next(refused);
    await failureOf(app.getToken());
    expect(await health()).toMatchObject(down({ app: { status: 'down', lastErrorCode: 'token_request_failed' } }));
    expect(platform.count).toBe(1);
    app.invalidate();
    await tokenOf(app);
    const recovered = await health();
    expect(recovered).toMatchObject(up({ app: { status: 'up' } }));
    expect(JSON.stringify(recovered)).not.toContain('lastErrorCode');
  });

  it('is up while a renewal fails and the token is valid, and down once it is expired', async () => {
    const { platform, health, app } = await lab();
    fakeTime();
    await tokenOf(app);
    vi.advanceTimersByTime(1_799_000 - 20_000);
    platform.app.always(refused);
    await tokenOf(app);
    const lastErrorCode = 'token_request_failed';
    expect(await health()).toMatchObject(up({ app: { status: 'up', secondsLeft: 20, lastErrorCode } }));
    vi.advanceTimersByTime(20_000);
    expect(await health()).toMatchObject(down({ app: { status: 'down', secondsLeft: 0, lastErrorCode } }));
  });

  it('is up where a token has expired because it was not used', async () => {
    const { health, app } = await lab();
    fakeTime();
    await tokenOf(app);
    vi.advanceTimersByTime(2_000_000);
    expect(await health()).toMatchObject(up({ app: { status: 'up', secondsLeft: 0 } }));
  });

  it('is down where one of two is', async () => {
    const { platform, health, tenant, app } = await lab({ tenant: TENANT });
    platform.tenant.next(refused);
    await failureOf(tenant.getToken());
    await tokenOf(app);
    expect(await health()).toMatchObject(down({ app: { status: 'up' }, tenant: { status: 'down' } }));
  });

  it('leaves out what is not configured', async () => {
    const { health } = await lab({ app: false });
    expect((await health()).body.details['mindsphere']).toEqual({ status: 'up' });
  });

  it('of a named registration is its own', async () => {
    const { health, app } = await lab({}, 'plant');
    await tokenOf(app);
    expect(await health()).toMatchObject(up({ app: { status: 'up', secondsLeft: expect.any(Number) } }));
  });

  it('shows no secret and no token', async () => {
    const { platform, health, app } = await lab();
    const token = await tokenOf(app);
    const first = await health();
    app.invalidate();
    platform.app.next(json({ error: APP.keyStoreClientSecret, error_description: token.value }, 401));
    await failureOf(app.getToken());
    const secrets = [...spellings(APP.keyStoreClientId, APP.keyStoreClientSecret), ...partsOf(token.value)];
    expect(leaksOf([first, await health()], secrets)).toEqual([]);
  });

  it('has no entry for doubles in tests', async () => {
    const indicators = { check: () => ({ up: (found: object) => found }) };
    const double = fakeCredentials() as never;
    expect(await new MindsphereHealthIndicator(indicators as never, double, double).check('mindsphere')).toEqual({});
  });
});

describe('asked to request', () => {
  it('asks for a token where there is none, and not again', async () => {
    const { platform, health } = await lab({ tenant: TENANT });
    const found = { platform: 'mindsphere', status: 'up', secondsLeft: expect.any(Number) };
    expect(await health('?request')).toMatchObject(up({ app: found, tenant: found }));
    expect(await health('?request')).toMatchObject(up({ app: found, tenant: found }));
    expect([platform.app.count, platform.tenant.count]).toEqual([1, 1]);
  });

  it('is down where that fails, and up again by itself', async () => {
    const { platform, health } = await lab();
    platform.app.next(json({}, 503));
    expect(await health('?request')).toMatchObject(down({ app: { lastErrorCode: 'token_request_failed' } }));
    expect(await health('?request')).toMatchObject(up({ app: { status: 'up' } }));
    expect(platform.app.count).toBe(2);
  });
});

describe("the health of app credentials whose tenants are the users'", () => {
  it('counts the tenants with a valid token and those that fail', async () => {
    const { platform, health, app } = await lab({ app: DEPLOYED });
    expect((await health()).body.details['mindsphere']).toEqual({
      status: 'up',
      app: { platform: 'mindsphere', status: 'up' },
    });
    for (const tenant of ['a', 'b', 'c']) {
      if (tenant === 'c') platform.app.next(refused);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await tokenOf(app.forUserTenant(tenant, 'host1')).catch(() => undefined);
    }
    const found = {
      platform: 'mindsphere',
      status: 'up',
      lastErrorCode: 'token_request_failed',
      tenants: { valid: 2, failing: 1 },
    };
    expect((await health('?request')).body.details['mindsphere']).toEqual({ status: 'up', app: found });
    expect(platform.count).toBe(3);
  });

  it('is down where all fail, until 5 min after the last failure', async () => {
    const { platform, health, app } = await lab({ app: DEPLOYED });
    fakeTime();
    platform.app.next(refused, refused);
    await failureOf(app.forUserTenant('a', 'host1').getToken());
    vi.advanceTimersByTime(60_000);
    await failureOf(app.forUserTenant('b', 'host1').getToken());
    expect(await health()).toMatchObject(down({ app: { status: 'down', tenants: { valid: 0, failing: 2 } } }));
    vi.advanceTimersByTime(240_000);
    expect(await health()).toMatchObject(down({ app: { tenants: { valid: 0, failing: 1 } } }));
    vi.advanceTimersByTime(60_000);
    expect((await health()).body.details['mindsphere']).toEqual({
      status: 'up',
      app: { platform: 'mindsphere', status: 'up', tenants: { valid: 0, failing: 0 } },
    });
  });

  it('is that of their own token, too, where a user tenant is configured', async () => {
    const { platform, health, app } = await lab();
    await tokenOf(app);
    platform.app.next(refused);
    await failureOf(app.forUserTenant('globex').getToken());
    const found = {
      platform: 'mindsphere',
      status: 'up',
      secondsLeft: expect.any(Number),
      tenants: { valid: 0, failing: 1 },
    };
    expect(await health()).toMatchObject(up({ app: found }));
  });
});

describe('the health of credentials on two platforms', () => {
  const XCELERATOR_APP = { hostTenant: HOST, userTenant: '1000000351' };

  it('names each as its option is named, with its platform', async () => {
    const siemensApp = await startXcelerator();
    const { health, app } = await lab({
      tenant: TENANT,
      xcelerator: { ...siemensApp.urls, app: XCELERATOR_APP, tenant: TECHNICAL_USER },
    });
    const there = { platform: 'xcelerator', status: 'up' };
    expect((await health()).body.details['mindsphere']).toEqual({
      status: 'up',
      app: { platform: 'mindsphere', status: 'up' },
      tenant: { platform: 'mindsphere', status: 'up' },
      'xcelerator.app': there,
      'xcelerator.tenant': there,
    });
    expect(siemensApp.count).toBe(0);
    await tokenOf(app.on('xcelerator').forUserTenant('1000000777'));
    expect((await health()).body.details['mindsphere']).toMatchObject({
      'xcelerator.app': { ...there, tenants: { valid: 1, failing: 0 } },
    });
  });

  it('is down where those of one platform are', async () => {
    const siemensApp = await startXcelerator();
    siemensApp.tenant.always(refused);
    const { health } = await lab({ xcelerator: { ...siemensApp.urls, app: false, tenant: TECHNICAL_USER } });
    expect(await health('?request')).toMatchObject(
      down({ app: { status: 'up' }, tenant: { platform: 'xcelerator', status: 'down' } }),
    );
  });
});

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoggerService } from '@nestjs/common';
import { MindsphereCredentialsModule } from 'nestjs-mindsphere-credentials';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { APP, APP_VARIABLES, start, startPlatform, TENANT, TENANT_VARIABLES } from '../../support/application.js';
import { startTls } from '../../support/connect-proxy.js';
import { html, json, raw, StubPlatform } from '../../support/stub-platform.js';
import { command, findings, idsOf } from './command.js';

/** The variables of a configuration that works, with changes, for the current test. */
function configure(
  platform: Pick<StubPlatform, 'gatewayUrl' | 'oauthUrl'>,
  changes: Record<string, string | undefined> = {},
): void {
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const name of Object.keys(process.env).filter((key) =>
    /^(?:MDSP|MINDSPHERE|XCELERATOR|HOST|REDIS|VCAP)_/.test(key),
  ))
    vi.stubEnv(name, undefined);
  const urls = { MINDSPHERE_GATEWAY_URL: platform.gatewayUrl, MINDSPHERE_OAUTH_URL: platform.oauthUrl };
  for (const [name, value] of Object.entries({ ...urls, ...APP_VARIABLES, ...TENANT_VARIABLES, ...changes }))
    vi.stubEnv(name, value);
}

/** Nobody listens on it. A port that a server here has left may be another server's by now. */
const CLOSED_PORT = 1;
const NOWHERE = `http://127.0.0.1:${CLOSED_PORT}`;

const refused = (description: string, status = 401, error = 'unauthorized') =>
  json({ error, error_description: description }, status);

describe('mindsphere-credentials doctor', () => {
  it('finds nothing wrong where nothing is wrong', async () => {
    const platform = await startPlatform();
    configure(platform);
    const { status, out } = await command(['doctor']);
    expect({ status, out }).toMatchObject({ status: 0 });
    expect(out).toContain('token.mindsphere.app');
    expect(out).toMatch(/0 failures/);
    expect(out).not.toContain('\u001B[');
  });

  it.each([
    [
      'a wrong secret of the app',
      'app',
      refused('Bad credentials'),
      'token.mindsphere.app',
      /MDSP_KEY_STORE_CLIENT_SECRET/,
    ],
    [
      'a client id that the Token Manager does not know',
      'app',
      refused('No client with requested id: x'),
      'token.mindsphere.app',
      /MDSP_KEY_STORE_CLIENT_ID/,
    ],
    [
      'another version of the app',
      'app',
      refused('appVersion does not match', 400, 'bad_request'),
      'token.mindsphere.app',
      /MDSP_OS_VM_APP_VERSION/,
    ],
    [
      'an app without access to the Token Manager',
      'app',
      refused('forbidden', 403, 'access_denied'),
      'token.mindsphere.app',
      /Token Manager/,
    ],
    [
      'a user tenant that the app is not provisioned to',
      'app',
      refused('user tenant is not provisioned', 400, 'bad_request'),
      'token.mindsphere.app',
      /MDSP_USER_TENANT/,
    ],
    [
      'a wrong secret of the technical user',
      'tenant',
      refused('Bad credentials'),
      'token.mindsphere.tenant',
      /MINDSPHERE_CLIENT_SECRET/,
    ],
    [
      'an unknown technical user',
      'tenant',
      refused('No client with requested id: x', 401, 'invalid_client'),
      'token.mindsphere.tenant',
      /MINDSPHERE_CLIENT_ID/,
    ],
    [
      'a login page in place of a token',
      'tenant',
      html('<html>login</html>'),
      'token.mindsphere.tenant',
      /proxy, a login page/,
    ],
  ] as const)('names %s, and blames nothing else', async (_name, endpoint, answer, id, remedy) => {
    const platform = await startPlatform();
    configure(platform);
    platform[endpoint].always(answer);
    const found = await findings();
    expect(idsOf(found, 'failure')).toEqual([id]);
    expect(found[id]?.remedy).toMatch(remedy);
  });

  it('names the tenant that a token was issued for in place of the right one', async () => {
    const platform = await startPlatform();
    configure(platform);
    platform.tenant.always(platform.token({ claims: { ten: 'other' } }));
    const found = await findings();
    expect(idsOf(found, 'failure')).toEqual(['token.mindsphere.tenant']);
    expect(found['token.mindsphere.tenant']).toMatchObject({
      summary: expect.stringContaining('other'),
      remedy: expect.stringContaining('MINDSPHERE_TENANT'),
    });
  });

  it('names a subtenant that may not be impersonated', async () => {
    const platform = await startPlatform();
    configure(platform, { MINDSPHERE_SUB_TENANT: 'sub1' });
    platform.tenant.always((exchange) =>
      exchange.request.body.includes('subtenant')
        ? refused('Unauthorized grant', 403, 'access_denied')(exchange)
        : platform.token()(exchange),
    );
    const found = await findings();
    expect(idsOf(found, 'failure')).toEqual(['token.mindsphere.tenant']);
    expect(found['token.mindsphere.tenant']?.remedy).toContain('MINDSPHERE_SUB_TENANT');
  });

  it('names a host that nobody answers at, and skips what depends on it', async () => {
    const platform = await startPlatform();
    configure(platform, { MINDSPHERE_GATEWAY_URL: `http://127.0.0.1:${CLOSED_PORT}` });
    const found = await findings();
    expect(idsOf(found, 'failure')).toEqual(['host.mindsphere.gateway']);
    expect(found['host.mindsphere.gateway']).toMatchObject({ summary: expect.stringContaining('ECONNREFUSED') });
    expect(found['token.mindsphere.app']).toMatchObject({
      status: 'skipped',
      summary: expect.stringContaining('host.mindsphere.gateway'),
    });
  });

  it("names a certificate of an authority that Node does not know, and the variable for a company's own", async () => {
    const platform = await startPlatform();
    const port = await startTls(Number(new URL(platform.origin).port));
    configure(platform, { MINDSPHERE_GATEWAY_URL: `https://127.0.0.1:${port}` });
    const found = await findings();
    expect(idsOf(found, 'failure')).toEqual(['host.mindsphere.gateway']);
    expect(found['host.mindsphere.gateway']?.remedy).toContain('NODE_EXTRA_CA_CERTS');
  });

  it("names a clock that differs from the platform's", async () => {
    const platform = await startPlatform();
    configure(platform);
    const date = new Date(Date.now() - 10 * 60_000).toUTCString();
    platform.elsewhere.always(raw({ status: 404, headers: { date } }));
    const found = await findings();
    expect(found['clock']).toMatchObject({
      status: 'failure',
      summary: expect.stringContaining('ahead of'),
      remedy: expect.stringContaining('NTP'),
    });
    expect(idsOf(found, 'failure')).toEqual(['clock']);
  });

  it('names every fault of the settings, and a variable whose name is nearly right', async () => {
    const platform = await startPlatform();
    configure(platform, {
      MDSP_KEY_STORE_CLIENT_SECRET: undefined,
      MDSP_KEYSTORE_CLIENT_SECRET: APP.keyStoreClientSecret,
    });
    const found = await findings();
    expect(idsOf(found, 'failure')).toEqual(['settings']);
    expect(found['settings']?.summary).toContain('MDSP_KEY_STORE_CLIENT_SECRET');
    expect(found['settings']?.remedy).toContain('MDSP_KEYSTORE_CLIENT_SECRET');
    expect(idsOf(found, 'skipped')).toContain('token');
  });

  it.each<[string, Record<string, string | undefined>, RegExp]>([
    [
      "that all users' tokens are refused",
      { MDSP_OS_VM_APP_NAME: undefined, MDSP_KEY_STORE_CLIENT_ID: undefined, MDSP_KEY_STORE_CLIENT_SECRET: undefined },
      /Users' tokens of mindsphere\.io are refused.* set verification\.clientIds, or app\.appName/,
    ],
    [
      'that those of siemens.app are',
      { MINDSPHERE_PLATFORM: 'off', XCELERATOR_CORE_TENANT: '1000001700', XCELERATOR_GATEWAY_URL: NOWHERE },
      /Users' tokens of siemens\.app are refused.* \(XCELERATOR_CLIENT_IDS\)/,
    ],
    [
      'that no OAuth server is known',
      { MINDSPHERE_OAUTH_URL: undefined, MINDSPHERE_CLIENT_ID: undefined, MINDSPHERE_CLIENT_SECRET: undefined },
      /No oauthUrl is known/,
    ],
    [
      'of a suspicious secret',
      { MDSP_KEY_STORE_CLIENT_SECRET: ' s3cr3t' },
      /keyStoreClientSecret .* is that intended\?/,
    ],
  ])('warns %s, and of all that an application is warned of at its start', async (_, changes, expected) => {
    const platform = await startPlatform();
    configure(platform, { XCELERATOR_OAUTH_URL: `${NOWHERE}/{tenant}`, ...changes });
    const warn = vi.fn<LoggerService['warn']>();
    await start([MindsphereCredentialsModule.forRoot()], { logger: { log: () => {}, warn, error: () => {} } });
    const warnings = warn.mock.calls.map(([line]: unknown[]) => String(line));
    const { settings } = await findings();
    expect(settings).toMatchObject({ status: 'warning', remedy: expect.stringMatching(expected) });
    expect(warnings.filter((line) => !settings?.remedy?.includes(line))).toEqual([]);
    expect(warnings.length).toBeGreaterThan(0);
  });

  it('warns of a store that is down, without its password', async () => {
    const platform = await startPlatform();
    configure(platform, { REDIS_URL: `redis://:store-passw0rd@127.0.0.1:${CLOSED_PORT}` });
    const { status, out } = await command(['doctor', '--json']);
    expect(status).toBe(0);
    expect(out).toMatch(/"store"/);
    expect(out).not.toContain('store-passw0rd');
  });

  it('checks both platforms', async () => {
    const emulator = await MindsphereEmulator.start({ strict: true, xcelerator: true });
    onTestFinished(() => emulator.close());
    const { gatewayUrl, oauthUrl, app, tenant, xcelerator } = emulator.moduleOptions;
    configure(
      { gatewayUrl, oauthUrl },
      {
        MDSP_KEY_STORE_CLIENT_ID: app.keyStoreClientId,
        MDSP_KEY_STORE_CLIENT_SECRET: app.keyStoreClientSecret,
        MDSP_HOST_TENANT: app.hostTenant,
        MDSP_USER_TENANT: app.userTenant,
        MINDSPHERE_CLIENT_ID: tenant.clientId,
        MINDSPHERE_CLIENT_SECRET: tenant.clientSecret,
        MINDSPHERE_TENANT: tenant.tenant,
        XCELERATOR_CORE_TENANT: xcelerator?.coreTenant,
        XCELERATOR_GATEWAY_URL: xcelerator?.gatewayUrl,
        XCELERATOR_OAUTH_URL: xcelerator?.oauthUrl,
        XCELERATOR_HOST_TENANT: xcelerator?.app.hostTenant,
        XCELERATOR_USER_TENANT: xcelerator?.app.userTenant,
        XCELERATOR_CLIENT_ID: xcelerator?.tenant.clientId,
        XCELERATOR_CLIENT_SECRET: xcelerator?.tenant.clientSecret,
        XCELERATOR_TENANT: xcelerator?.tenant.tenant,
      },
    );
    const found = await findings();
    expect(idsOf(found, 'failure')).toEqual([]);
    expect(idsOf(found, 'ok')).toEqual(
      expect.arrayContaining([
        'token.mindsphere.app',
        'token.mindsphere.tenant',
        'token.xcelerator.app',
        'token.xcelerator.tenant',
      ]),
    );
    const one = await findings('--platform', 'xcelerator');
    expect(Object.keys(one).filter((id) => id.includes('mindsphere'))).toEqual([]);
  });

  it('fails where the platform to check is not configured', async () => {
    const platform = await startPlatform();
    configure(platform);
    const { status, out } = await command(['doctor', '--platform', 'xcelerator']);
    expect(status).toBe(1);
    expect(out).toMatch(/FAILURE {3}settings.*: siemens\.app is not configured\n.*XCELERATOR_CORE_TENANT/);
    configure(platform, { MINDSPHERE_PLATFORM: 'off', XCELERATOR_CORE_TENANT: '1000001700', XCELERATOR_REGION: 'eu1' });
    const { settings } = await findings('--platform', 'mindsphere');
    expect(settings).toMatchObject({ status: 'failure', remedy: expect.stringContaining('MINDSPHERE_PLATFORM') });
  });

  it('shows no secret and no token, whatever the servers echo', async () => {
    const platform = await startPlatform();
    configure(platform);
    const basic = Buffer.from(`${TENANT.clientId}:${TENANT.clientSecret}`).toString('base64');
    const jwt = platform.userToken();
    for (const endpoint of [platform.app, platform.tenant])
      endpoint.always(refused(`${basic} ${TENANT.clientSecret} ${APP.keyStoreClientSecret} ${jwt}`));
    const texts = [
      await command(['doctor']),
      await command(['doctor', '--json', '--facts']),
      await command(['token']),
      await command(['verify'], `x${jwt}`),
    ];
    for (const { out, err } of texts) {
      for (const secret of [TENANT.clientSecret, basic, jwt, jwt.split('.')[1] ?? jwt])
        expect(out + err).not.toContain(secret);
    }
  });

  it('--facts holds no secret, no token and no name of a tenant', async () => {
    const platform = await startPlatform();
    configure(platform);
    const { out } = await command(['doctor', '--json', '--facts']);
    const { facts } = JSON.parse(out) as { facts: { platforms: { facts: { id: string; seen: string }[] }[] } };
    const seen = Object.fromEntries(facts.platforms[0]!.facts.map((fact) => [fact.id, fact.seen]));
    expect(seen).toMatchObject({
      'manager-timestamp': 'seen so',
      'technical-ten': 'seen so',
      'subtenant-named': 'not seen',
    });
    const record = JSON.stringify(facts);
    for (const value of [APP.keyStoreClientSecret, TENANT.clientSecret, 'acme', 'host1', 'eyJ'])
      expect(record).not.toContain(value);
  });
});

describe('mindsphere-credentials token', () => {
  it('prints a token and nothing else', async () => {
    const platform = await startPlatform();
    configure(platform);
    const { status, out, err } = await command(['token', '--user-tenant', 'plant']);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(JSON.parse(platform.app.only.body.toString())).toMatchObject({ userTenant: 'plant' });
  });

  it('prints the reason on standard error', async () => {
    const platform = await startPlatform();
    configure(platform);
    platform.tenant.always(refused('Bad credentials'));
    const { status, out, err } = await command(['token', '--credentials', 'tenant', '--header']);
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(err).toContain('token_request_failed');
    expect(err).not.toContain(TENANT.clientSecret);
  });

  it('variables that are set win over the file', async () => {
    const platform = await startPlatform();
    configure(platform, { MINDSPHERE_CLIENT_SECRET: undefined });
    const file = join(mkdtempSync(join(tmpdir(), 'dotenv-')), '.env');
    writeFileSync(file, 'MINDSPHERE_TENANT=other\nMINDSPHERE_CLIENT_SECRET=from-the-file\n');
    const { status } = await command(['token', '--credentials', 'tenant', '--dotenv', file]);
    expect(status).toBe(0);
    expect(platform.tenant.only.url).toContain('/acme/');
  });
});

describe('mindsphere-credentials verify', () => {
  it('says as whom a token is accepted', async () => {
    const platform = await startPlatform();
    configure(platform);
    const { status, out } = await command(['verify'], `Bearer ${platform.userToken({ ten: 'acme' })}\n`);
    expect({ status, out }).toMatchObject({ status: 0, out: expect.stringContaining('acme') });
  });

  it('says why it is rejected, and which option decides', async () => {
    const platform = await startPlatform();
    configure(platform);
    const { status, out } = await command(
      ['verify'],
      platform.userToken({ cid: 'another-host1', client_id: 'another-host1' }),
    );
    expect(status).toBe(1);
    expect(out).toContain('token_client');
    expect(out).toContain('verification.clientIds');
  });
});

describe('The arguments of mindsphere-credentials', () => {
  it.each([
    [[], 0],
    [['--help'], 0],
    [['docter'], 2],
    [['doctor', '--platform', 'azure'], 2],
    [['token', 'eyJhbGciOi.secret.token'], 2],
    [['token', '--subtenant', 's', '--credentials', 'app'], 2],
    [['doctor', '--dotenv', '/nowhere/.env'], 2],
  ] as const)('%j ends with status %i', async (args, expected) => {
    const { status, out, err } = await command(args);
    expect(status).toBe(expected);
    expect(out + err).not.toContain('eyJhbGciOi');
  });
});

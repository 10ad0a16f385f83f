import { mindsphereOptionsFromConfig, type MindsphereCredentialsModuleOptions } from 'nestjs-mindsphere-credentials';
import { describe, expect, it } from 'vitest';
import { completeFromEnvironment } from '../../lib/config/environment.js';
import { describeOptions, warningsAtStart } from '../../lib/config/describe-options.js';
import { resolveOptions } from '../../lib/config/resolve-options.js';
import { APP, failureOf, forbidden, TENANT } from '../support/application.js';
import { leaksOf } from '../support/leaks.js';

type Options = MindsphereCredentialsModuleOptions;

const THERE = { clientId: 'there-id', clientSecret: 'there-s3cr3t', tenant: '1000000351' };
const VARIABLES = {
  XCELERATOR_CORE_TENANT: '1000009999',
  XCELERATOR_REGION: 'EU2',
  XCELERATOR_GATEWAY_URL: 'https://API.there.example/',
  XCELERATOR_OAUTH_URL: 'https://{tenant}.oauth.there.example',
  XCELERATOR_HOST_TENANT: '1000000001',
  XCELERATOR_USER_TENANT: '1000000002',
  XCELERATOR_CLIENT_ID: 'there-id',
  XCELERATOR_CLIENT_SECRET: 'there-s3cr3t',
  XCELERATOR_TENANT: '1000000351',
  XCELERATOR_TOKEN_TENANT: '1000000352',
  XCELERATOR_CLIENT_AUTHENTICATION: 'form',
  XCELERATOR_CLIENT_IDS: 'one, two',
  XCELERATOR_ISSUERS: '1000000003,ACME',
};

const platformsOf = (options: Options) => resolveOptions(options).platforms;
const faultsOf = async (options: unknown) => (await failureOf(() => resolveOptions(forbidden(options)))).message;
/** `siemens.app` as these options make it. */
const there = (options: Options) => {
  const found = platformsOf(options).find(({ rules }) => rules.platform === 'xcelerator');
  if (found === undefined) throw new Error('xcelerator is off');
  return found;
};

describe('siemens.app', () => {
  it.each<[string, Options, Record<string, string>, string[]]>([
    ['is off by default', {}, {}, ['mindsphere']],
    ['is on by true', { xcelerator: true }, {}, ['mindsphere', 'xcelerator']],
    ['is on by its options', { xcelerator: {} }, {}, ['mindsphere', 'xcelerator']],
    ['is on by its core tenant', {}, { XCELERATOR_CORE_TENANT: '1' }, ['mindsphere', 'xcelerator']],
    ['is not on by another variable', {}, { XCELERATOR_TENANT: '1', XCELERATOR_CLIENT_ID: 'x' }, ['mindsphere']],
    ['is off by false', { xcelerator: false }, VARIABLES, ['mindsphere']],
    ['is alone by option', { xcelerator: true, mindsphere: false }, {}, ['xcelerator']],
    ['is alone by variable', { xcelerator: true }, { MINDSPHERE_PLATFORM: 'off' }, ['xcelerator']],
    ['is alone by variable in capitals', { xcelerator: true }, { MINDSPHERE_PLATFORM: 'OFF' }, ['xcelerator']],
  ])('%s', (_, options, environment, names) => {
    const platforms = platformsOf(completeFromEnvironment(options, environment));
    expect(platforms.map(({ rules }) => rules.platform)).toEqual(names);
  });

  it('has defaults, each of them the documented one', () => {
    const { gatewayUrl, oauthUrl, issuerUrls, coreTenant, app, tenant, users } = there({ xcelerator: true });
    expect({ gatewayUrl, oauthUrl: String(oauthUrl), issuerUrls: issuerUrls.map(String), coreTenant }).toEqual({
      gatewayUrl: 'https://api.eu1.siemens.app',
      oauthUrl: 'https://{tenant}.eu1.sws.siemens.com',
      issuerUrls: ['https://{tenant}.eu1.sws.siemens.com/oauth/token'],
      coreTenant: '1000001700',
    });
    expect([app, tenant, users.clientIds, users.issuers, users.keySetTenant]).toEqual([
      undefined,
      undefined,
      undefined,
      ['1000001700'],
      false,
    ]);
  });

  it.each<[string, () => Options]>([
    ['forRoot', () => completeFromEnvironment({}, VARIABLES)],
    ['mindsphereOptionsFromConfig', () => mindsphereOptionsFromConfig({ get: (name) => Reflect.get(VARIABLES, name) })],
  ])('is read from its variables by %s', (_, options) => {
    const { gatewayUrl, oauthUrl, coreTenant, tenant, users } = there(options());
    expect([gatewayUrl, String(oauthUrl), coreTenant]).toEqual([
      'https://api.there.example',
      'https://{tenant}.oauth.there.example',
      '1000009999',
    ]);
    expect(tenant).toMatchObject({
      clientId: 'there-id',
      tenant: '1000000351',
      tokenTenant: '1000000352',
      clientAuthentication: 'form',
    });
    expect([users.clientIds, users.issuers]).toEqual([
      ['one', 'two'],
      ['1000000003', 'acme'],
    ]);
  });

  it('takes any client by variable', () => {
    const environment = { XCELERATOR_CORE_TENANT: '1', XCELERATOR_CLIENT_IDS: 'any' };
    expect(there(completeFromEnvironment({}, environment)).users.clientIds).toBe('any');
  });

  it('has the region of option region, unless it has one of its own', () => {
    expect(there({ region: 'EU2', xcelerator: true }).gatewayUrl).toBe('https://api.eu2.siemens.app');
    expect(there({ region: 'eu2', xcelerator: { region: 'Eu3' } }).gatewayUrl).toBe('https://api.eu3.siemens.app');
  });

  it('accepts by default the issuers that its own options name', () => {
    const { users } = there({
      app: APP,
      xcelerator: { app: { hostTenant: '7' }, tenant: { ...THERE, tokenTenant: '1000001700' } },
    });
    expect(users.issuers).toEqual(['1000001700', '7', '1000000351']);
  });
});

describe('app credentials on siemens.app', () => {
  it('are those of option app, without its tenants', () => {
    const { app } = there({ app: APP, xcelerator: { app: { hostTenant: '7' } } });
    expect(app).toMatchObject({
      clientId: APP.keyStoreClientId,
      appName: 'myapp',
      appVersion: '1.0.0',
      hostTenant: '7',
    });
    expect(app?.userTenant).toBeUndefined();
    expect(there({ app: APP, xcelerator: true }).app?.hostTenant).toBeUndefined();
  });

  it('may be others', () => {
    const app = { keyStoreClientId: 'other', keyStoreClientSecret: 's', appName: 'theirs', appVersion: '2' };
    expect(there({ app: APP, xcelerator: { app } }).app).toMatchObject({ clientId: 'other', appName: 'theirs' });
    expect(there({ app: false, xcelerator: { app } }).app).toMatchObject({ clientId: 'other', appVersion: '2' });
  });

  it('may be switched off', () => {
    expect(there({ app: APP, xcelerator: { app: false } }).app).toBeUndefined();
  });

  it.each([
    [{ keyStoreClientId: 'x' }, 'xcelerator.app.keyStoreClientSecret is missing'],
    [{ keyStoreClientSecret: 's3cr3t' }, 'xcelerator.app.keyStoreClientId is missing'],
    [{ keyStoreClientId: 'x', keyStoreClientSecret: 's3cr3t' }, 'xcelerator.app.appName is missing'],
  ])('are never half of one and half of the other: %o', async (app, fault) => {
    const message = await faultsOf({ app: false, xcelerator: { app } });
    expect(message).toContain(fault);
    expect(message).not.toContain('s3cr3t');
  });

  it('have the tenants of option app where mindsphere.io is off', () => {
    const { app } = there({ app: APP, mindsphere: false, xcelerator: { app: { userTenant: '9' } } });
    expect(app).toMatchObject({ hostTenant: 'host1', userTenant: '9' });
  });
});

describe('tenant credentials on siemens.app', () => {
  it('take nothing from option tenant', () => {
    expect(there({ tenant: TENANT, xcelerator: true }).tenant).toBeUndefined();
  });

  it('given in code are completed by their tenant alone', () => {
    const { clientId, clientSecret } = THERE;
    const options = completeFromEnvironment({ xcelerator: { tenant: { clientId, clientSecret } } }, VARIABLES);
    expect(there(options).tenant).toMatchObject({ tenant: '1000000351', tokenTenant: '1000000352' });
    const own = completeFromEnvironment({ xcelerator: { tenant: THERE } }, VARIABLES);
    expect(there(own).tenant).toMatchObject({ tokenTenant: '1000000351', clientAuthentication: 'basic' });
  });

  it('know no subtenant', async () => {
    expect(await faultsOf({ xcelerator: { tenant: { ...THERE, subTenant: 'plant1' } } })).toContain(
      'xcelerator.tenant.subTenant is not an option',
    );
  });
});

describe('faults of two platforms', () => {
  it('are listed with the others, by path and variable, without a secret', async () => {
    const message = await faultsOf({
      region: 'a.b',
      xcelerator: {
        coreTenant: 'a.b',
        oauthUrl: 'https://x.example',
        clientIds: [],
        issuers: 'x',
        tenantName: { a: 1 },
        tenant: { clientId: 'x', clientSecret: 's3cr3t\n', clientAuthentication: 'post' },
        app: 'yes',
        other: 1,
      },
    });
    for (const place of [
      'region (HOST_ENVIRONMENT)',
      'xcelerator.coreTenant (XCELERATOR_CORE_TENANT)',
      'xcelerator.oauthUrl (XCELERATOR_OAUTH_URL)',
      'xcelerator.clientIds (XCELERATOR_CLIENT_IDS)',
      'xcelerator.issuers (XCELERATOR_ISSUERS)',
      'xcelerator.tenantName must',
      'xcelerator.tenant.clientSecret (XCELERATOR_CLIENT_SECRET)',
      'xcelerator.tenant.tenant (XCELERATOR_TENANT) is missing',
      'xcelerator.tenant.clientAuthentication (XCELERATOR_CLIENT_AUTHENTICATION)',
      'xcelerator.app must be an object',
      'xcelerator.other is not an option',
    ])
      expect(message).toContain(place);
    expect(message).not.toContain('s3cr3t');
  });

  it.each<[string, Options, string]>([
    ['no platform is left', { mindsphere: false }, 'no platform is left'],
    [
      'one gateway for both',
      { gatewayUrl: 'https://gateway.x.example', xcelerator: { gatewayUrl: 'https://GATEWAY.x.example/' } },
      'xcelerator.gatewayUrl',
    ],
    [
      "the other platform's gateway is an allowed origin",
      { xcelerator: {}, http: { allowedOrigins: ['https://api.eu1.siemens.app'] } },
      'http.allowedOrigins',
    ],
    [
      'so is the first one',
      { xcelerator: {}, http: { allowedOrigins: ['https://gateway.eu1.mindsphere.io'] } },
      'http.allowedOrigins',
    ],
  ])('stop the start: %s', async (_, options, fault) => {
    expect(await faultsOf(options)).toContain(fault);
  });

  it.each([
    ['https://{tenant}.x.example', 'https://{tenant}.x.example', true],
    ['https://{tenant}.x.example', 'https://a.{tenant}.example', true],
    ['https://{tenant}.x.example', 'https://a.{tenant}.other', false],
    ['https://x.example/piam/{tenant}', 'https://x.example/{tenant}/sws', true],
    ['https://x.example/piam/{tenant}', 'https://x.example/sws/{tenant}', false],
    ['https://{tenant}.x.example/a', 'https://y.x.example/{tenant}', true],
    ['https://{tenant}.x.example', 'https://{tenant}.x.example:8443', false],
    ['https://{tenant}.x.example', 'https://a.{tenant}.x.example', false],
  ])('templates %s and %s may name one issuer: %s', async (oauthUrl, other, isFault) => {
    const options = { gatewayUrl: 'https://gw.example', oauthUrl, xcelerator: { oauthUrl: other } };
    const outcome = await Promise.resolve()
      .then(() => resolveOptions(options))
      .then(
        () => 'resolved',
        ({ message }: Error) => message,
      );
    expect(outcome.includes('could both match one iss')).toBe(isFault);
  });
});

it('the log at start names both platforms and what refuses their users', () => {
  const options = resolveOptions({ app: APP, xcelerator: { tenant: THERE } });
  expect(describeOptions(options)).toBe(
    'Configured: mindsphere.io: gateway gateway.eu1.mindsphere.io, OAuth server {tenant}.piam.eu1.mindsphere.io, ' +
      'app myapp 1.0.0 (host tenant host1, user tenant acme), no tenant credentials; siemens.app: gateway ' +
      "api.eu1.siemens.app, OAuth server {tenant}.eu1.sws.siemens.com, app myapp 1.0.0 (host tenant the user's, user " +
      "tenant the user's), tenant 1000000351.",
  );
  expect(warningsAtStart(options)).toEqual([
    "Users' tokens of siemens.app are refused, because it is not known which app's users to accept: set " +
      'xcelerator.clientIds (XCELERATOR_CLIENT_IDS).',
  ]);
  expect(warningsAtStart(options, 'plant')).toEqual([]);
  expect(leaksOf(options, ['there-s3cr3t', APP.keyStoreClientSecret])).toEqual([]);
});

it('an option of mindsphere.io that nobody uses there is warned of', () => {
  const { warnings } = resolveOptions({ mindsphere: false, tenant: TENANT, xcelerator: true });
  expect(warnings).toEqual([expect.stringContaining('tenant is not used, because mindsphere is false')]);
});

import {
  AppCredentials,
  MindsphereCredentials,
  MindsphereCredentialsFactory,
  type Platform,
  TenantCredentials,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { APP, failureOf, startPlatform, startWith, TENANT, tokenOf } from '../support/application.js';
import { ofType } from '../support/event-log.js';
import { KEY } from '../support/instances.js';
import { MemoryStore } from '../support/memory-store.js';
import { headerOf } from '../support/stub-platform.js';
import { CORE } from '../support/stub-xcelerator.js';
import { bothPlatforms, HOST, startXcelerator, TECHNICAL_USER } from '../support/two-platforms.js';

const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

describe('app credentials', () => {
  it('act on mindsphere.io as they are injected, and on siemens.app by on()', async () => {
    const { mindsphere, siemensApp, module } = await bothPlatforms();
    const app = module.get(AppCredentials);
    const there = app.on('xcelerator');
    const tokens = [await tokenOf(app), await tokenOf(there)];
    expect([app.platform, there.platform]).toEqual(['mindsphere', 'xcelerator']);
    expect(tokens.map(({ platform, tenant }) => [platform, tenant])).toEqual([
      ['mindsphere', 'acme'],
      ['xcelerator', '1000000351'],
    ]);
    expect([mindsphere.count, siemensApp.count]).toEqual([1, 1]);
    const { fault, url, body, ...request } = siemensApp.app.only;
    expect([fault, url]).toEqual([undefined, `/api/technicaltokenmanager-${CORE}/v3/oauth/token`]);
    expect(headerOf({ ...request, fault, url, body }, 'x-space-auth-key')).toBe(
      basic(APP.keyStoreClientId, APP.keyStoreClientSecret),
    );
    expect(JSON.parse(body.toString())).toEqual({
      appName: APP.appName,
      appVersion: APP.appVersion,
      hostTenant: HOST,
      userTenant: '1000000351',
    });
  });

  it('are found again by on(), which leads back and is theirs on their own platform', async () => {
    const { module } = await bothPlatforms();
    const app = module.get(AppCredentials);
    const there = app.on('xcelerator');
    expect(app.on('xcelerator')).toBe(there);
    expect([there.on('mindsphere').platform, app.on('mindsphere').platform]).toEqual(['mindsphere', 'mindsphere']);
    const value = async (credentials: AppCredentials) => (await tokenOf(credentials)).value;
    expect(await value(there.on('mindsphere'))).toBe(await value(app));
  });

  it('do not carry derived tenants over, and stay on their platform when they are derived', async () => {
    const { siemensApp, module } = await bothPlatforms();
    const derived = module.get(AppCredentials).forUserTenant('globex', 'host2');
    const there = derived.on('xcelerator').forUserTenant('1000000777');
    expect((await tokenOf(there)).tenant).toBe('1000000777');
    expect(JSON.parse(siemensApp.app.only.body.toString())).toMatchObject({
      hostTenant: HOST,
      userTenant: '1000000777',
    });
    expect((await tokenOf(derived.on('xcelerator'))).tenant).toBe('1000000351');
  });

  it('list user tenants on either, each with a token of the host tenant there', async () => {
    const { siemensApp, module } = await bothPlatforms();
    const there = module.get(AppCredentials).on('xcelerator');
    expect(await firstValueFrom(there.userTenants().pipe(toArray()))).toEqual(['1000000351']);
    expect(JSON.parse(siemensApp.app.only.body.toString())).toMatchObject({ hostTenant: HOST, userTenant: HOST });
    const authorization = headerOf(siemensApp.userTenants.only, 'authorization');
    expect(authorization).toBe((await tokenOf(there.forUserTenant(HOST))).authorization);
  });

  it('name what to set where they are not configured there', async () => {
    const { module } = await bothPlatforms({ app: { hostTenant: undefined, userTenant: undefined } });
    const there = module.get(AppCredentials).on('xcelerator');
    const failure = await failureOf(there.getToken());
    expect(failure.code).toBe('credentials_missing');
    expect(failure.message).toContain('xcelerator.app.hostTenant (XCELERATOR_HOST_TENANT)');
    expect(await failureOf(there.userTenants())).toMatchObject({ code: 'credentials_missing' });
    expect(await failureOf(there.forUserTenant('1000000351').getToken())).toMatchObject({
      code: 'credentials_missing',
    });
  });

  it('are missing on a platform that the registration does not use, at first use', async () => {
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, app: APP });
    const there = module.get(AppCredentials).on('xcelerator');
    expect([there.platform, there.toJSON()]).toEqual(['xcelerator', { configured: false }]);
    expect(await failureOf(there.getToken())).toMatchObject({
      code: 'credentials_missing',
      message: expect.stringContaining('xcelerator.coreTenant (XCELERATOR_CORE_TENANT)'),
    });
    expect(await failureOf(module.get(TenantCredentials).on('xcelerator').getToken())).toMatchObject({
      code: 'credentials_missing',
      message: expect.stringContaining('xcelerator.tenant.clientId (XCELERATOR_CLIENT_ID)'),
    });
    expect(platform.count).toBe(0);
  });

  it.each(['siemens.app', 'toString', '', undefined, null, 7])('refuse on(%j)', async (name) => {
    const { module } = await bothPlatforms();
    const message = "platform must be 'mindsphere' or 'xcelerator'.";
    for (const type of [AppCredentials, TenantCredentials]) {
      const failure = await failureOf(() => module.get<AppCredentials>(type).on(name as Platform));
      expect(failure).toMatchObject({ code: 'options_invalid', message });
    }
  });
});

describe('an answer for another tenant than requested', () => {
  it.each([
    ['its claim names another', { 'sws.samauth.ten': '1000000777' }, 'token_response_invalid'],
    ['its claim is a number of another', { 'sws.samauth.ten': 1000000777 }, 'token_response_invalid'],
    ['its claim is no tenant', { 'sws.samauth.ten': 'a.b' }, 'token_response_invalid'],
    [
      'its iss is of mindsphere.io',
      { iss: 'https://acme.piam.eu1.mindsphere.io/oauth/token' },
      'token_response_invalid',
    ],
    ['its claim is the number of this one', { 'sws.samauth.ten': 1000000351 }, '1000000351'],
    ['it lacks the claim', { 'sws.samauth.ten': undefined }, '1000000351'],
    ['it has a ten of another as well', { ten: 'acme' }, '1000000351'],
    ['it has a subtenant of mindsphere.io as well', { subtenant: 'a.b' }, '1000000351'],
  ])('on siemens.app, where %s', async (_, change, expected) => {
    const { siemensApp, module } = await bothPlatforms();
    siemensApp.changeClaims = (claims) => ({ ...claims, ...change });
    const there = module.get(TenantCredentials).on('xcelerator');
    const got = await tokenOf(there).then(
      ({ tenant, subtenant }) => [tenant, subtenant],
      ({ code }: { code: string }) => [code, undefined],
    );
    expect(got).toEqual([expected, undefined]);
  });
});

describe('tenant credentials on siemens.app', () => {
  const there = async (tenant: object = {}) => {
    const lab = await bothPlatforms({ tenant: { ...TECHNICAL_USER, ...tenant } });
    return { ...lab, credentials: lab.module.get(TenantCredentials).on('xcelerator') };
  };

  it("ask the tenant's own server with Basic credentials", async () => {
    const { siemensApp, mindsphere, credentials } = await there();
    expect((await tokenOf(credentials)).tenant).toBe('1000000351');
    const { only } = siemensApp.tenant;
    expect([only.fault, only.url]).toEqual([undefined, '/sws/1000000351/oauth/token']);
    expect(headerOf(only, 'authorization')).toBe(basic(TECHNICAL_USER.clientId, TECHNICAL_USER.clientSecret));
    expect(mindsphere.count).toBe(0);
  });

  it("ask the server of tokenTenant for their tenant's token", async () => {
    const { siemensApp, credentials } = await there({ tokenTenant: CORE });
    siemensApp.tenantOfClient = '1000000351';
    expect((await tokenOf(credentials)).tenant).toBe('1000000351');
    expect(siemensApp.tenant.only.url).toBe(`/sws/${CORE}/oauth/token`);
    expect(credentials.toJSON()).toMatchObject({ oauthUrl: `${siemensApp.origin}/sws/${CORE}`, tenant: '1000000351' });
  });

  it("send id and secret in the form where clientAuthentication is 'form'", async () => {
    const clientSecret = 'a+b%2B c&d=é';
    const { siemensApp, credentials } = await there({ clientAuthentication: 'form', clientSecret });
    await tokenOf(credentials);
    const { only } = siemensApp.tenant;
    expect([only.fault, Object.fromEntries(new URLSearchParams(only.body.toString()))]).toEqual([
      undefined,
      { grant_type: 'client_credentials', client_id: TECHNICAL_USER.clientId, client_secret: clientSecret },
    ]);
  });

  it('impersonate no subtenant', async () => {
    const { siemensApp, credentials, module } = await there();
    expect(await failureOf(() => credentials.forSubtenant('north'))).toMatchObject({
      code: 'options_invalid',
      message: expect.stringContaining('siemens.app'),
    });
    const make = () =>
      module
        .get(MindsphereCredentialsFactory)
        .tenant({ platform: 'xcelerator', ...TECHNICAL_USER, subTenant: 'north' });
    expect(await failureOf(make)).toMatchObject({ code: 'options_invalid' });
    expect(siemensApp.count).toBe(0);
  });
});

describe("tenant credentials with clientAuthentication: 'form' on mindsphere.io", () => {
  it('send id and secret in the body, and no Authorization header', async () => {
    const platform = await startPlatform();
    const module = await startWith({
      ...platform.urls,
      request: { retries: 0 },
      tenant: { ...TENANT, subTenant: 'plant1', clientAuthentication: 'form' },
    });
    await failureOf(module.get(TenantCredentials).getToken());
    const { rawHeaders, body } = platform.tenant.only;
    expect(rawHeaders.map((name) => name.toLowerCase())).not.toContain('authorization');
    expect(Object.fromEntries(new URLSearchParams(body.toString()))).toEqual({
      grant_type: 'client_credentials',
      'iam-action': 'client_credentials.subtenant-impersonation',
      subtenant: 'plant1',
      client_id: TENANT.clientId,
      client_secret: TENANT.clientSecret,
    });
  });
});

describe('injected credentials', () => {
  it.each([
    ['of both', {}, {}, ['mindsphere', 'mindsphere', 'mindsphere']],
    ['without a group tenant on mindsphere.io', { tenant: false }, {}, ['mindsphere', 'xcelerator', 'mindsphere']],
    ['without a group app', { app: false }, {}, ['mindsphere', 'mindsphere', 'mindsphere']],
    ['of siemens.app alone', { mindsphere: false, tenant: undefined }, {}, ['xcelerator', 'xcelerator', 'xcelerator']],
  ] as const)(
    '%s are on the first platform where their group is configured',
    async (_, options, xcelerator, expected) => {
      const { module } = await bothPlatforms(xcelerator, options);
      const types = [AppCredentials, TenantCredentials, MindsphereCredentials];
      expect(types.map((type) => module.get<MindsphereCredentials>(type).platform)).toEqual(expected);
    },
  );

  it('of siemens.app alone use option app there', async () => {
    const siemensApp = await startXcelerator();
    const { gatewayUrl, oauthUrl } = siemensApp.urls;
    const module = await startWith({
      mindsphere: false,
      app: { ...APP, hostTenant: HOST, userTenant: '1000000351' },
      xcelerator: { gatewayUrl, oauthUrl },
    });
    expect((await tokenOf(module.get(MindsphereCredentials))).tenant).toBe('1000000351');
    expect(await failureOf(module.get(AppCredentials).on('mindsphere').getToken())).toMatchObject({
      code: 'credentials_missing',
    });
  });
});

describe('the factory', () => {
  it('makes credentials on a platform, by default on mindsphere.io', async () => {
    const { mindsphere, siemensApp, module } = await bothPlatforms({ app: false, tenant: false });
    const factory = module.get(MindsphereCredentialsFactory);
    const made = [
      factory.app(APP),
      factory.app({ ...APP, platform: 'xcelerator', hostTenant: HOST, userTenant: '1000000351' }),
      factory.tenant(TENANT),
      factory.tenant({ ...TECHNICAL_USER, platform: 'xcelerator', tokenTenant: CORE, clientAuthentication: 'form' }),
    ];
    siemensApp.tenantOfClient = '1000000351';
    expect(made.map(({ platform }) => platform)).toEqual(['mindsphere', 'xcelerator', 'mindsphere', 'xcelerator']);
    await Promise.all(made.map(tokenOf));
    expect([mindsphere.app.count, mindsphere.tenant.count]).toEqual([1, 1]);
    expect([siemensApp.app.count, siemensApp.tenant.only.url]).toEqual([1, `/sws/${CORE}/oauth/token`]);
  });

  it.each([
    ['of an unknown name', { platform: 'siemens.app' }, "must be 'mindsphere' or 'xcelerator'"],
    ['that the registration does not use', { platform: 'mindsphere' }, 'does not use'],
  ])('refuses a platform %s', async (_, { platform }, message) => {
    const { module } = await bothPlatforms({}, { mindsphere: false, tenant: undefined });
    const make = () => module.get(MindsphereCredentialsFactory).app({ ...APP, platform: platform as Platform });
    expect(await failureOf(make)).toMatchObject({ code: 'options_invalid', message: expect.stringContaining(message) });
  });
});

describe('tokens of two platforms', () => {
  it('share no cache entry, even for equal names, ids and secrets', async () => {
    const same = { ...APP, hostTenant: 'acme', userTenant: 'acme' };
    const { mindsphere, siemensApp, module } = await bothPlatforms(
      { app: { hostTenant: 'acme', userTenant: 'acme' }, tenant: TENANT },
      { app: same },
    );
    for (const type of [AppCredentials, TenantCredentials]) {
      const here = module.get<AppCredentials>(type);
      const [a, b] = [await tokenOf(here), await tokenOf(here.on('xcelerator'))];
      expect([a.value === b.value, a.claims['ten'], b.claims['sws.samauth.ten']]).toEqual([false, 'acme', 'acme']);
    }
    expect([mindsphere.count, siemensApp.count]).toEqual([2, 2]);
  });

  it('share no refusal, and no invalidation', async () => {
    const { siemensApp, mindsphere, module } = await bothPlatforms();
    const app = module.get(AppCredentials);
    mindsphere.app.always(({ response }) => void response.writeHead(401).end());
    await failureOf(app.getToken());
    expect((await tokenOf(app.on('xcelerator'))).platform).toBe('xcelerator');
    app.invalidate();
    await tokenOf(app.on('xcelerator'));
    expect(siemensApp.app.count).toBe(1);
  });

  it('share no store entry', async () => {
    const store = new MemoryStore();
    const { module } = await bothPlatforms(
      { app: { hostTenant: 'acme', userTenant: 'acme' } },
      { app: { ...APP, hostTenant: 'acme', userTenant: 'acme' }, cache: { store, encryptionKeys: [KEY] } },
    );
    const app = module.get(AppCredentials);
    await Promise.all([tokenOf(app), tokenOf(app.on('xcelerator'))]);
    await expect.poll(() => store.entries.size).toBe(2);
  });

  it('are distinguished by events', async () => {
    const { module, events } = await bothPlatforms();
    const app = module.get(AppCredentials);
    await tokenOf(app);
    await tokenOf(app.on('xcelerator'));
    expect(ofType(events, 'token_received').map(({ platform, tenant }) => [platform, tenant])).toEqual([
      ['mindsphere', 'acme'],
      ['xcelerator', '1000000351'],
    ]);
  });
});

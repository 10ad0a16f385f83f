import { inspect } from 'node:util';
import {
  AppCredentials,
  MindsphereCredentials,
  MindsphereCredentialsFactory,
  TenantCredentials,
} from 'nestjs-mindsphere-credentials';
import { describe, expect, it } from 'vitest';
import { APP, failureOf, forbidden, startPlatform, startWith, TENANT, tokenOf } from '../support/application.js';
import { testKey } from '../support/key-server.js';
import { verifierLab } from '../support/key-server-verifier.js';

const KEY = testKey('key-id-1', 0);

/** Both groups, on a stub platform. */
async function lab() {
  const platform = await startPlatform();
  const module = await startWith({ ...platform.urls, app: APP, tenant: TENANT });
  const [app, tenant, factory] = [
    module.get(AppCredentials),
    module.get(TenantCredentials),
    module.get(MindsphereCredentialsFactory),
  ];
  const gatewayUrl = platform.urls.gatewayUrl;
  const { keyStoreClientId: clientId, appName, appVersion, hostTenant } = APP;
  const ofApp = { gatewayUrl, clientId, appName, appVersion, hostTenant };
  return { platform, module, app, tenant, factory, ofApp };
}

describe('what credentials say about themselves', () => {
  it('app credentials: names and hosts, and for whom', async () => {
    const { app, factory, ofApp } = await lab();
    expect(app.toJSON()).toEqual({ ...ofApp, userTenant: 'acme' });
    expect(app.forUserTenant('globex').toJSON()).toEqual({ ...ofApp, userTenant: 'globex' });
    expect(app.forUserTenant('globex', 'host2').toJSON()).toEqual({
      ...ofApp,
      userTenant: 'globex',
      hostTenant: 'host2',
    });
    const user = factory.userToken('a.b.c');
    expect(app.forUser(user).toJSON()).toEqual({ ...ofApp, userTenant: "the user's" });
  });

  it('tenant credentials: names and hosts, and the subtenant', async () => {
    const { tenant } = await lab();
    const { oauthUrl, ...rest } = tenant.toJSON();
    expect(rest).toEqual({ clientId: TENANT.clientId, tenant: 'acme', subTenant: undefined });
    expect(oauthUrl).toMatch(/^http:.*\/acme/);
    expect(tenant.forSubtenant('north').toJSON()).toEqual({ oauthUrl, ...rest, subTenant: 'north' });
  });

  it('those that are not configured: that they are not', async () => {
    const module = await startWith({ app: false, tenant: false });
    for (const type of [AppCredentials, TenantCredentials, MindsphereCredentials]) {
      expect(module.get<MindsphereCredentials>(type).toJSON()).toEqual({ configured: false });
    }
    expect(inspect(module.get(AppCredentials))).toBe('AppCredentials { configured: false }');
    expect(module.get(AppCredentials).forUserTenant('acme').toJSON()).toEqual({ configured: false });
    expect(module.get(TenantCredentials).forSubtenant('north').toJSON()).toEqual({ configured: false });
  });

  it('as a text, in a dump and in JSON the same', async () => {
    const { app } = await lab();
    const text = `AppCredentials ${inspect(app.toJSON())}`;
    expect([app.toString(), inspect(app), String(app)]).toEqual([text, text, text]);
    expect(JSON.parse(JSON.stringify(app))).toEqual(app.toJSON());
  });

  it('a user: who, of which tenant, until when, once the token is verified', async () => {
    const { server, verify } = await verifierLab([KEY]);
    const exp = Math.floor(Date.now() / 1_000) + 600;
    const jwt = server.token(KEY, { exp, user_name: 'a@acme.test', user_id: 'u-7', subtenant: 'north' });
    const user = await verify(jwt);
    expect(user.toJSON()).toEqual({
      platform: 'mindsphere',
      verified: true,
      tenant: 'acme',
      subtenant: 'north',
      userName: 'a@acme.test',
      clientId: user.clientId,
      expiresAt: new Date(exp * 1_000),
    });
    expect([user.userId, user.hostTenant]).toEqual(['u-7', 'host1']);
    const token = await tokenOf(user);
    expect(token).toMatchObject({ value: jwt, tenant: 'acme', subtenant: 'north' });
    expect(token.expiresAt).toEqual(new Date(exp * 1_000));
    expect(token.claims['user_id']).toBe('u-7');
  });

  it('an unverified user: nothing', async () => {
    const { factory } = await lab();
    const user = factory.userToken('Bearer a.b.c');
    expect(user.toJSON()).toEqual({ verified: false });
    const token = await tokenOf(user);
    expect(token.value).toBe('a.b.c');
    expect(Math.abs(token.issuedAt.getTime() - Date.now())).toBeLessThan(5_000);
    expect(token.expiresAt).toEqual(token.issuedAt);
  });
});

describe('whether a token is there', () => {
  it('is known of each credential by itself, without a request', async () => {
    const { app, tenant, platform } = await lab();
    expect([app.isConfigured, app.state?.lifeLeftMs, tenant.state?.lifeLeftMs]).toEqual([true, undefined, undefined]);
    const [globex, hooli] = [app.forUserTenant('globex'), app.forUserTenant('hooli', 'host2')];
    await tokenOf(globex);
    expect(platform.app.count).toBe(1);
    expect(globex.state?.lifeLeftMs).toBeGreaterThan(0);
    expect(app.derivedStates.map(({ lifeLeftMs }) => lifeLeftMs !== undefined)).toEqual([true, false]);
    expect(hooli.derivedStates).toEqual(app.derivedStates.map(() => expect.anything()));
  });

  it('is not known where nothing is configured', async () => {
    const module = await startWith({ app: false, tenant: false });
    const app = module.get(AppCredentials);
    expect([app.isConfigured, app.state]).toEqual([false, undefined]);
    app.forUserTenant('acme');
    expect(app.derivedStates).toEqual([]);
  });
});

describe('what is wrong with what was given at run time', () => {
  it.each([
    ['app', 'keyStoreClientId and keyStoreClientSecret'],
    ['tenant', 'clientId and clientSecret'],
  ] as const)('%s credentials without anything say what they need', async (kind, needs) => {
    const { factory } = await lab();
    const failure = await failureOf(() => factory[kind](forbidden(undefined)));
    expect(failure.code).toBe('options_invalid');
    expect(failure.message).toContain(`${kind} needs ${needs}`);
    expect((await failureOf(() => factory[kind](forbidden({})))).code).toBe('options_invalid');
  });

  it('tenants are named, not repeated', async () => {
    const { app, tenant } = await lab();
    const label = 'must be one DNS label (letters, digits and inner dashes, at most 63).';
    const message = async (make: () => unknown) => (await failureOf(make)).message;
    expect(await message(() => app.forUserTenant('a.b'))).toBe(`userTenant ${label}`);
    expect(await message(() => app.forUserTenant('acme', 'a.b'))).toBe(`hostTenant ${label}`);
    expect(await message(() => tenant.forSubtenant('a.b'))).toBe(`subTenant ${label}`);
  });

  it.each([undefined, null, {}, { value: 7 }, { value: undefined }])('%j is not a user', async (given) => {
    const { app, platform } = await lab();
    expect(await failureOf(app.forUser(forbidden(given)).getToken())).toMatchObject({
      code: 'token_malformed',
      message:
        "The user's token is refused: what was given is no UserToken, such as @CurrentUserToken() gives of a verified user.",
    });
    expect(() => app.forUser(forbidden(given)).invalidate()).not.toThrow();
    expect(platform.count).toBe(0);
  });

  it('a list of all tenants says whether the app or its host is missing', async () => {
    const none = await startWith({ app: false, tenant: false });
    const whole = await failureOf(none.get(AppCredentials).userTenants());
    expect(whole).toMatchObject({
      code: 'credentials_missing',
      message:
        'The app credentials are not configured: set app.keyStoreClientId (MDSP_KEY_STORE_CLIENT_ID), ' +
        'app.keyStoreClientSecret (MDSP_KEY_STORE_CLIENT_SECRET), app.appName (MDSP_OS_VM_APP_NAME), ' +
        'app.appVersion (MDSP_OS_VM_APP_VERSION).',
    });
    const { hostTenant: _, ...unhosted } = APP;
    const some = await startWith({ app: unhosted, tenant: false });
    const failure = await failureOf(some.get(AppCredentials).userTenants());
    expect(failure.message).toMatch(
      /^App credentials without a tenant: set app\.hostTenant \(MDSP_HOST_TENANT\), give/,
    );
  });

  it.each([
    [{ hostTenant: undefined }, 'app.hostTenant (MDSP_HOST_TENANT)'],
    [{ userTenant: undefined }, 'app.userTenant (MDSP_USER_TENANT)'],
    [
      { hostTenant: undefined, userTenant: undefined },
      'app.hostTenant (MDSP_HOST_TENANT), app.userTenant (MDSP_USER_TENANT)',
    ],
  ])('an app without a tenant says which: %j', async (change, missing) => {
    const module = await startWith({ app: { ...APP, ...change }, tenant: false });
    const failure = await failureOf(module.get(AppCredentials).getToken());
    expect(failure.code).toBe('credentials_missing');
    expect(failure.message).toContain(`set ${missing}, give`);
  });
});

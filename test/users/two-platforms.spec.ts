import {
  AppCredentials,
  MindsphereCredentialsFactory,
  type MindsphereCredentialsModuleOptions,
  TokenVerifier,
  type XceleratorOptions,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { failureOf, startPlatform, startWith, tokenOf } from '../support/application.js';
import { ofType } from '../support/event-log.js';
import { CORE } from '../support/stub-xcelerator.js';
import { bothPlatforms, HOST, startXcelerator } from '../support/two-platforms.js';

async function lab(xcelerator: XceleratorOptions = {}, options: MindsphereCredentialsModuleOptions = {}) {
  const both = await bothPlatforms(xcelerator, options);
  const verifier = both.module.get(TokenVerifier);
  const verify = (jwt: string) => firstValueFrom(verifier.verify(jwt));
  const verdict = (jwt: string) =>
    verify(jwt).then(
      () => 'ok',
      ({ code }: { code: string }) => code,
    );
  return { ...both, verify, verdict };
}

describe('users of both platforms', () => {
  it('are verified by the keys of their own, and told apart', async () => {
    const { mindsphere, siemensApp, verify } = await lab();
    const here = await verify(mindsphere.userToken({ user_id: 'u-1' }));
    const there = await verify(siemensApp.userToken());
    const about = ({ platform, tenant, tenantName, userId, userName, hostTenant, subtenant, scopes }: typeof here) => ({
      platform,
      tenant,
      tenantName,
      userId,
      userName,
      hostTenant,
      subtenant,
      scopes,
    });
    expect(about(here)).toEqual({
      platform: 'mindsphere',
      tenant: 'acme',
      tenantName: 'acme',
      userId: 'u-1',
      userName: 'ann@example.com',
      hostTenant: 'host1',
      subtenant: undefined,
      scopes: ['myapp.user'],
    });
    expect(about(there)).toEqual({
      platform: 'xcelerator',
      tenant: '1000000351',
      tenantName: 'acme',
      userId: 'user-7',
      userName: undefined,
      hostTenant: undefined,
      subtenant: undefined,
      scopes: ['myapp.user'],
    });
    expect((await tokenOf(there)).platform).toBe('xcelerator');
    expect(siemensApp.keys.only.url).toBe(`/sws/${CORE}/token_keys`);
  });

  it.each<[string, object, string]>([
    ['a whole number as tenant', { 'sws.samauth.ten': 1000000351 }, 'ok'],
    ['a string of scopes', { scope: 'myapp.user other' }, 'ok'],
    ['user_id alone', { 'sws.samauth.ten.user': undefined, user_id: 'u' }, 'ok'],
    ['a ten beside it', { ten: 'globex' }, 'ok'],
    ['a subtenant of mindsphere.io', { subtenant: 'north' }, 'ok'],
    ['no id of a user', { 'sws.samauth.ten.user': undefined, user_name: 'ann' }, 'token_type'],
    ["a technical user's grant", { grant_type: 'client_credentials' }, 'token_type'],
    ['ten alone', { 'sws.samauth.ten': undefined, ten: 'acme' }, 'token_tenant'],
    ['a tenant that is no label', { 'sws.samauth.ten': 'a.b' }, 'token_tenant'],
    ['a fraction as tenant', { 'sws.samauth.ten': 1.5 }, 'token_tenant'],
    ['another client', { cid: 'other', client_id: 'other' }, 'token_client'],
    ["a client of mindsphere.io's rule", { cid: 'myapp-host1', client_id: 'myapp-host1' }, 'token_client'],
    ['an end that has passed', { exp: 1 }, 'token_expired'],
  ])('with %s: %j is %s', async (_, claims, expected) => {
    const { siemensApp, verdict } = await lab();
    expect(await verdict(siemensApp.userToken({ ...claims }))).toBe(expected);
  });

  it('are those of listed issuers only', async () => {
    const { siemensApp, verdict } = await lab();
    expect(await verdict(siemensApp.userToken({ iss: siemensApp.issuerOf('1000000666') }))).toBe('token_issuer');
    expect(await verdict(siemensApp.userToken({ iss: siemensApp.issuerOf(HOST) }))).toBe('ok');
    expect(siemensApp.keys.requests.map(({ url }) => url)).toEqual([`/sws/${HOST}/token_keys`]);
  });

  it('are never checked by the rules of the other platform', async () => {
    const { mindsphere, siemensApp, verdict } = await lab();
    // Both use the key id `key-id-4`, and each key set was read before.
    expect([await verdict(mindsphere.userToken()), await verdict(siemensApp.userToken())]).toEqual(['ok', 'ok']);
    const claimsThere = { 'sws.samauth.ten': '1000000351', 'sws.samauth.ten.user': 'u', cid: 'myapp-client' };
    const forged = [
      // Signed here, says that it is from there, with all claims of there; and the other way round.
      mindsphere.userToken({ ...claimsThere, client_id: 'myapp-client', iss: siemensApp.issuerOf(CORE) }),
      siemensApp.userToken({
        ten: 'acme',
        user_id: 'u',
        cid: 'myapp-host1',
        client_id: 'myapp-host1',
        iss: mindsphere.issuerOf('acme'),
      }),
      // From here, with the client of there; and the other way round.
      mindsphere.userToken({ cid: 'myapp-client', client_id: 'myapp-client' }),
      siemensApp.userToken({ cid: 'myapp-host1', client_id: 'myapp-host1' }),
      // From here, with the tenant claim of there alone.
      mindsphere.userToken({ ...claimsThere, cid: 'myapp-host1', ten: undefined }),
    ];
    expect(await Promise.all(forged.map(verdict))).toEqual([
      'token_signature',
      'token_signature',
      'token_client',
      'token_client',
      'token_tenant',
    ]);
  });

  it('are refused there until xcelerator.clientIds is set, with what to set and which cid came', async () => {
    const { siemensApp, verdict, module } = await lab({ clientIds: undefined });
    const jwt = siemensApp.userToken();
    expect(await verdict(jwt)).toBe('token_client');
    const { message } = await failureOf(module.get(TokenVerifier).verify(jwt));
    expect(message).toContain('xcelerator.clientIds (XCELERATOR_CLIENT_IDS)');
    expect(message).toContain('myapp-client');
  });

  it('are of mindsphere.io alone without xcelerator, of siemens.app alone with mindsphere: false', async () => {
    const [mindsphere, siemensApp] = await Promise.all([startPlatform(), startXcelerator()]);
    const xcelerator = { ...siemensApp.urls, clientIds: 'any' as const };
    const old = await startWith({ ...mindsphere.urls, verification: { clientIds: 'any' } });
    const young = await startWith({ mindsphere: false, xcelerator });
    const codes = async (module: typeof old) => {
      const verifier = module.get(TokenVerifier);
      const jwts = [mindsphere.userToken(), siemensApp.userToken()];
      return Promise.all(
        jwts.map((jwt) =>
          firstValueFrom(verifier.verify(jwt)).then(
            ({ platform }) => platform,
            ({ code }: { code: string }) => code,
          ),
        ),
      );
    };
    expect(await codes(old)).toEqual(['mindsphere', 'token_issuer']);
    expect(await codes(young)).toEqual(['token_issuer', 'xcelerator']);
  });

  it('are accepted by a rule that is given tenant and platform, or by a list of ids of both', async () => {
    const allowedTenants = vi.fn<(tenant: string, platform: string) => boolean>(() => true);
    const byRule = await lab({}, { verification: { allowedTenants } });
    await byRule.verify(byRule.mindsphere.userToken());
    await byRule.verify(byRule.siemensApp.userToken());
    expect(allowedTenants.mock.calls).toEqual([
      ['acme', 'mindsphere'],
      ['1000000351', 'xcelerator'],
    ]);
    const { mindsphere, siemensApp, verdict } = await lab({}, { verification: { allowedTenants: ['1000000351'] } });
    expect([await verdict(mindsphere.userToken()), await verdict(siemensApp.userToken())]).toEqual([
      'token_tenant',
      'ok',
    ]);
  });

  it('are distinguished by events', async () => {
    const { mindsphere, siemensApp, verdict, events } = await lab();
    await verdict(siemensApp.userToken());
    await verdict(siemensApp.userToken({ exp: 1 }));
    await verdict(mindsphere.userToken({ exp: 1 }));
    await verdict(mindsphere.userToken({ iss: 'https://elsewhere.example/oauth/token' }));
    expect(ofType(events, 'key_set_read').map(({ platform }) => platform)).toEqual(['xcelerator']);
    expect(ofType(events, 'user_token_refused').map(({ platform }) => platform)).toEqual([
      'xcelerator',
      'mindsphere',
      undefined,
    ]);
  });
});

describe('user.tenantName', () => {
  it.each<[string, XceleratorOptions['tenantName'], string | undefined, string | undefined]>([
    ['a map', { '1000000351': 'globex' }, 'acme', 'globex'],
    ['a map without the id', { '1000000352': 'globex' }, 'acme', 'acme'],
    ['nothing', undefined, 'acme', 'acme'],
    ['nothing, nor the claim', undefined, undefined, undefined],
    ['a function', async (id) => `name-of-${id}`, 'acme', 'name-of-1000000351'],
    ['a function that fails', () => Promise.reject(new Error('down')), 'acme', 'acme'],
    ['a function that fails, nor the claim', () => Promise.reject(new Error('down')), undefined, undefined],
  ])('is, with %s, for claim %j', async (_, tenantName, claim, expected) => {
    const { siemensApp, verify } = await lab({ tenantName });
    const user = await verify(siemensApp.userToken({ 'sws.samauth.ten.name': claim }));
    expect(user.tenantName).toBe(expected);
  });

  it('is the claim after request.deadlineMs, where a function is late: the user is accepted', async () => {
    const { siemensApp, verify } = await lab(
      { tenantName: () => new Promise<string>(() => undefined) },
      { request: { deadlineMs: 120, timeoutMs: 120 } },
    );
    expect((await verify(siemensApp.userToken())).tenantName).toBe('acme');
  });

  it('is asked once per verified token, however many requests present it', async () => {
    const tenantName = vi.fn<(tenant: string) => Promise<string>>(async () => 'globex');
    const { siemensApp, mindsphere, verify } = await lab({ tenantName });
    const jwt = siemensApp.userToken();
    const users = await Promise.all(Array.from({ length: 20 }, () => verify(jwt)));
    await verify(jwt);
    expect(new Set(users).size).toBe(1);
    expect((await verify(mindsphere.userToken())).tenantName).toBe('acme');
    expect(tenantName.mock.calls).toEqual([['1000000351']]);
  });

  it('is undefined while the token is not verified', async () => {
    const { siemensApp, module } = await lab({ tenantName: { '1000000351': 'globex' } });
    expect(module.get(MindsphereCredentialsFactory).userToken(siemensApp.userToken()).tenantName).toBeUndefined();
  });
});

describe('an unverified token', () => {
  it.each<[string, (stub: Awaited<ReturnType<typeof lab>>) => string, string | undefined]>([
    ['of mindsphere.io', ({ mindsphere }) => mindsphere.userToken(), 'mindsphere'],
    ['of siemens.app', ({ siemensApp }) => siemensApp.userToken(), 'xcelerator'],
    [
      'of an issuer that is not listed',
      ({ siemensApp }) => siemensApp.userToken({ iss: siemensApp.issuerOf('x') }),
      'xcelerator',
    ],
    ['of neither', ({ mindsphere }) => mindsphere.userToken({ iss: 'https://elsewhere.example' }), undefined],
    ['that is no JWT', () => 'opaque', undefined],
  ])('%s names its platform by the form of its iss', async (_, tokenIn, expected) => {
    const stub = await lab();
    const user = stub.module.get(MindsphereCredentialsFactory).userToken(tokenIn(stub));
    expect([user.platform, user.verified, user.tenant]).toEqual([expected, false, undefined]);
    expect((await tokenOf(user)).platform).toBe(expected);
  });
});

describe('forUser', () => {
  it("acts on the user's platform, with the host tenant there", async () => {
    const { mindsphere, siemensApp, module } = await lab({ app: { hostTenant: HOST } });
    const app = module.get(AppCredentials);
    const factory = module.get(MindsphereCredentialsFactory);
    const [here, there] = [mindsphere.userToken(), siemensApp.userToken()].map((jwt) =>
      app.forUser(factory.userToken(jwt)),
    );
    expect([here?.platform, there?.platform]).toEqual(['mindsphere', 'xcelerator']);
    const tokens = [await tokenOf(here!), await tokenOf(there!)];
    expect(tokens.map(({ platform, tenant }) => [platform, tenant])).toEqual([
      ['mindsphere', 'acme'],
      ['xcelerator', '1000000351'],
    ]);
    expect(JSON.parse(siemensApp.app.only.body.toString())).toMatchObject({
      hostTenant: HOST,
      userTenant: '1000000351',
    });
    expect(there?.toJSON()).toMatchObject({
      gatewayUrl: siemensApp.origin,
      hostTenant: HOST,
      userTenant: "the user's",
    });
  });

  it('stays there for what is derived of it', async () => {
    const { siemensApp, mindsphere, module } = await lab({ app: { hostTenant: HOST } });
    const user = module.get(MindsphereCredentialsFactory).userToken(siemensApp.userToken());
    const acting = module.get(AppCredentials).forUser(user);
    expect((await tokenOf(acting.forUserTenant('1000000777'))).tenant).toBe('1000000777');
    expect(await firstValueFrom(acting.userTenants())).toBe('1000000351');
    expect(acting.on('mindsphere').platform).toBe('mindsphere');
    expect(mindsphere.app.count).toBe(0);
  });

  it('names xcelerator.app.hostTenant where it is not set', async () => {
    const { siemensApp, module } = await lab({ app: {} });
    const user = module.get(MindsphereCredentialsFactory).userToken(siemensApp.userToken());
    expect(await failureOf(module.get(AppCredentials).forUser(user).getToken())).toMatchObject({
      code: 'credentials_missing',
      message: expect.stringContaining('xcelerator.app.hostTenant (XCELERATOR_HOST_TENANT)'),
    });
  });

  it('verifies before it acts, on whatever platform', async () => {
    const { siemensApp, module } = await lab();
    const user = module
      .get(MindsphereCredentialsFactory)
      .userToken(siemensApp.userToken({ cid: 'other', client_id: 'other' }));
    expect(await failureOf(module.get(AppCredentials).forUser(user).getToken())).toMatchObject({
      code: 'token_client',
    });
    expect(siemensApp.app.count).toBe(0);
  });
});

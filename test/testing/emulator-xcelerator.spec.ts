import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JWK, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { basic, objectOf, TOKEN_MANAGER, useEmulator } from './emulator-lab.js';
import { rawRequest } from './raw-request.js';

const XCELERATOR_TOKEN_MANAGER = '/xcelerator/api/technicaltokenmanager-1000001700/v3/oauth/token';
const ASSETS = '/api/assetmanagement-1000001700/v3/assets';

describe('The emulator of siemens.app', () => {
  const lab = useEmulator();
  const { ask: request, askAppToken, askTenantToken } = lab;
  const start = (options = {}) => lab.start({ xcelerator: true, ...options });
  const xcelerator = () => {
    const { xcelerator: options } = lab.emulator.moduleOptions;
    if (!options) throw new Error('siemens.app is not played');
    return options;
  };

  function askXceleratorApp(fields: object = {}, path = XCELERATOR_TOKEN_MANAGER): Promise<Response> {
    const { keyStoreClientId, keyStoreClientSecret, ...app } = xcelerator().app;
    const headers = {
      'content-type': 'application/json',
      'x-space-auth-key': basic(keyStoreClientId, keyStoreClientSecret),
    };
    return request(path, { method: 'POST', headers, body: JSON.stringify({ ...app, ...fields }) });
  }

  function askXceleratorTenant(tenant: string, body = 'grant_type=client_credentials'): Promise<Response> {
    const { clientId, clientSecret } = xcelerator().tenant;
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: basic(clientId, clientSecret),
    };
    return request(`/sws/${tenant}/oauth/token`, { method: 'POST', headers, body });
  }

  const callApi = (token: string, path: string) => request(path, { headers: { authorization: `Bearer ${token}` } });
  const keysOf = async (path: string): Promise<{ keys: JWK[] }> => JSON.parse(await (await request(path)).text());

  it('is played on demand alone', async () => {
    await lab.start();
    expect(lab.emulator.moduleOptions).not.toHaveProperty('xcelerator');
    expect((await request('/sws/1000001700/token_keys')).status).toBe(404);
    expect((await request(`/xcelerator${ASSETS}`)).status).toBe(404);
    expect(() => lab.emulator.issueUserToken({ platform: 'xcelerator' })).toThrow('{ xcelerator: true }');
  });

  it('gives the options that lead the library to it', async () => {
    await start();
    expect(xcelerator()).toEqual({
      coreTenant: '1000001700',
      gatewayUrl: `${lab.emulator.origin}/xcelerator`,
      oauthUrl: `${lab.emulator.origin}/sws/{tenant}`,
      app: { ...lab.emulator.moduleOptions.app, hostTenant: '1000000350', userTenant: '1000000351' },
      tenant: { clientId: '1000000351-technicaluser', clientSecret: 'emulated-tenant-secret', tenant: '1000000351' },
      clientIds: ['1000000350-myapp-v1.0.0_1'],
    });
  });

  it('has keys of its own under the ids of the other platform', async () => {
    await start();
    const mindsphere = await keysOf('/piam/core/token_keys');
    const own = await keysOf('/sws/1000001700/token_keys');
    expect(own.keys.map(({ kid }) => kid)).toEqual(mindsphere.keys.map(({ kid }) => kid));
    const moduli = [...own.keys, ...mindsphere.keys].map(({ n }) => n);
    expect(new Set(moduli).size).toBe(moduli.length);
  });

  it('issues technical tokens of the Token Manager as recorded', async () => {
    await start();
    const body = await objectOf(await askXceleratorApp());
    expect(body).toMatchObject({ token_type: 'bearer', expires_in: 1_800, timestamp: expect.any(Number) });
    const keys = createLocalJWKSet(await keysOf('/sws/1000001700/token_keys'));
    const { payload, protectedHeader } = await jwtVerify(String(body['access_token']), keys);
    expect(Object.keys(protectedHeader).toSorted()).toEqual(['alg', 'jku', 'kid', 'typ']);
    expect(Object.keys(payload).toSorted()).toEqual(
      [
        'aud',
        'azp',
        'cat',
        'cid',
        'client_id',
        'env',
        'exp',
        'grant_type',
        'iat',
        'iss',
        'jti',
        'orig_ten',
        'region',
        'rev_sig',
        'schemas',
        'scope',
        'sub',
        'zid',
        'sws.samauth.ten',
        'sws.samauth.ten.extId',
        'sws.samauth.ten.name',
      ].toSorted(),
    );
    expect(payload).toMatchObject({
      iss: `${lab.emulator.origin}/sws/1000001700/oauth/token`,
      'sws.samauth.ten': '1000000351',
      'sws.samauth.ten.name': 'customer',
      grant_type: 'client_credentials',
      schemas: ['urn:siemens:xf:iam:v1'],
      cat: 'client-token:api-app:v1',
    });
  });

  it('knows only its own tenants at the Token Manager', async () => {
    await start();
    expect((await askXceleratorApp({ hostTenant: 'operator' })).status).toBe(403);
    expect((await askAppToken({ hostTenant: '1000000350' })).status).toBe(403);
  });

  it('tolerates a Token Manager without /api, unless it is strict', async () => {
    const path = '/xcelerator/technicaltokenmanager-1000001700/v3/oauth/token';
    await start({ strict: false });
    expect((await askXceleratorApp({}, path)).status).toBe(200);
    await lab.emulator.close();
    await start();
    expect((await askXceleratorApp({}, path)).status).toBe(404);
    expect((await askXceleratorApp({}, `/xcelerator${TOKEN_MANAGER}`)).status).toBe(404);
  });

  it('serves technical users at their own server and at the core tenant, and at no other', async () => {
    await start();
    for (const tenant of ['1000000351', '1000001700']) {
      // oxlint-disable-next-line no-await-in-loop -- two servers
      const body = await objectOf(await askXceleratorTenant(tenant));
      expect(body).toMatchObject({ token_type: 'Bearer' });
      expect(decodeJwt(String(body['access_token']))).toMatchObject({
        iss: `${lab.emulator.origin}/sws/${tenant}/oauth/token`,
        'sws.samauth.ten': '1000000351',
      });
    }
    expect((await askXceleratorTenant('1000000352')).status).toBe(401);
    expect((await askTenantToken(undefined, {}, '1000000351')).status).toBe(401);
  });

  it('knows no subtenants', async () => {
    const form = 'grant_type=client_credentials&iam-action=client_credentials.subtenant-impersonation&subtenant=plant1';
    await start();
    expect((await askXceleratorTenant('1000000351', form)).status).toBe(400);
    await lab.emulator.close();
    await start({ strict: false });
    const body = await objectOf(await askXceleratorTenant('1000000351', form));
    expect(body).not.toHaveProperty('subtenant');
    expect(decodeJwt(String(body['access_token']))).not.toHaveProperty('subtenant');
  });

  it('issues tokens of users by the core tenant, with what is known of them and no more', async () => {
    await start();
    const token = lab.emulator.issueUserToken({ platform: 'xcelerator', tenant: '1000000351', tenantName: 'acme' });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({
      iss: `${lab.emulator.origin}/sws/1000001700/oauth/token`,
      cid: '1000000350-myapp-v1.0.0_1',
      'sws.samauth.ten': '1000000351',
      'sws.samauth.ten.name': 'acme',
      'sws.samauth.ten.user': expect.any(String),
      email: 'user@example.com',
      scope: ['myapp.user'],
      grant_type: 'authorization_code',
    });
    for (const claim of ['ten', 'subtenant', 'user_id', 'user_name']) expect(claims).not.toHaveProperty([claim]);
    expect(decodeProtectedHeader(token)['jku']).toBe(`${lab.emulator.origin}/sws/1000001700/token_keys`);
  });

  it('issues tokens of users as they are asked for', async () => {
    await start();
    const issue = (user: object) => decodeJwt(lab.emulator.issueUserToken({ platform: 'xcelerator', ...user }));
    expect(issue({ userName: 'ann' })).toMatchObject({ user_name: 'ann', email: 'ann@example.com' });
    expect(issue({ issuer: 'https://x.test' }).iss).toBe('https://x.test');
    expect(issue({ issuerTenant: '1' }).iss).toBe(`${lab.emulator.origin}/sws/1/oauth/token`);
    expect(issue({ tenant: '2' })).not.toHaveProperty(['sws.samauth.ten.name']);
    expect(issue({ claims: { 'sws.samauth.ten': 7 } })['sws.samauth.ten']).toBe(7);
  });

  it('has APIs with the id of a provider behind the name of the service, for its own tokens', async () => {
    await start();
    const own = lab.emulator.issueUserToken({ platform: 'xcelerator' });
    const other = lab.emulator.issueUserToken();
    expect(await (await callApi(own, `/xcelerator${ASSETS}`)).json()).toMatchObject({
      platform: 'xcelerator',
      path: ASSETS,
      tenant: '1000000351',
      tenantName: 'customer',
      clientId: '1000000350-myapp-v1.0.0_1',
    });
    expect((await callApi(own, '/xcelerator/api/assetmanagement/v3/assets')).status).toBe(404);
    expect((await callApi(other, `/xcelerator${ASSETS}`)).status).toBe(401);
    expect((await callApi(own, '/api/assetmanagement/v3/assets')).status).toBe(401);
  });

  it('refuses a token of the one platform with an issuer of the other', async () => {
    await start();
    const [mindsphere, own] = [`${lab.emulator.origin}/piam/core`, `${lab.emulator.origin}/sws/1000001700`];
    const forged = lab.emulator.issueUserToken({ platform: 'xcelerator', issuer: `${mindsphere}/oauth/token` });
    const other = lab.emulator.issueUserToken({ issuer: `${own}/oauth/token` });
    expect((await callApi(forged, '/api/x')).status).toBe(401);
    expect((await callApi(other, `/xcelerator${ASSETS}`)).status).toBe(401);
  });

  it('lists the tenants that the app is provisioned to there', async () => {
    await start({ xcelerator: { userTenants: ['1', '2'] } });
    const { access_token: token } = await objectOf(await askXceleratorApp({ userTenant: '1000000350' }));
    const path = '/xcelerator/api/technicaltokenmanager-1000001700/v3/userTenants';
    expect(await (await callApi(String(token), path)).json()).toMatchObject({
      userTenants: [{ id: '1' }, { id: '2' }],
    });
  });

  it('names issuers by host name where it was asked by host name', async () => {
    await start({ domains: ['siemens.app', 'siemens.com'] });
    const { keyStoreClientId, keyStoreClientSecret, ...app } = xcelerator().app;
    const askAt = async (host: string) => {
      const { text } = await rawRequest(lab.emulator.port, {
        path: XCELERATOR_TOKEN_MANAGER.replace('/xcelerator', ''),
        method: 'POST',
        headers: {
          host,
          'content-type': 'application/json',
          'x-space-auth-key': basic(keyStoreClientId, keyStoreClientSecret),
        },
        body: JSON.stringify(app),
      });
      return decodeJwt(String(JSON.parse(text).access_token)).iss;
    };
    expect(await askAt('api.eu1.lab.test:1')).toBe('http://1000001700.eu1.sws.lab.test:1/oauth/token');
    expect(await askAt('api.eu1.siemens.app')).toBe('http://1000001700.eu1.sws.siemens.com/oauth/token');
  });

  it('keeps faults, requests and rotations of the two platforms apart', async () => {
    await start();
    lab.emulator.failNext('app-token', { platform: 'xcelerator', status: 503 });
    lab.emulator.failNext('token-keys', { status: 500 });
    expect((await askAppToken()).status).toBe(200);
    expect((await askXceleratorApp()).status).toBe(503);
    expect((await request('/sws/1/token_keys')).status).toBe(500);
    expect((await request('/piam/a/token_keys')).status).toBe(200);
    expect(lab.emulator.requests('app-token').map(({ platform }) => platform)).toEqual(['mindsphere', 'xcelerator']);
    expect(lab.emulator.requests('app-token', { platform: 'xcelerator' })).toMatchObject([
      { path: XCELERATOR_TOKEN_MANAGER, status: 503 },
    ]);
    expect(lab.emulator.requests(undefined, { platform: 'mindsphere' })).toHaveLength(2);

    const kids = () =>
      (['mindsphere', 'xcelerator'] as const).map((platform) => {
        return decodeProtectedHeader(lab.emulator.issueUserToken({ platform })).kid;
      });
    const [mindsphere, own] = kids();
    lab.emulator.rotateKeys('xcelerator');
    expect(kids()).toEqual([mindsphere, expect.not.stringContaining(String(own))]);
    lab.emulator.rotateKeys();
    expect(kids()).not.toContain(mindsphere);
    expect(() => lab.emulator.rotateKeys('other' as 'mindsphere')).toThrow('platform must be one of');
  });

  it('accepts an access token as user context, and no e-mail address', async () => {
    await start();
    const user = lab.emulator.issueUserToken({ platform: 'xcelerator' });
    const context = (value: string, type: string) => ({ caller_context: value, caller_context_type: type });
    expect((await askXceleratorApp(context(user, 'accesstoken'))).status).toBe(200);
    expect((await askXceleratorApp(context(lab.emulator.issueUserToken(), 'accesstoken'))).status).toBe(400);
    expect((await askXceleratorApp(context('ann@example.com', 'email'))).status).toBe(400);
  });

  it.each([
    [{ coreTenant: 'a.b' }, 'xcelerator.coreTenant'],
    [{ app: { hostTenant: '' } }, 'xcelerator.app.hostTenant'],
    [{ technicalUsers: [] }, 'xcelerator.technicalUsers'],
    [{ userTenants: ['-'] }, 'xcelerator.userTenants'],
  ])('refuses %j', async (xceleratorOptions, option) => {
    await expect(lab.start({ xcelerator: xceleratorOptions })).rejects.toMatchObject({ option });
  });
});

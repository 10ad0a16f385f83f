import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { basic, encode, IMPERSONATION, objectOf, TOKEN_MANAGER, useEmulator } from './emulator-lab.js';
import { rawRequest } from './raw-request.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const GRANT = 'grant_type=client_credentials';

/** What the real servers tolerate (protocol page, sections 4 to 7), each beside what the strict mode says to it. */
describe('The emulator, as UAA and the platform behave', () => {
  const lab = useEmulator();
  const { ask, askApi, askAppToken, askTenantToken, keySet } = lab;
  const start = (options = {}) => lab.start({ strict: false, ...options });

  async function inBothModes(send: () => Promise<Response>): Promise<{ tolerant: number; strict: number }> {
    await start();
    const tolerant = (await send()).status;
    await lab.emulator.close();
    await lab.start();
    return { tolerant, strict: (await send()).status };
  }

  const postForm = (query: string, body: string, headers: Record<string, string> = {}) =>
    ask(`/piam/customer/oauth/token${query}`, { method: 'POST', headers: { ...FORM, ...headers }, body });

  const CLIENT = ['customer-technicaluser', 'emulated-tenant-secret'] as const;
  const AUTHORIZATION = { authorization: basic(...CLIENT) };
  const IN_FORM = `${GRANT}&client_id=${CLIENT[0]}&client_secret=${CLIENT[1]}`;

  describe('token requests to a tenant', () => {
    it.each([
      { what: 'credentials in the form', send: () => postForm('', IN_FORM), tolerant: 200, strict: 200 },
      {
        what: 'credentials in form and header',
        send: () => postForm('', IN_FORM, AUTHORIZATION),
        tolerant: 200,
        strict: 400,
      },
      {
        what: 'parameters in the query',
        send: () => postForm(`?${GRANT}`, '', AUTHORIZATION),
        tolerant: 200,
        strict: 400,
      },
      {
        what: 'an unknown field',
        send: () => postForm('', `${GRANT}&scope=x&foo=1`, AUTHORIZATION),
        tolerant: 200,
        strict: 400,
      },
      {
        what: 'a field twice',
        send: () => postForm('', `${GRANT}&${GRANT}`, AUTHORIZATION),
        tolerant: 200,
        strict: 400,
      },
      {
        what: 'scheme basic',
        send: () => postForm('', GRANT, { authorization: AUTHORIZATION.authorization.replace('Basic', 'basic') }),
        tolerant: 200,
        strict: 401,
      },
      {
        what: 'an unknown action',
        send: () => postForm('', `${GRANT}&iam-action=x&subtenant=a`, AUTHORIZATION),
        tolerant: 200,
        strict: 400,
      },
      {
        what: 'a lone subtenant',
        send: () => postForm('', `${GRANT}&subtenant=a`, AUTHORIZATION),
        tolerant: 200,
        strict: 400,
      },
      {
        what: 'an action without subtenant',
        send: () => postForm('', `${GRANT}&${IMPERSONATION}`, AUTHORIZATION),
        tolerant: 400,
        strict: 400,
      },
      {
        what: 'scheme Bearer',
        send: () => postForm('', GRANT, { authorization: 'Bearer a.b.c' }),
        tolerant: 401,
        strict: 401,
      },
      { what: 'a wrong secret in the form', send: () => postForm('', `${IN_FORM}x`), tolerant: 401, strict: 401 },
      {
        what: 'a JSON body',
        send: () =>
          postForm('', '{"grant_type":"client_credentials"}', { ...AUTHORIZATION, 'content-type': 'application/json' }),
        tolerant: 400,
        strict: 415,
      },
    ])('with $what: $tolerant, strictly $strict', async ({ send, tolerant, strict }) => {
      expect(await inBothModes(send)).toEqual({ tolerant, strict });
    });

    it('yield a token for the whole tenant where impersonation was spelled otherwise', async () => {
      await start();
      const body = await objectOf(await askTenantToken(`${GRANT}&iam_action=x&subtenant=plant1`));
      expect(body).not.toHaveProperty('subtenant');
      expect(decodeJwt(String(body['access_token']))).not.toHaveProperty('subtenant');
    });

    it('read Basic credentials URL-decoded, unless a header says that they are not encoded', async () => {
      await start({ technicalUsers: [{ clientId: 'a b', clientSecret: 'p%+ä', tenant: 'customer' }] });
      const status = async (id: string, secret: string, headers = {}) =>
        (await askTenantToken(GRANT, { headers: { authorization: basic(id, secret), ...headers } })).status;
      expect(await status('a+b', 'p%25%2B%C3%A4')).toBe(200);
      expect(await status('a%20b', 'p%25%2Bä')).toBe(200);
      expect(await status('a b', 'p%+ä')).toBe(401);
      expect(await status('a b', 'p%+ä', { 'x-cf-encoded-credentials': 'false' })).toBe(200);
      expect(await status('a+b', 'p%25%2B%C3%A4', { 'x-cf-encoded-credentials': 'true' })).toBe(200);
      const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'a b', client_secret: 'p%+ä' });
      expect((await postForm('', String(form))).status).toBe(200);
    });

    it.each([
      { clientError: undefined, error: 'unauthorized' },
      { clientError: 'invalid_client', error: 'invalid_client' },
    ] as const)('answer wrong credentials in the words of their generation: $error', async ({ clientError, error }) => {
      await start({ clientError });
      const response = await askTenantToken(GRANT, { headers: { authorization: basic('customer-x', 'y') } });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe(
        `Basic realm="UAA/client", error="${error}", error_description="Bad credentials"`,
      );
      expect(await response.json()).toEqual({ error, error_description: 'Bad credentials' });
    });

    it('are never kept by a cache', async () => {
      await start();
      for (const { headers } of [await askTenantToken(), await askAppToken(), await askTenantToken('')]) {
        expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
      }
    });
  });

  describe('token requests to the Token Manager', () => {
    const KEY = encode('operator-myapp-1.0.0:emulated-app-secret');
    const FIELDS = { appName: 'myapp', appVersion: '1.0.0', hostTenant: 'operator', userTenant: 'customer' };
    const JSON_TYPE = { 'content-type': 'application/json' };
    const post = (headers: Record<string, string>, fields: object | string = FIELDS, query = '') =>
      ask(`${TOKEN_MANAGER}${query}`, {
        method: 'POST',
        headers: { ...JSON_TYPE, ...headers },
        body: typeof fields === 'string' ? fields : JSON.stringify(fields),
      });
    const SPACE_KEY = { 'x-space-auth-key': `Basic ${KEY}` };
    const QUERY = `?${String(new URLSearchParams(FIELDS))}`;

    it.each([
      { what: 'scheme Bearer', send: () => post({ 'x-space-auth-key': `Bearer ${KEY}` }), tolerant: 200, strict: 401 },
      { what: 'scheme bEARER', send: () => post({ 'x-space-auth-key': `bEARER ${KEY}` }), tolerant: 200, strict: 401 },
      { what: 'scheme BASIC', send: () => post({ 'x-space-auth-key': `BASIC ${KEY}` }), tolerant: 200, strict: 401 },
      {
        what: 'Base64 without padding',
        send: () => post({ 'x-space-auth-key': `Basic ${KEY.replaceAll('=', '')}` }),
        tolerant: 200,
        strict: 401,
      },
      {
        what: 'the brackets of old pages',
        send: () => post({ 'x-space-auth-key': `Basic <${KEY}>` }),
        tolerant: 401,
        strict: 401,
      },
      { what: 'Authorization', send: () => post({ authorization: `Basic ${KEY}` }), tolerant: 200, strict: 401 },
      {
        what: 'a grant type',
        send: () => post(SPACE_KEY, { ...FIELDS, grant_type: 'client_credentials' }),
        tolerant: 200,
        strict: 400,
      },
      { what: 'parameters in the query', send: () => post(SPACE_KEY, '', QUERY), tolerant: 200, strict: 400 },
      { what: 'parameters in both', send: () => post(SPACE_KEY, FIELDS, QUERY), tolerant: 400, strict: 200 },
      {
        what: 'a wrong type',
        send: () => post({ ...SPACE_KEY, 'content-type': 'text/plain' }),
        tolerant: 415,
        strict: 415,
      },
      {
        what: 'an e-mail as caller context',
        send: () => post(SPACE_KEY, { ...FIELDS, caller_context: 'a@b.example', caller_context_type: 'email' }),
        tolerant: 200,
        strict: 200,
      },
      {
        what: 'the other spelling of the caller context',
        send: () => post(SPACE_KEY, { ...FIELDS, callercontext: 'a@b.example', callercontexttype: 'email' }),
        tolerant: 200,
        strict: 400,
      },
      {
        what: 'half a caller context',
        send: () => post(SPACE_KEY, { ...FIELDS, caller_context: 'a' }),
        tolerant: 400,
        strict: 400,
      },
      {
        what: 'a caller context of no type',
        send: () => post(SPACE_KEY, { ...FIELDS, caller_context: 'a@b', caller_context_type: 'x' }),
        tolerant: 400,
        strict: 400,
      },
      {
        what: 'a caller context that is no token',
        send: () => post(SPACE_KEY, { ...FIELDS, caller_context: 'a.b.c', caller_context_type: 'accesstoken' }),
        tolerant: 400,
        strict: 400,
      },
    ])('with $what: $tolerant, strictly $strict', async ({ send, tolerant, strict }) => {
      expect(await inBothModes(send)).toEqual({ tolerant, strict });
    });

    it('take the access token of a user as caller context, and do not record it', async () => {
      await lab.start();
      const token = lab.emulator.issueUserToken();
      const context = { caller_context: token, caller_context_type: 'accesstoken' };
      expect((await post(SPACE_KEY, { ...FIELDS, ...context })).status).toBe(200);
      const [request] = lab.emulator.requests('app-token');
      expect(JSON.parse(String(request?.body))).toMatchObject({
        caller_context: '***',
        caller_context_type: 'accesstoken',
      });
    });
  });

  describe('key sets', () => {
    it('have an ETag, and are not sent again to a client that has them', async () => {
      await start();
      const first = await ask('/piam/customer/token_keys');
      const etag = String(first.headers.get('etag'));
      expect(etag).toMatch(/^"[\da-f]+"$/);
      const again = (condition: string) =>
        ask('/piam/customer/token_keys', { headers: { 'if-none-match': condition } });
      for (const condition of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const { status, headers } = await rawRequest(lab.emulator.port, {
          path: '/piam/customer/token_keys',
          headers: { host: 'localhost', 'if-none-match': condition },
        });
        expect([status, headers['etag']]).toEqual([304, etag]);
      }
      expect((await again('"x"')).status).toBe(200);
      lab.emulator.rotateKeys();
      const rotated = await again(etag);
      expect(rotated.status).toBe(200);
      expect(rotated.headers.get('etag')).not.toBe(etag);
    });

    it('are the same for all tenants and core', async () => {
      await start();
      expect(await keySet('core')).toEqual(await keySet('customer'));
      expect(await keySet('other')).toEqual(await keySet('customer'));
    });

    it('are of their own for the tenants that the option names, under the same ids', async () => {
      await start({ ownKeys: ['Acme'] });
      const [own, shared] = [await keySet('acme'), await keySet('core')];
      expect(own.keys.map(({ kid }) => kid)).toEqual(shared.keys.map(({ kid }) => kid));
      const token = lab.emulator.issueUserToken({ tenant: 'acme' });
      await expect(jwtVerify(token, createLocalJWKSet(own))).resolves.toBeDefined();
      await expect(jwtVerify(token, createLocalJWKSet(shared))).rejects.toThrow('signature');
      expect((await askApi(token)).status).toBe(200);
      expect((await askApi(lab.emulator.issueUserToken())).status).toBe(200);
      const stolen = lab.emulator.issueUserToken({
        tenant: 'acme',
        issuer: `${lab.emulator.origin}/piam/customer/oauth/token`,
      });
      expect((await askApi(stolen)).status).toBe(401);
      const { kid } = decodeProtectedHeader(token);
      lab.emulator.rotateKeys();
      expect(decodeProtectedHeader(lab.emulator.issueUserToken({ tenant: 'acme' })).kid).not.toBe(kid);
    });

    it('have no core where the option says so', async () => {
      await start({ core: false });
      expect((await ask('/piam/core/token_keys')).status).toBe(404);
      expect((await ask('/piam/customer/token_keys')).status).toBe(200);
      await lab.emulator.close();
      await start({ tenants: ['acme'] });
      expect((await ask('/piam/core/token_keys')).status).toBe(200);
    });
  });

  describe('tokens', () => {
    it('have the claims of the recorded ones', async () => {
      await start();
      const user = lab.emulator.issueUserToken({ scopes: ['myapp.user', 'uaa', 'mdsp:core:Admin3rdPartyTechUser.x'] });
      expect(decodeProtectedHeader(user)).toEqual({
        alg: 'RS256',
        kid: expect.stringMatching(/^key-id-\d+$/),
        typ: 'JWT',
        jku: `${lab.emulator.origin}/piam/customer/token_keys`,
      });
      expect(decodeJwt(user)).toMatchObject({
        aud: ['myapp-operator', 'myapp', 'mdsp:core:Admin3rdPartyTechUser'],
        schemas: ['urn:siemens:mindsphere:iam:v1'],
        cat: 'user-token:v1',
      });
      expect(Object.keys(decodeJwt(user)).toSorted()).toEqual(
        `jti sub scope client_id cid azp grant_type user_id origin user_name email auth_time rev_sig iat exp iss zid aud ten
         schemas cat`
          .split(/\s+/)
          .toSorted(),
      );
      const { access_token: technical } = await objectOf(await askTenantToken());
      expect(decodeJwt(String(technical))).toMatchObject({ cat: 'client-token:v1' });
      expect(decodeJwt(String(technical))).not.toHaveProperty('authorities');
    });

    it('are accepted by the APIs in any case of Bearer, unless it is strict', async () => {
      const call = () => ask('/api/x', { headers: { authorization: `bearer ${lab.emulator.issueUserToken()}` } });
      expect(await inBothModes(call)).toEqual({ tolerant: 200, strict: 401 });
    });
  });
});

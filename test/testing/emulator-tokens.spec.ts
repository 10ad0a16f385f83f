import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { basic, encode, IMPERSONATION, issuerIn, objectOf, TOKEN_MANAGER, useEmulator } from './emulator-lab.js';
import { rawRequest } from './raw-request.js';

describe('Tokens of the emulator', () => {
  const lab = useEmulator();
  const { ask, askAppToken, askTenantToken, keySet, start } = lab;

  describe('app tokens', () => {
    it('come in the documented shape', async () => {
      await start();
      const before = Date.now();
      const response = await askAppToken();
      const body = await objectOf(response);

      expect(response.status).toBe(200);
      expect(Object.keys(body).toSorted()).toEqual(
        ['access_token', 'expires_in', 'jti', 'scope', 'timestamp', 'token_type'].toSorted(),
      );
      expect(body).toMatchObject({ token_type: 'bearer', expires_in: 1_800, scope: 'api.read api.write' });
      expect(body['timestamp']).toBeGreaterThanOrEqual(before);
      expect(decodeJwt(String(body['access_token'])).jti).toBe(body['jti']);
    });

    it('hold the documented claims and verify against the key set of their issuer', async () => {
      await start();
      const { access_token: token } = await objectOf(await askAppToken({ userTenant: 'other' }));
      const { payload, protectedHeader } = await jwtVerify(String(token), createLocalJWKSet(await keySet('operator')), {
        issuer: `${lab.emulator.origin}/piam/operator/oauth/token`,
        algorithms: ['RS256'],
        typ: 'JWT',
      });

      expect(protectedHeader).toEqual({
        alg: 'RS256',
        jku: `${lab.emulator.origin}/piam/operator/token_keys`,
        kid: expect.stringMatching(/^key-id-\d+$/),
        typ: 'JWT',
      });
      expect(payload).toMatchObject({
        sub: 'operator-myapp-1.0.0',
        client_id: 'operator-myapp-1.0.0',
        cid: 'operator-myapp-1.0.0',
        azp: 'operator-myapp-1.0.0',
        grant_type: 'client_credentials',
        scope: ['api.read', 'api.write'],
        ten: 'other',
        zid: 'operator',
        rev_sig: expect.stringMatching(/^[\da-f]{8}$/),
        aud: ['operator-myapp-1.0.0', 'api'],
      });
      expect(payload).toMatchObject({ cat: 'client-token:v1', schemas: ['urn:siemens:mindsphere:iam:v1'] });
      expect(payload).not.toHaveProperty('authorities');
      expect(payload).not.toHaveProperty('user_id');
      expect(payload).not.toHaveProperty('subtenant');
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(1_800);
    });

    it('are each another one', async () => {
      await start();
      const first = await objectOf(await askAppToken());
      const second = await objectOf(await askAppToken());
      expect(second['access_token']).not.toBe(first['access_token']);
    });

    it('name the issuer by host name where the gateway was asked by host name', async () => {
      await start({ app: { hostTenant: 'OperatorX' } });
      const { app } = lab.emulator.moduleOptions;
      const host = `gateway.emulator.test:${lab.emulator.port}`;
      const { text } = await rawRequest(lab.emulator.port, {
        path: TOKEN_MANAGER,
        method: 'POST',
        headers: {
          host,
          'content-type': 'application/json',
          'x-space-auth-key': basic(app.keyStoreClientId, app.keyStoreClientSecret),
        },
        body: JSON.stringify({ appName: 'myapp', appVersion: '1.0.0', hostTenant: 'OperatorX', userTenant: 'a' }),
      });
      expect(issuerIn(text)).toBe(`http://operatorx.piam.emulator.test:${lab.emulator.port}/oauth/token`);
    });

    it.each([
      { what: 'no key', key: undefined },
      { what: 'a bare key', key: encode('operator-myapp-1.0.0:emulated-app-secret') },
      { what: 'scheme Bearer', key: `Bearer ${encode('operator-myapp-1.0.0:emulated-app-secret')}` },
      { what: 'scheme basic', key: `basic ${encode('operator-myapp-1.0.0:emulated-app-secret')}` },
      { what: 'two spaces', key: `Basic  ${encode('operator-myapp-1.0.0:emulated-app-secret')}` },
      { what: 'no padding', key: basic('operator-myapp-1.0.0', 'emulated-app-secret').replaceAll('=', '') },
      { what: 'brackets', key: `Basic <${encode('operator-myapp-1.0.0:emulated-app-secret')}>` },
      { what: 'a wrong secret', key: basic('operator-myapp-1.0.0', 'wrong') },
      { what: 'a wrong id', key: basic('wrong', 'emulated-app-secret') },
    ])('are refused for $what', async ({ key }) => {
      await start();
      const headers: Record<string, string> = { 'content-type': 'application/json' };
      if (key !== undefined) headers['x-space-auth-key'] = key;
      const response = await ask(TOKEN_MANAGER, { method: 'POST', headers, body: '{}' });

      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ errors: [{ code: expect.any(String) }] });
    });

    it('are refused where the key comes twice', async () => {
      await start();
      const key = basic('operator-myapp-1.0.0', 'emulated-app-secret');
      const headers = { 'content-type': 'application/json', 'x-space-auth-key': [key, key] };
      const { status } = await rawRequest(lab.emulator.port, {
        path: TOKEN_MANAGER,
        method: 'POST',
        headers,
        body: '{}',
      });
      expect(status).toBe(401);
    });

    it('take a key of scheme Bearer only if told to', async () => {
      await start({ authKeyScheme: 'Bearer' });
      expect(lab.emulator.moduleOptions.app.authKeyScheme).toBe('Bearer');
      expect((await askAppToken()).status).toBe(401);
      const key = `Bearer ${encode('operator-myapp-1.0.0:emulated-app-secret')}`;
      expect((await askAppToken({}, { headers: { 'x-space-auth-key': key } })).status).toBe(200);
    });

    it.each([
      { fields: { appName: 'other' }, status: 403 },
      { fields: { appVersion: '1.0' }, status: 403 },
      { fields: { hostTenant: 'customer' }, status: 403 },
      { fields: { userTenant: 'not.a.label' }, status: 403 },
      { fields: { userTenant: undefined }, status: 400 },
      { fields: { appVersion: 1 }, status: 400 },
      { fields: { hosttenant: 'operator' }, status: 400 },
    ])('are refused for $fields', async ({ fields, status }) => {
      await start();
      expect((await askAppToken(fields)).status).toBe(status);
    });

    it('are given only for provisioned tenants, where these are named, and for the host', async () => {
      await start({ userTenants: ['customer'] });
      expect((await askAppToken()).status).toBe(200);
      expect((await askAppToken({ userTenant: 'operator' })).status).toBe(200);
      expect((await askAppToken({ userTenant: 'stranger' })).status).toBe(403);
    });

    it.each(['', '[]', 'null', '{', '"text"'])('are refused for the body %j', async (body) => {
      await start();
      expect((await askAppToken({}, { body })).status).toBe(400);
    });

    it('are refused for another content type', async () => {
      await start();
      for (const type of ['text/plain', 'application/json; charset=latin1', 'application/x-www-form-urlencoded']) {
        expect((await askAppToken({}, { headers: { 'content-type': type } })).status).toBe(415);
      }
      const type = 'application/json; charset=utf-8';
      expect((await askAppToken({}, { headers: { 'content-type': type } })).status).toBe(200);
    });

    it('are refused for a body beyond the limit', async () => {
      await start();
      expect((await askAppToken({}, { body: ' '.repeat(1_000_000) })).status).toBe(413);
    });
  });

  describe('tenant tokens', () => {
    it('come in the documented shape and verify', async () => {
      await start();
      const response = await askTenantToken();
      const body = await objectOf(response);

      expect(response.status).toBe(200);
      expect(Object.keys(body).toSorted()).toEqual(['access_token', 'expires_in', 'jti', 'scope', 'token_type']);
      expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 1_800 });
      const { payload } = await jwtVerify(String(body['access_token']), createLocalJWKSet(await keySet()));
      expect(payload).toMatchObject({ ten: 'customer', iss: `${lab.emulator.origin}/piam/customer/oauth/token` });
    });

    it('are limited to a subtenant on impersonation', async () => {
      await start();
      const body = await objectOf(
        await askTenantToken(`grant_type=client_credentials&${IMPERSONATION}&subtenant=plant1`),
      );
      expect(body['subtenant']).toBe('plant1');
      expect(decodeJwt(String(body['access_token']))).toMatchObject({ ten: 'customer', subtenant: 'plant1' });
    });

    it('ignore impersonation where an option switches it off', async () => {
      await start({ impersonation: false });
      const body = await objectOf(
        await askTenantToken(`grant_type=client_credentials&${IMPERSONATION}&subtenant=plant1`),
      );
      expect(body).not.toHaveProperty('subtenant');
      expect(decodeJwt(String(body['access_token']))).not.toHaveProperty('subtenant');
    });

    it.each([
      { body: '', error: 'invalid_request' },
      { body: 'grant_type=', error: 'invalid_request' },
      { body: 'grant_type=password', error: 'unsupported_grant_type' },
      { body: 'grant_type=client_credentials&grant_type=client_credentials', error: 'invalid_request' },
      { body: 'grant_type=%zz', error: 'invalid_request' },
      { body: 'grant_type=client_credentials&subtenant=plant1', error: 'invalid_request' },
      { body: `grant_type=client_credentials&${IMPERSONATION}`, error: 'invalid_request' },
      { body: `grant_type=client_credentials&${IMPERSONATION}&subtenant=a.b`, error: 'invalid_request' },
      {
        body: `grant_type=client_credentials&${IMPERSONATION.replace('-', '_')}&subtenant=plant1`,
        error: 'invalid_request',
      },
      { body: 'grant_type=client_credentials&iam-action=other&subtenant=plant1', error: 'invalid_request' },
    ])('are refused for the form $body', async ({ body, error }) => {
      await start();
      const response = await askTenantToken(body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error });
    });

    it('are refused for a subtenant that the technical user may not impersonate', async () => {
      await start({ technicalUsers: [{ clientId: 'a', clientSecret: 'b', tenant: 'customer', subtenants: ['one'] }] });
      const form = `grant_type=client_credentials&${IMPERSONATION}&subtenant=`;
      expect((await askTenantToken(`${form}one`)).status).toBe(200);
      expect((await askTenantToken(`${form}two`)).status).toBe(403);
    });

    it('are refused with bad credentials, as UAA does', async () => {
      await start();
      const response = await askTenantToken(undefined, { headers: { authorization: basic('customer-x', 'y') } });
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({ error: 'unauthorized', error_description: 'Bad credentials' });
    });

    it('are refused with credentials of another tenant', async () => {
      await start();
      expect((await askTenantToken(undefined, {}, 'operator')).status).toBe(401);
    });

    it('are refused without credentials', async () => {
      await start();
      const response = await askTenantToken(undefined, { headers: { authorization: 'Basic' } });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ error: 'unauthorized' });
    });

    it('are refused for another content type', async () => {
      await start();
      const headers = { 'content-type': 'application/json' };
      expect((await askTenantToken(undefined, { headers })).status).toBe(415);
    });

    it('serve several technical users, each at its own tenant', async () => {
      const users = [
        { clientId: 'one', clientSecret: 'se:cret', tenant: 'Alpha' },
        { clientId: 'two', clientSecret: 'pässword', tenant: 'beta' },
      ];
      await start({ technicalUsers: users });
      expect(lab.emulator.moduleOptions.tenant).toEqual(users[0]);
      const alpha = await objectOf(await askTenantToken(undefined, {}, 'alpha'));
      expect(decodeJwt(String(alpha['access_token']))).toMatchObject({ ten: 'Alpha', client_id: 'one' });
      const headers = { authorization: basic('two', 'pässword') };
      expect((await askTenantToken(undefined, { headers }, 'beta')).status).toBe(200);
      expect((await askTenantToken(undefined, { headers }, 'alpha')).status).toBe(401);
    });
  });

  describe('user tokens', () => {
    it('are issued with defaults', async () => {
      await start();
      const { payload } = await jwtVerify(lab.emulator.issueUserToken(), createLocalJWKSet(await keySet()));
      expect(payload).toMatchObject({
        iss: `${lab.emulator.origin}/piam/customer/oauth/token`,
        ten: 'customer',
        cid: 'myapp-operator',
        client_id: 'myapp-operator',
        scope: ['myapp.user'],
        user_name: 'user@example.com',
        email: 'user@example.com',
        user_id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/),
        grant_type: 'authorization_code',
      });
      expect(payload).not.toHaveProperty('subtenant');
      expect(payload['auth_time']).toBe(payload.iat);
    });

    it('have the claims that are asked for', async () => {
      await start();
      const token = lab.emulator.issueUserToken({
        tenant: 'Other',
        subtenant: 'plant1',
        userName: 'jane',
        scopes: ['a.b', 'c'],
        appName: 'my-app',
        hostTenant: 'host',
        expiresInSeconds: 60,
      });
      const claims = decodeJwt(token);
      expect(claims).toMatchObject({
        iss: `${lab.emulator.origin}/piam/other/oauth/token`,
        ten: 'Other',
        subtenant: 'plant1',
        user_name: 'jane',
        email: 'jane@example.com',
        scope: ['a.b', 'c'],
        cid: 'my-app-host',
      });
      expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(60);
    });

    it('may come from another issuer and hold other claims', async () => {
      await start();
      const claims = decodeJwt(
        lab.emulator.issueUserToken({ issuerTenant: 'operator', claims: { nbf: 5, ten: undefined } }),
      );
      expect(claims).toMatchObject({
        iss: `${lab.emulator.origin}/piam/operator/oauth/token`,
        zid: 'operator',
        nbf: 5,
      });
      expect(claims).not.toHaveProperty('ten');
      expect(decodeJwt(lab.emulator.issueUserToken({ issuer: 'http://x' })).iss).toBe('http://x');
    });

    it('may have expired already', async () => {
      await start();
      const { iat = 0, exp = 0 } = decodeJwt(lab.emulator.issueUserToken({ expiresInSeconds: -60 }));
      expect(exp).toBeLessThan(Date.now() / 1_000 - 58);
      expect(iat).toBeLessThan(exp);
    });

    it('live as long as the emulator was told', async () => {
      await start({ tokenLifeSeconds: 90 });
      vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_999 });
      expect(decodeJwt(lab.emulator.issueUserToken())).toMatchObject({ iat: 1_700_000_000, exp: 1_700_000_090 });
    });
  });
});

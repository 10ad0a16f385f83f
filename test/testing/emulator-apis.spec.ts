import { describe, expect, it, vi } from 'vitest';
import { objectOf, withPayloadOf, useEmulator } from './emulator-lab.js';

describe('APIs of the emulator', () => {
  const lab = useEmulator();
  const { askApi, askAppToken, start } = lab;

  describe('APIs', () => {
    it('say who a user is', async () => {
      await start();
      const response = await askApi(lab.emulator.issueUserToken({ subtenant: 'plant1' }));
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({
        method: 'GET',
        path: '/api/assetmanagement/v3/assets',
        tenant: 'customer',
        subtenant: 'plant1',
        clientId: 'myapp-operator',
        userName: 'user@example.com',
        grantType: 'authorization_code',
        scopes: ['myapp.user'],
      });
    });

    it('say whose technical token it is', async () => {
      await start();
      const { access_token: token } = await objectOf(await askAppToken());
      expect(await (await askApi(String(token))).json()).toMatchObject({
        tenant: 'customer',
        clientId: 'operator-myapp-1.0.0',
        grantType: 'client_credentials',
      });
    });

    it('accept tokens of every address of the emulator', async () => {
      await start();
      const byName = lab.emulator.issueUserToken({ issuer: `http://a.piam.test:${lab.emulator.port}/oauth/token` });
      expect((await askApi(byName)).status).toBe(200);
    });

    it.each([
      { what: 'no token', make: () => '' },
      { what: 'an expired token', make: () => lab.emulator.issueUserToken({ expiresInSeconds: -1 }) },
      { what: 'a token without exp', make: () => lab.emulator.issueUserToken({ claims: { exp: undefined } }) },
      {
        what: 'a foreign issuer',
        make: () => lab.emulator.issueUserToken({ issuer: 'http://a.piam.test:1/oauth/token' }),
      },
      {
        what: 'an issuer of no tenant',
        make: () => lab.emulator.issueUserToken({ issuer: `${lab.emulator.origin}/x` }),
      },
      { what: 'a changed payload', make: () => withPayloadOf(lab.emulator.issueUserToken(), { ten: 'other' }) },
      { what: 'an unsigned token', make: () => lab.emulator.issueUserToken().replace(/[^.]+$/, '') },
      { what: 'no JWT', make: () => 'a.b.c' },
    ])('answer 401 to $what', async ({ make }) => {
      await start();
      const response = await askApi(make());
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      expect(await response.json()).toEqual({
        errors: [{ code: expect.any(String), message: expect.any(String), logref: expect.any(String) }],
      });
    });

    it('answer 401 once a token has expired', async () => {
      await start();
      const token = lab.emulator.issueUserToken();
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1_800_000 });
      expect((await askApi(token)).status).toBe(401);
    });
  });
});

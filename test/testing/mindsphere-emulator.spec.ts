import { connect } from 'node:net';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { describe, expect, it, vi } from 'vitest';
import { basic, encode, issuerIn, TOKEN_MANAGER, untilTrue, useEmulator } from './emulator-lab.js';
import { rawRequest } from './raw-request.js';

describe('MindsphereEmulator', () => {
  const lab = useEmulator();
  const { ask, askApi, askAppToken, askTenantToken, start } = lab;

  describe('start and close', () => {
    it('listens on the loopback address, at a free port', async () => {
      await start();
      expect(lab.emulator.port).toBeGreaterThan(0);
      expect(lab.emulator.origin).toBe(`http://127.0.0.1:${lab.emulator.port}`);
    });

    it('gives the options that lead the library to it', async () => {
      await start();
      expect(lab.emulator.moduleOptions).toEqual({
        gatewayUrl: lab.emulator.origin,
        oauthUrl: `${lab.emulator.origin}/piam/{tenant}`,
        app: {
          keyStoreClientId: 'operator-myapp-1.0.0',
          keyStoreClientSecret: 'emulated-app-secret',
          appName: 'myapp',
          appVersion: '1.0.0',
          hostTenant: 'operator',
          userTenant: 'customer',
        },
        tenant: { clientId: 'customer-technicaluser', clientSecret: 'emulated-tenant-secret', tenant: 'customer' },
      });
    });

    it('gives a new options object each time', async () => {
      await start();
      lab.emulator.moduleOptions.app.appName = 'changed';
      expect(lab.emulator.moduleOptions.app.appName).toBe('myapp');
      expect((await askAppToken()).status).toBe(200);
    });

    it.each(['production', 'Production', 'PRODUCTION', ' production', 'production \t'])(
      'refuses to start in production, written as %j',
      async (environment) => {
        vi.stubEnv('NODE_ENV', environment);
        await expect(MindsphereEmulator.start()).rejects.toThrow('NODE_ENV=production');
      },
    );

    it('rejects where the port is taken', async () => {
      await start();
      await expect(MindsphereEmulator.start({ port: lab.emulator.port })).rejects.toThrow('EADDRINUSE');
    });

    it.each([
      { port: -1 },
      { port: 1.5 },
      { tokenLifeSeconds: 0 },
      { signingKeyPosition: Number.NaN },
      { app: { hostTenant: 'a.b' } },
      { app: { keyStoreClientId: 'a:b' } },
      { app: { appName: '' } },
      { technicalUsers: [] },
      { userTenants: ['-a'] },
    ])('refuses the options %j', async (options) => {
      await expect(MindsphereEmulator.start(options)).rejects.toThrow(TypeError);
    });

    it('closes more than once', async () => {
      await start();
      await lab.emulator.close();
      await lab.emulator.close();
      await expect(fetch(lab.emulator.origin)).rejects.toThrow('fetch failed');
    });

    it('closes while a request is held, and drops the timer', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      await start();
      lab.emulator.failNext('token-keys', { delayMs: 60_000 });
      const outcome = ask('/piam/customer/token_keys').then(
        () => 'answered',
        () => 'failed',
      );
      await untilTrue(() => vi.getTimerCount() > 0);

      await lab.emulator.close();

      expect(await outcome).toBe('failed');
      await untilTrue(() => vi.getTimerCount() === 0);
    });

    it('closes while a connection has sent nothing', async () => {
      await start();
      const socket = connect(lab.emulator.port, '127.0.0.1').on('error', () => undefined);
      await new Promise((resolve) => socket.once('connect', resolve));
      const ended = new Promise((resolve) => socket.once('close', () => resolve('closed')));
      await lab.emulator.close();
      expect(await ended).toBe('closed');
    });
  });

  describe('addresses', () => {
    it.each([
      {
        path: '/piam/customer/oauth/token',
        host: 'gateway.emulator.test',
        issuer: 'http://gateway.emulator.test/piam/customer/oauth/token',
      },
      {
        path: '/piam/CUSTOMER/oauth/token',
        host: 'LOCALHOST:1',
        issuer: 'http://localhost:1/piam/customer/oauth/token',
      },
      { path: '/oauth/token', host: 'customer.piam.a.test:1', issuer: 'http://customer.piam.a.test:1/oauth/token' },
      { path: '/oauth/token', host: 'CUSTOMER.piam.A.test', issuer: 'http://customer.piam.a.test/oauth/token' },
    ])('$host$path issues as $issuer', async ({ path, host, issuer }) => {
      await start();
      const { text } = await rawRequest(lab.emulator.port, {
        path,
        method: 'POST',
        headers: {
          host,
          'content-type': 'application/x-www-form-urlencoded',
          authorization: basic('customer-technicaluser', 'emulated-tenant-secret'),
        },
        body: 'grant_type=client_credentials',
      });
      expect(issuerIn(text)).toBe(issuer);
    });

    it.each([
      { path: '/', status: 404 },
      { path: '/token_keys', status: 404 },
      { path: '/oauth/token', status: 404 },
      { path: `${TOKEN_MANAGER}/`, status: 401 },
      { path: '/piam/customer/token_keys/', status: 404 },
      { path: '/piam/not.a.label/token_keys', status: 404 },
      { path: '/piam/-a/token_keys', status: 404 },
      { path: '/token_keys', host: 'gateway.emulator.test', status: 404 },
      { path: '/token_keys', host: 'a.b.piam.emulator.test', status: 421 },
      { path: '/token_keys', host: 'core.piam.emulator.test', status: 200 },
      { path: '/api/x', host: 'core.piam.emulator.test', status: 404 },
      { path: '/piam/customer/token_keys', host: 'bad host', status: 400 },
      { path: 'http://127.0.0.1/piam/customer/token_keys', status: 400 },
    ])('answers $status to $path at host $host', async ({ path, host = 'localhost', status }) => {
      await start();
      expect((await rawRequest(lab.emulator.port, { path, headers: { host } })).status).toBe(status);
    });

    it('has servers only for the named tenants, where these are named', async () => {
      await start({ tenants: ['core'] });
      const statuses = ['core', 'CORE', 'customer', 'operator', 'stranger'].map(
        async (tenant) => (await ask(`/piam/${tenant}/token_keys`)).status,
      );
      expect(await Promise.all(statuses)).toEqual([200, 200, 200, 200, 404]);
    });

    it.each([
      { path: TOKEN_MANAGER, method: 'GET', allow: 'POST' },
      { path: '/piam/customer/oauth/token', method: 'GET', allow: 'POST' },
      { path: '/piam/customer/oauth/token', method: 'PUT', allow: 'POST' },
      { path: '/piam/customer/token_keys', method: 'POST', allow: 'GET, HEAD' },
    ])('answers 405 to $method $path', async ({ path, method, allow }) => {
      await start();
      const response = await ask(path, { method, body: '' });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe(allow);
    });

    it('answers 400 to what is no HTTP', async () => {
      await start();
      const socket = connect(lab.emulator.port, '127.0.0.1', () => socket.write('nonsense\r\n\r\n'));
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      expect(text).toContain('400 Bad Request');
    });
  });

  describe('failNext', () => {
    it('answers once with a status, headers and a body, then as usual', async () => {
      await start();
      lab.emulator.failNext('tenant-token', {
        status: 429,
        headers: { 'retry-after': '2' },
        body: { error: 'slow_down' },
      });

      const failed = await askTenantToken();
      expect(failed.status).toBe(429);
      expect(failed.headers.get('retry-after')).toBe('2');
      expect(await failed.json()).toEqual({ error: 'slow_down' });
      expect((await askTenantToken()).status).toBe(200);
    });

    it('lasts as many times as told, and keeps its order', async () => {
      await start();
      lab.emulator.failNext('token-keys', { times: 2, status: 503 });
      lab.emulator.failNext('token-keys', { status: 502, body: '<html>' });
      lab.emulator.failNext('app-token', {});
      const statuses: number[] = [];
      for (let turn = 0; turn < 4; turn += 1) statuses.push((await ask('/piam/customer/token_keys')).status);
      expect(statuses).toEqual([503, 503, 502, 200]);
      expect((await askAppToken()).status).toBe(500);
    });

    it('answers 200 with a text of its own', async () => {
      await start();
      lab.emulator.failNext('token-keys', { body: '{"keys":' });
      const response = await ask('/piam/customer/token_keys');
      expect(response.status).toBe(200);
      expect(await response.text()).toBe('{"keys":');
    });

    it('befalls APIs, too', async () => {
      await start();
      lab.emulator.failNext('api', { status: 401 });
      expect((await askApi(lab.emulator.issueUserToken())).status).toBe(401);
      expect((await askApi(lab.emulator.issueUserToken())).status).toBe(200);
    });

    it('holds the usual answer', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      await start();
      lab.emulator.failNext('token-keys', { delayMs: 5_000 });
      const response = ask('/piam/customer/token_keys');
      await untilTrue(() => vi.getTimerCount() > 0 && lab.emulator.requests('token-keys').length === 1);
      vi.advanceTimersByTime(5_000);
      expect((await response).status).toBe(200);
    });

    it('resets the connection', async () => {
      await start();
      lab.emulator.failNext('token-keys', { reset: true });
      const refused = rawRequest(lab.emulator.port, { path: '/piam/customer/token_keys' });
      await expect(refused).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(lab.emulator.requests('token-keys')).toHaveLength(1);
    });

    it.each([{ times: 0 }, { status: 99 }, { status: 600 }, { delayMs: -1 }, { headers: { 'a b': 'c' } }])(
      'refuses %j',
      async (fault) => {
        await start();
        expect(() => lab.emulator.failNext('api', fault)).toThrow(TypeError);
      },
    );
  });

  describe('requests', () => {
    it('record what arrived, with secrets cut', async () => {
      await start();
      const before = Date.now();
      await askAppToken();

      const [request, ...others] = lab.emulator.requests('app-token');
      expect(others).toEqual([]);
      expect(request).toMatchObject({ endpoint: 'app-token', method: 'POST', path: TOKEN_MANAGER });
      expect(request?.headers).toMatchObject({ 'x-space-auth-key': 'Basic ***', 'content-type': 'application/json' });
      expect(JSON.parse(request?.body ?? '')).toMatchObject({ appName: 'myapp', userTenant: 'customer' });
      expect(request?.receivedAt.getTime()).toBeGreaterThanOrEqual(before);
    });

    it('hold no secret, wherever it stood', async () => {
      await start();
      const token = lab.emulator.issueUserToken();
      await askApi(token, `/api/x?access_token=${token}&jwt=${token}`);
      await askAppToken({ caller_context: token, clientSecret: 'hidden-1' });
      await askAppToken({}, { headers: { 'x-space-auth-key': 'hidden-2', cookie: 'session=hidden-3' } });
      await askTenantToken('client_secret=hidden-4&grant_type=client_credentials&x=emulated-tenant-secret');

      const text = JSON.stringify(lab.emulator.requests());
      expect(lab.emulator.requests()).toHaveLength(4);
      for (const part of token.split('.')) expect(text).not.toContain(part);
      expect(text).not.toMatch(/hidden-\d/);
      expect(text).not.toContain('emulated-tenant-secret');
      expect(text).not.toContain(encode('customer-technicaluser:emulated-tenant-secret'));
      expect(lab.emulator.requests('api')[0]?.headers['authorization']).toBe('Bearer ***');
      expect(lab.emulator.requests('tenant-token')[0]?.headers['authorization']).toBe('Basic ***');
    });

    it('are forgotten on demand', async () => {
      await start();
      await askAppToken();
      lab.emulator.clearRequests();
      expect(lab.emulator.requests()).toEqual([]);
    });
  });
});

import { networkInterfaces } from 'node:os';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import { objectOf, useEmulator } from './emulator-lab.js';
import { rawRequest } from './raw-request.js';

/** An address of this machine that other machines see. */
const OWN_ADDRESS = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.internal === false && address.family === 'IPv4')?.address;

describe('Control of the emulator over HTTP', () => {
  const lab = useEmulator();
  const { ask, askAppToken, start } = lab;
  const post = (path: string, body: unknown = {}) =>
    ask(`/__emulator/${path}`, { method: 'POST', body: JSON.stringify(body) });

  it('issues tokens of users', async () => {
    await start({ xcelerator: true });
    const request = { tenant: 'acme', userName: 'ann', scopes: ['myapp.user'], expiresInSeconds: 60 };
    const { token } = await objectOf(await post('user-token', request));
    expect(decodeJwt(String(token))).toMatchObject({ ten: 'acme', user_name: 'ann', scope: ['myapp.user'] });
    const other = { platform: 'xcelerator', tenant: '1000000351', tenantName: 'acme' };
    const { token: second } = await objectOf(await post('user-token', other));
    expect(decodeJwt(String(second))).toMatchObject({ 'sws.samauth.ten.name': 'acme' });
    const empty = await ask('/__emulator/user-token', { method: 'POST', body: '' });
    expect(decodeJwt(String((await objectOf(empty))['token']))).toMatchObject({ ten: 'customer' });
    expect(empty.headers.get('cache-control')).toBe('no-store');
  });

  it('makes requests fail, rotates keys and lists what arrived', async () => {
    await start();
    const fault = { endpoint: 'app-token', status: 429, headers: { 'retry-after': '1' }, times: 2 };
    expect((await post('fail', fault)).status).toBe(204);
    expect([(await askAppToken()).status, (await askAppToken()).status, (await askAppToken()).status]).toEqual([
      429, 429, 200,
    ]);
    const { kid } = decodeProtectedHeader(lab.emulator.issueUserToken());
    expect((await post('rotate-keys')).status).toBe(204);
    expect(decodeProtectedHeader(lab.emulator.issueUserToken()).kid).not.toBe(kid);
    const requests: unknown = await (await ask('/__emulator/requests')).json();
    expect(requests).toMatchObject([{ endpoint: 'app-token', status: 429 }, { status: 429 }, { status: 200 }]);
    expect(JSON.stringify(requests)).not.toContain('emulated-app-secret');
    expect(await (await ask('/__emulator/requests?endpoint=api')).json()).toEqual([]);
  });

  it.each([
    ['user-token', '[]', 'JSON object'],
    ['user-token', '{', 'JSON object'],
    ['user-token', '{"tenants":"a"}', 'body may hold'],
    ['user-token', '{"__proto__":{"tenant":"a"}}', 'body may hold'],
    ['user-token', '{"tenant":null}', 'tenant must be a string'],
    ['user-token', '{"scopes":"a"}', 'scopes must be'],
    ['user-token', '{"expiresInSeconds":1e999}', 'expiresInSeconds must be'],
    ['user-token', '{"platform":"xcelerator"}', 'xcelerator: true'],
    ['fail', '{}', 'endpoint must be one of'],
    ['fail', '{"endpoint":"api","status":99}', 'status must be'],
    ['fail', '{"endpoint":"api","headers":{"a b":"c"}}', 'a b'],
    ['rotate-keys', '{"platform":"x"}', 'platform must be'],
  ])('refuses %s %s', async (path, body, message) => {
    await start();
    const response = await ask(`/__emulator/${path}`, { method: 'POST', body });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(message);
  });

  it('knows its methods alone', async () => {
    await start();
    expect((await ask('/__emulator/user-token')).status).toBe(405);
    expect((await post('requests')).status).toBe(405);
    expect((await post('other')).status).toBe(404);
  });

  it.each([
    { what: 'its own page', headers: (own: string) => ({ origin: `http://${own}` }), status: 200 },
    { what: 'no page', headers: () => ({}), status: 200 },
    { what: 'its own page, by the browser', headers: () => ({ 'sec-fetch-site': 'same-origin' }), status: 200 },
    { what: 'a foreign page', headers: () => ({ origin: 'https://evil.example' }), status: 403 },
    { what: 'a page at another port', headers: () => ({ origin: 'http://127.0.0.1:3000' }), status: 403 },
    { what: 'its own page by https', headers: (own: string) => ({ origin: `https://${own}` }), status: 403 },
    { what: 'a sandboxed page', headers: () => ({ origin: 'null' }), status: 403 },
    { what: 'a foreign page, by the browser', headers: () => ({ 'sec-fetch-site': 'cross-site' }), status: 403 },
    { what: 'another port, by the browser', headers: () => ({ 'sec-fetch-site': 'same-site' }), status: 403 },
    { what: 'a name of a page', headers: () => ({ host: 'evil.example' }), status: 421 },
    { what: 'an emulated name', headers: () => ({ host: 'gateway.emulator.test' }), status: 403 },
  ])('answers $status to $what', async ({ headers, status }) => {
    await start();
    const host = `127.0.0.1:${lab.emulator.port}`;
    const answer = await rawRequest(lab.emulator.port, {
      path: '/__emulator/user-token',
      method: 'POST',
      headers: { host, ...headers(host) },
      body: '{}',
    });
    expect(answer.status).toBe(status);
    expect(answer.text.includes('"token"')).toBe(status === 200);
  });

  it.runIf(OWN_ADDRESS !== undefined)('answers no connection from another address than loopback', async () => {
    await start({ host: '0.0.0.0' });
    const { port } = lab.emulator;
    const call = (localAddress?: string) =>
      rawRequest(port, {
        path: '/__emulator/user-token',
        method: 'POST',
        body: '{}',
        headers: { host: `127.0.0.1:${port}` },
        localAddress,
      });
    expect((await call(OWN_ADDRESS)).status).toBe(403);
    expect((await call()).status).toBe(200);
  });

  it('refuses a body that is too large', async () => {
    await start();
    expect((await post('user-token', { tenant: 'a'.repeat(70_000) })).status).toBe(413);
  });
});

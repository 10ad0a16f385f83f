import { describe, expect, it } from 'vitest';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { until } from '../../support/basics.js';
import { ANN, ask, Gateway, PAGE, startApplication, startGateway, stop } from './gateway-lab.js';

const ASSETS = '/api/assetmanagement/v3/assets';

async function started(): Promise<Gateway> {
  const { url } = await startApplication();
  return startGateway({ url });
}

const press = (gateway: Gateway, button: string, form: Record<string, string> = {}, headers = {}) =>
  gateway.ask(`/__emulator/page/${button}`, { method: 'POST', headers, body: new URLSearchParams(form).toString() });

/** Text of a page without its markup. */
const wordsOf = (page: string) => page.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');

describe('/__emulator/', () => {
  it('shows who is signed in, and the claims of a token without the token', async () => {
    const gateway = await started();
    expect(wordsOf((await gateway.ask('/__emulator/')).text)).toContain('Nobody is signed in');
    await gateway.signIn(1);
    const { status, text } = await gateway.ask('/__emulator/');
    expect(status).toBe(200);
    expect(wordsOf(text)).toMatch(/Signed in as olga@ ?example.com/);
    for (const claim of ['iss', 'exp', 'ten', 'scope', 'user_name']) expect(text).toContain(`<code>${claim}</code>`);
    expect(text).not.toMatch(/eyJ[\w-]{20,}/);
    for (const secret of gateway.cookies.values()) expect(text).not.toContain(secret);
    expect((await gateway.ask('/__emulator')).headers.location).toBe('/__emulator/');
  });

  it('shows the last 50 requests with their statuses, the newest first, without queries', async () => {
    const gateway = await started();
    await gateway.signIn();
    await gateway.ask(`${ASSETS}?secret=1`);
    for (let count = 0; count < 60; count += 1) {
      // oxlint-disable-next-line no-await-in-loop -- in an order
      await gateway.ask(`/page-${count}?token=abc`);
    }
    await gateway.ask('/written', { method: 'POST' });
    const { text } = await gateway.ask('/__emulator/page/requests');
    expect(text.match(/<tr>/g)).toHaveLength(50);
    expect(wordsOf(text)).toMatch(
      /^ ?\d\d:\d\d:\d\d POST \/written 403 Forbidden gateway \d+ ms .*\/page-59 200 OK application/,
    );
    expect(text).not.toContain('/page-10<');
    expect(text).not.toContain('abc');
  });

  it('makes the next requests fail, slow, and signed with another key', async () => {
    const gateway = await started();
    await gateway.signIn();
    const done = await press(gateway, 'fail', { endpoint: 'api', status: '429', times: '2' });
    expect([done.status, done.headers.location]).toEqual([303, '/__emulator/?done=fail']);
    expect((await gateway.ask('/__emulator/?done=fail')).text).toContain('will fail as you asked');
    const statuses = [await gateway.ask(ASSETS), await gateway.ask(ASSETS), await gateway.ask(ASSETS)];
    expect(statuses.map(({ status }) => status)).toEqual([429, 429, 200]);

    const kid = (token: string) => JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()).kid as string;
    const before = kid(gateway.emulator.issueUserToken(ANN));
    expect((await press(gateway, 'rotate-keys')).headers.location).toBe('/__emulator/?done=keys');
    expect(kid(gateway.emulator.issueUserToken(ANN))).not.toBe(before);
    expect((await gateway.ask(ASSETS)).status).toBe(200);

    expect((await press(gateway, 'latency', { ms: '80' })).status).toBe(303);
    expect((await gateway.ask('/__emulator/')).text).toContain('value="80"');
    for (const path of ['/x', ASSETS]) {
      const began = performance.now();
      // oxlint-disable-next-line no-await-in-loop -- one is timed after the other
      await gateway.ask(path);
      expect(performance.now() - began).toBeGreaterThan(78);
    }
  });

  it.each<[string, Record<string, string>]>([
    ['fail', { endpoint: 'nothing', status: '500', times: '1' }],
    ['latency', { ms: '60001' }],
    ['latency', { ms: '-1' }],
    ['latency', {}],
  ])('says what is not possible: %s %j', async (button, form) => {
    const gateway = await started();
    const { status, text } = await press(gateway, button, form);
    expect([status, text.includes('That is not possible')]).toEqual([400, true]);
  });

  it.each(['fail', 'latency', 'rotate-keys'])('%s is refused to pages of others', async (button) => {
    const gateway = await started();
    const form = { endpoint: 'api', status: '500', times: '1', ms: '5000' };
    const before = gateway.emulator.issueUserToken(ANN).split('.')[0];
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: `http://localhost:${gateway.emulator.port}` },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- four attempts
      expect((await press(gateway, button, form, headers)).status).toBe(403);
    }
    expect(gateway.emulator.issueUserToken(ANN).split('.')[0]).toBe(before);
    await gateway.signIn();
    expect((await gateway.ask(ASSETS)).status).toBe(200);
    expect((await press(gateway, button, form, { origin: gateway.emulator.origin })).status).toBe(303);
  });

  it('is not to be reached by another name, which a page could make lead here', async () => {
    const gateway = await started();
    for (const path of ['/__emulator/', '/', '/logout', ASSETS]) {
      // oxlint-disable-next-line no-await-in-loop -- four paths
      const { status } = await gateway.ask(path, {
        headers: { host: `evil.example:${gateway.emulator.port}`, ...PAGE },
      });
      expect([path, status]).toEqual([path, 421]);
    }
    const byName = await gateway.ask('/__emulator/', { headers: { host: `localhost:${gateway.emulator.port}` } });
    expect(byName.status).toBe(200);
  });

  it('every page of the gateway has a policy that lets nothing in from outside, and no frame around it', async () => {
    const { server, url } = await startApplication();
    const gateway = await startGateway({ url });
    const pages = [await gateway.ask('/', { headers: PAGE }), await gateway.ask('/__emulator/')];
    await gateway.signIn();
    pages.push(await gateway.ask('/x', { method: 'POST', headers: PAGE }));
    stop(server);
    pages.push(await gateway.ask('/x', { headers: PAGE }), await gateway.ask('/logout', { headers: PAGE }));
    pages.push(await gateway.ask('/__emulator/assets/gateway.css'), await gateway.ask('/__emulator/assets/gateway.js'));
    expect(pages.map(({ status }) => status)).toEqual([200, 200, 403, 502, 200, 200, 200]);
    for (const { headers, text } of pages) {
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; .*frame-ancestors 'none'$/);
      expect(headers['content-security-policy']).not.toMatch(/unsafe|https?:|\*/);
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
      expect(text).not.toMatch(/ style="| on[a-z]+="|<script>|https?:\/\/(?!127\.0\.0\.1)/);
    }
  });
});

describe('serveApplication', () => {
  it.each([
    [{ url: '127.0.0.1:3000' }, 'url must be like'],
    [{ url: 'ftp://127.0.0.1' }, 'url must be like'],
    [{ url: 'http://127.0.0.1:3000/app' }, 'url must be like'],
    [{ url: 'http://a:b@127.0.0.1:3000' }, 'url must be like'],
    [{ url: 'http://127.0.0.1:1', sessionMinutes: 0 }, 'sessionMinutes must be a number above 0'],
    [{ url: 'http://127.0.0.1:1', sessionMinutes: Number.NaN }, 'sessionMinutes must be a number above 0'],
    [{ url: 'http://127.0.0.1:1', ownApi: ['/mine'] }, 'ownApi must be a path like'],
    [{ url: 'http://127.0.0.1:1', ownApi: ['/api/'] }, 'ownApi must be a path like'],
    [{ url: 'http://127.0.0.1:1', users: [] }, 'users must not be empty'],
    [{ url: 'http://127.0.0.1:1', platform: 'other' as 'mindsphere' }, 'platform must be one of'],
  ])('refuses %j', async (options, reason) => {
    await expect(startGateway(options)).rejects.toThrow(reason);
  });

  it('refuses to stand before itself, and to stand where other machines reach it', async () => {
    const { emulator } = await started();
    await expect(emulator.serveApplication({ url: emulator.origin })).rejects.toThrow(
      'url must not be the emulator itself',
    );
    await expect(startGateway({ url: 'http://127.0.0.1:1' }, { host: '0.0.0.0' })).rejects.toThrow(
      'host must be a loopback address',
    );
  });

  it('may be called again: another application, and nobody is signed in there', async () => {
    const gateway = await started();
    await gateway.signIn();
    const { url } = await startApplication((_message, response) => response.end('another'));
    await gateway.emulator.serveApplication({ url });
    expect((await gateway.ask('/')).status).toBe(401);
    await gateway.signIn();
    expect((await gateway.ask('/')).text).toBe('another');
  });

  it('an emulator without it answers as before, also a request to upgrade', async () => {
    const emulator = await MindsphereEmulator.start();
    const upgrade = { connection: 'Upgrade', upgrade: 'h2c' };
    const { status } = await ask(emulator.port, '/piam/customer/token_keys', { headers: upgrade });
    expect(status).toBe(200);
    expect((await ask(emulator.port, '/', { headers: PAGE })).status).toBe(404);
    await emulator.close();
  });

  it('reaches an application by IPv6', async (context) => {
    const { createServer } = await import('node:http');
    const server = createServer((_message, response) => response.end('six'));
    const listens = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(0, '::1', () => resolve(true));
    });
    if (!listens) context.skip();
    const { port } = server.address() as { port: number };
    const gateway = await startGateway({ url: `http://[::1]:${port}` });
    expect((await gateway.ask('/', { headers: { authorization: 'Bearer x' } })).text).toBe('six');
    stop(server);
    await until(() => !server.listening);
  });
});

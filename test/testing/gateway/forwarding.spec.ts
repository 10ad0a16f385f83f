import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage, request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { until } from '../../support/basics.js';
import { ANN, ask, claimsIn, echoed, PAGE, startApplication, startGateway, stop } from './gateway-lab.js';

const ASSETS = '/api/assetmanagement/v3/assets';

describe('What reaches the application', () => {
  it('has a fresh token of the user, whatever the browser set there, and none of the gateway’s cookies', async () => {
    const { url } = await startApplication();
    const gateway = await startGateway({ url });
    await gateway.signIn();
    const session = [...gateway.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const forged = { authorization: 'Bearer forged', cookie: `theme=dark; ${session}; lang=de` };
    const first = echoed(await gateway.ask('/x?y=%20z', { headers: forged }));
    expect(first).toMatchObject({ method: 'GET', url: '/x?y=%20z' });
    expect(first.headers.cookie).toBe('theme=dark; lang=de');
    expect(claimsIn(first)).toMatchObject({ ten: 'customer', user_name: ANN.userName, scope: ANN.scopes });
    const second = echoed(await gateway.ask('/x'));
    expect(second.headers.cookie).toBeUndefined();
    expect(claimsIn(second)['jti']).not.toBe(claimsIn(first)['jti']);
    const { port } = gateway.emulator;
    const answer = await ask(port, ASSETS, { headers: { authorization: String(second.headers.authorization) } });
    expect(answer.status).toBe(200);
  });

  it('has what the gateway knows of the browser, not what the browser claims', async () => {
    const { url } = await startApplication();
    const gateway = await startGateway({ url });
    await gateway.signIn();
    const claimed = {
      'x-forwarded-for': '10.1.1.1',
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example',
    };
    const { headers } = echoed(await gateway.ask('/', { headers: claimed }));
    const host = `127.0.0.1:${gateway.emulator.port}`;
    expect(headers).toMatchObject({ host, 'x-forwarded-host': host, 'x-forwarded-proto': 'http' });
    expect(JSON.stringify(headers)).not.toMatch(/evil|10\.1\.1\.1/);
  });

  it('is a bearer token of one’s own, as it is, where there is no session', async () => {
    const { url } = await startApplication();
    const gateway = await startGateway({ url });
    const own = { authorization: 'Bearer of-my-own', cookie: 'SESSION=stale; theme=dark' };
    const { headers } = echoed(await gateway.ask('/', { headers: { ...own, ...PAGE } }));
    expect([headers.authorization, headers.cookie]).toEqual(['Bearer of-my-own', 'theme=dark']);
    for (const authorization of ['Basic YTpi', 'Bearer', 'Bearer ']) {
      // oxlint-disable-next-line no-await-in-loop -- three requests
      expect((await gateway.ask('/', { headers: { authorization } })).status).toBe(401);
    }
  });

  it('is nothing at all without a session: 401, which names the scheme', async () => {
    const seen: string[] = [];
    const { url } = await startApplication((message, response) => {
      seen.push(message.url ?? '');
      response.end();
    });
    const gateway = await startGateway({ url });
    const { status, headers } = await gateway.ask('/x');
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect((await gateway.ask('/x', { method: 'POST', body: 'x' })).status).toBe(401);
    expect((await gateway.ask('/x', { method: 'POST', body: 'x', headers: PAGE })).status).toBe(200);
    expect(seen).toEqual([]);
  });

  it('answers as it wants, but does not replace the session', async () => {
    const { url } = await startApplication((_message, response) => {
      response.writeHead(201, 'Fine', {
        'set-cookie': ['SESSION=mine', 'theme=dark; Path=/', 'XSRF-TOKEN=mine'],
        'x-own': 'ö',
        'keep-alive': 'timeout=77',
        'content-encoding': 'identity',
      });
      response.end('body');
    });
    const gateway = await startGateway({ url });
    await gateway.signIn();
    const answer = await gateway.ask('/');
    expect(answer).toMatchObject({ status: 201, text: 'body', headers: { 'set-cookie': ['theme=dark; Path=/'] } });
    expect(answer.headers['keep-alive']).not.toBe('timeout=77');
    expect(answer.headers['content-encoding']).toBe('identity');
  });

  it('redirects through the gateway, also where it names its own address', async () => {
    const { url } = await startApplication((_message, response) => {
      response.writeHead(302, { location: `${url}/elsewhere` });
      response.end();
    });
    const gateway = await startGateway({ url });
    await gateway.signIn();
    const { headers } = await gateway.ask('/');
    expect(headers.location).toBe(`${gateway.emulator.origin}/elsewhere`);
  });
});

describe('/api', () => {
  it('belongs to the emulated APIs, which see the user', async () => {
    const { url } = await startApplication();
    const gateway = await startGateway({ url });
    await gateway.signIn();
    const forged = { authorization: 'Bearer forged' };
    const answer = await gateway.ask(`${ASSETS}?size=1`, { headers: forged });
    expect(JSON.parse(answer.text)).toMatchObject({ path: ASSETS, tenant: 'customer', userName: ANN.userName });
    expect(gateway.emulator.requests('api')).toHaveLength(1);
    expect(gateway.emulator.requests('api')[0]?.headers['cookie'] ?? '***').toBe('***');
    gateway.cookies.clear();
    expect((await gateway.ask(ASSETS)).status).toBe(401);
    expect((await gateway.ask(ASSETS, { headers: PAGE })).text).toContain('Who do you want to be?');
  });

  it('belongs to the application where --own-api says so: whole segments', async () => {
    const { url } = await startApplication();
    const gateway = await startGateway({ url, ownApi: ['/api/mine', '/api/v2/ours/'] });
    await gateway.signIn();
    const reached = async (path: string) => (echoed(await gateway.ask(path)).url === path ? 'application' : 'api');
    for (const path of [
      '/api/mine',
      '/api/mine?x',
      '/api/mine/x',
      '/api/v2/ours',
      '/api/v2/ours/x/y',
      '/apis',
      '/api',
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- so that a failure names its path
      expect([path, await reached(path)]).toEqual([path, 'application']);
    }
    for (const path of ['/api/mine2', '/api/v2', '/api/v2/our', '/api/Mine']) {
      // oxlint-disable-next-line no-await-in-loop -- so that a failure names its path
      expect([path, await reached(path)]).toEqual([path, 'api']);
    }
  });

  it('leaves token requests and key sets to backends, with a session or without', async () => {
    const { url } = await startApplication();
    const gateway = await startGateway({ url, ownApi: ['/api/technicaltokenmanager'] });
    const { app, tenant } = gateway.emulator.moduleOptions;
    const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
    const { appName, appVersion, hostTenant, userTenant } = app;
    const appToken = () =>
      gateway.ask('/api/technicaltokenmanager/v3/oauth/token', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-space-auth-key': basic(app.keyStoreClientId, app.keyStoreClientSecret),
        },
        body: JSON.stringify({ appName, appVersion, hostTenant, userTenant }),
      });
    const tenantToken = () =>
      gateway.ask(`/piam/${tenant.tenant}/oauth/token`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          authorization: basic(tenant.clientId, tenant.clientSecret),
        },
        body: 'grant_type=client_credentials',
      });
    for (const signedIn of [false, true]) {
      // oxlint-disable no-await-in-loop -- first without a session, then with one
      if (signedIn) await gateway.signIn();
      expect((await appToken()).status).toBe(200);
      expect((await tenantToken()).status).toBe(200);
      expect((await gateway.ask('/piam/customer/token_keys', { headers: PAGE })).text).toContain('"keys"');
      // oxlint-enable no-await-in-loop
    }
  });
});

describe('Nothing is buffered', () => {
  it('server-sent events arrive one by one, their headers before the first', async () => {
    let answer: import('node:http').ServerResponse | undefined;
    const { url } = await startApplication((_message, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      answer = response;
    });
    const gateway = await startGateway({ url });
    const authorization = 'Bearer x';
    const incoming = await new Promise<IncomingMessage>((resolve) => {
      get(`${gateway.emulator.origin}/events`, { headers: { authorization, accept: 'text/event-stream' } }, resolve);
    });
    expect(incoming.headers['content-type']).toBe('text/event-stream');
    let text = '';
    incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      answer?.write(event);
      // oxlint-disable-next-line no-await-in-loop -- the second is sent once the first has arrived
      await until(() => text.endsWith(event));
    }
    incoming.destroy();
    await until(() => answer?.destroyed === true);
  });

  it('a body begins to reach the application before it has ended, and a slow reader holds the sender back', async () => {
    let received = 0;
    let first: IncomingMessage | undefined;
    const { url } = await startApplication((message) => {
      first = message;
      message.once('data', (chunk: Buffer) => {
        received += chunk.length;
        message.pause();
      });
    });
    const gateway = await startGateway({ url });
    const upload = request(`${gateway.emulator.origin}/upload`, {
      method: 'PUT',
      headers: { authorization: 'Bearer x' },
    });
    upload.on('error', () => undefined);
    upload.write(randomBytes(1_000));
    await until(() => received > 0 && first?.complete === false);
    // So much that the buffers of all sockets are full, and the sender has to wait.
    const block = randomBytes(1_000_000);
    let isFull = false;
    for (let count = 0; count < 40 && !isFull; count += 1) {
      isFull = !upload.write(block);
      // oxlint-disable-next-line no-await-in-loop -- lets what can be written be written
      if (isFull) await Promise.race([once(upload, 'drain').then(() => (isFull = false)), turns(200)]);
    }
    expect(isFull).toBe(true);
    upload.destroy();
  });

  it('a large body arrives whole in both directions', async () => {
    const { url } = await startApplication((message, response) => message.pipe(response));
    const gateway = await startGateway({ url });
    const body = randomBytes(20_000_000);
    const hash = createHash('sha256');
    const size = await new Promise<number>((resolve, reject) => {
      const headers = { authorization: 'Bearer x', 'content-length': String(body.length) };
      const outgoing = request(`${gateway.emulator.origin}/x`, { method: 'POST', headers }, (incoming) => {
        let length = 0;
        incoming.on('data', (chunk: Buffer) => {
          length += chunk.length;
          hash.update(chunk);
        });
        incoming.on('end', () => resolve(length)).on('error', reject);
      });
      outgoing.on('error', reject).end(body);
    });
    expect([size, hash.digest('hex')]).toEqual([body.length, createHash('sha256').update(body).digest('hex')]);
  });
});

describe('An application', () => {
  it('that is down: 502, for pages with a page that says so and loads itself again', async () => {
    const { server, url } = await startApplication();
    const gateway = await startGateway({ url });
    await gateway.signIn();
    stop(server);
    const page = await gateway.ask('/x', { headers: PAGE });
    expect([page.status, page.headers['content-type']]).toEqual([502, 'text/html; charset=utf-8']);
    for (const shown of [url, 'ECONNREFUSED', 'http-equiv="refresh"']) expect(page.text).toContain(shown);
    const other = await gateway.ask('/x');
    expect([other.status, JSON.parse(other.text)]).toEqual([
      502,
      expect.objectContaining({ errors: [expect.anything()] }),
    ]);
    const posted = await gateway.ask('/x', { method: 'POST', headers: { ...PAGE, ...gateway.proof }, body: 'x' });
    expect([posted.status, posted.text.includes('http-equiv="refresh"')]).toEqual([502, false]);
  });

  it('that was started anew answers the next request, and the session is still there', async () => {
    const { server, url } = await startApplication();
    const gateway = await startGateway({ url });
    await gateway.signIn();
    for (let count = 0; count < 3; count += 1) expect((await gateway.ask('/')).status).toBe(200);
    stop(server);
    expect((await gateway.ask('/')).status).toBe(502);
    await startApplication(undefined, Number(new URL(url).port));
    for (let count = 0; count < 3; count += 1) expect((await gateway.ask('/')).status).toBe(200);
  });

  it('that breaks off within its answer breaks off for the browser, too', async () => {
    const { url } = await startApplication((_message, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    const gateway = await startGateway({ url });
    await expect(gateway.ask('/', { headers: { authorization: 'Bearer x' } })).rejects.toThrow(
      /aborted|hang up|ECONNRESET/,
    );
  });

  it('learns of a browser that leaves', async () => {
    const events: string[] = [];
    const { url } = await startApplication((_message, response) => {
      events.push('came');
      response.once('close', () => events.push('left'));
    });
    const gateway = await startGateway({ url });
    const outgoing = get(`${gateway.emulator.origin}/`, { headers: { authorization: 'Bearer x' } });
    outgoing.on('error', () => undefined);
    await until(() => events.includes('came'));
    outgoing.destroy();
    await until(() => events.length === 2);
    expect(events).toEqual(['came', 'left']);
  });
});

/** Lets real I/O go on for so many milliseconds at least. */
function turns(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

import createClient from 'openapi-fetch';
import ky from 'ky';
import { MindsphereCredentialsFactory, MindsphereHttpService } from 'nestjs-mindsphere-credentials';
import { describe, expect, it, vi } from 'vitest';
import { failureOf, IMPATIENT, startPlatform } from '../support/application.js';
import { leaksOf, partsOf } from '../support/leaks.js';
import { type Answer, hang, headerOf, json, redirect, reset } from '../support/stub-platform.js';
import { ASSETS, bearerOf, startLab } from './lab.js';

const refused = json({ errors: [{ code: 'unauthorized' }] }, 401);
const echo: Answer = (exchange) => json({ got: exchange.request.rawHeaders }, 400)(exchange);

/** What a promise was rejected with. */
async function rejection(promise: Promise<unknown>): Promise<Error> {
  const failure: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof Error) return failure;
  throw new Error('no failure');
}

describe('fetch', () => {
  it('is the same function at each reading, and adds the token at the gateway', async () => {
    const { client, http, app, api } = await startLab();
    expect(client.fetch).toBe(http.as(app).fetch);
    const { fetch } = client;
    const response = await fetch(`${ASSETS}?a=1`, { headers: { 'X-A': '1' } });
    expect([response.status, response.ok, response.redirected]).toEqual([200, true, false]);
    expect(await response.json()).toEqual({ found: true });
    expect(api.only.url).toBe(`${ASSETS}?a=1`);
    expect(headerOf(api.only, 'x-a')).toBe('1');
    expect(bearerOf(api.only)).toMatch(/^ey/);
    expect(leaksOf(response, partsOf(bearerOf(api.only)))).toEqual([]);
  });

  it.each<[string, (origin: string) => string | URL | Request]>([
    ['a URL', (origin) => new URL(ASSETS, origin)],
    ['an absolute string', (origin) => origin + ASSETS],
    ['a Request', (origin) => new Request(origin + ASSETS, { headers: { 'X-A': '1' } })],
  ])('takes %s', async (_, input) => {
    const { client, api, platform } = await startLab();
    await client.fetch(input(platform.origin));
    expect(api.only.url).toBe(ASSETS);
    expect(bearerOf(api.only)).toMatch(/^ey/);
  });

  it.each<[string, string, RequestInit?]>([
    ['another origin', 'https://evil.test/api'],
    ['another scheme', 'ftp://evil.test'],
    ['dot segments', '/api/../b'],
    ['an Authorization header', ASSETS, { headers: { authorization: 'Bearer x' } }],
    ['a Host header', ASSETS, { headers: { host: 'evil.test' } }],
    ['a dispatcher of its own', ASSETS, { dispatcher: {} } as RequestInit],
  ])('rejects %s before anything is sent', async (_, url, init) => {
    const { client, platform } = await startLab();
    expect(await failureOf(client.fetch(url, init))).toMatchObject({ code: 'options_invalid' });
    expect(platform.count).toBe(0);
  });

  it.each<[string, () => NonNullable<RequestInit['body']>, number]>([
    ['a string', () => 'abc', 2],
    ['bytes', () => new Uint8Array([97, 98, 99]), 2],
    ['a blob', () => new Blob(['abc']), 2],
    ['parameters', () => new URLSearchParams({ abc: '1' }), 2],
    [
      'form data',
      () => {
        const form = new FormData();
        form.append('a', 'abc');
        return form;
      },
      2,
    ],
    ['a stream', () => new Blob(['abc']).stream(), 1],
  ])('sends %s, and again on a 401 if it can be', async (_, body, times) => {
    const { client, api } = await startLab();
    api.next(refused);
    const response = await client.fetch(ASSETS, { method: 'POST', body: body(), duplex: 'half' });
    expect(response.status).toBe(times === 2 ? 200 : 401);
    expect(api.count).toBe(times);
    for (const request of api.requests) expect(request.body.toString()).toContain('abc');
    const types = api.requests.map(
      (request) => request.rawHeaders.filter((name) => /^content-type$/i.test(name)).length,
    );
    expect(new Set(types).size).toBe(1);
  });

  it("passes a 401 on for a user's token", async () => {
    const { http, module, api, platform } = await startLab();
    api.always(refused);
    const user = module.get(MindsphereCredentialsFactory).userToken(platform.userToken());
    expect((await http.as(user).fetch(ASSETS)).status).toBe(401);
    expect(api.count).toBe(1);
  });

  it('follows redirects to where the token may go, as `redirect` says', async () => {
    const { client, api } = await startLab();
    api.next(redirect('/api/b'), json({ found: true }));
    const followed = await client.fetch('/api/a');
    expect([followed.status, followed.redirected, new URL(followed.url).pathname]).toEqual([200, true, '/api/b']);
    api.next(redirect('/api/b'));
    expect((await client.fetch('/api/a', { redirect: 'manual' })).status).toBe(302);
    api.next(redirect('/api/b'));
    expect(await rejection(client.fetch('/api/a', { redirect: 'error' }))).toBeInstanceOf(TypeError);
    api.next(({ response }) => void response.writeHead(302, { location: '/api/b' }).write('x'));
    await rejection(client.fetch('/api/a', { redirect: 'error' }));
    await api.requests.at(-1)?.over;
    api.always(redirect('/api/a'));
    expect(await rejection(client.fetch('/api/a'))).toMatchObject({ cause: { message: 'redirect count exceeded' } });
  });

  it('gives a redirect to another origin as the answer, and sends nothing there', async () => {
    const other = await startPlatform();
    const { client, api } = await startLab();
    api.next(redirect(`${other.origin}/x`));
    const response = await client.fetch('/api/a');
    expect([response.status, response.headers.get('location')]).toEqual([302, `${other.origin}/x`]);
    expect(other.count).toBe(0);
  });

  it('ends with the reason of its signal, and after request.timeoutMs without an answer', async () => {
    const { client, api } = await startLab({ request: { ...IMPATIENT, deadlineMs: 5_000 } });
    api.always(hang());
    const controller = new AbortController();
    const reason = new Error('enough');
    const call = rejection(client.fetch(ASSETS, { signal: controller.signal }));
    await api.arrived();
    controller.abort(reason);
    expect(await call).toBe(reason);
    expect(await rejection(client.fetch(ASSETS))).toMatchObject({ name: 'TimeoutError' });
    expect(await rejection(client.fetch(ASSETS, { signal: AbortSignal.abort(reason) }))).toBe(reason);
  });

  it('ends with the reason of its signal while the body of a Request is read, and ends that body', async () => {
    const { client, platform } = await startLab();
    const reason = new Error('enough');
    const [early, late] = [new AbortController(), new AbortController()];
    early.abort(reason);
    for (const { signal } of [early, late]) {
      const cancelled = vi.fn<(reason: unknown) => void>();
      const body = new ReadableStream({ pull: () => new Promise<void>(() => {}), cancel: cancelled });
      const request = new Request(platform.origin + ASSETS, { method: 'POST', body, duplex: 'half', signal });
      const call = rejection(client.fetch(request));
      setImmediate(() => late.abort(reason));
      expect(await call).toBe(reason);
      expect(cancelled).toHaveBeenCalled();
    }
    expect(platform.count).toBe(0);
  });

  it.each([
    ['404 Nicht gefunden für dich', 404, 'Nicht gefunden für dich'],
    ['404 未找到', 404, ''],
    ['999 Odd', 999, 'Odd'],
  ])('gives an answer of status %s', async (line, status, statusText) => {
    const { client, api } = await startLab();
    api.always(({ response }) => void response.socket?.end(`HTTP/1.1 ${line}\r\nConnection: close\r\n\r\nno`));
    const response = await client.fetch(ASSETS);
    expect([response.status, response.ok, response.statusText]).toEqual([status, false, statusText]);
    expect(await response.text()).toBe('no');
  });

  it('masks a failed answer whole', async () => {
    const { client, api } = await startLab();
    api.always((exchange) => {
      exchange.response.setHeader('www-authenticate', `Bearer ${bearerOf(exchange.request)}`);
      return echo(exchange);
    });
    const response = await client.fetch(ASSETS);
    const secrets = partsOf(bearerOf(api.only));
    expect(leaksOf([response, [...response.headers]], secrets)).toEqual([]);
    const text = await response.text();
    expect(text).toContain('***');
    expect(leaksOf(text, secrets)).toEqual([]);
  });

  it('lets go of a failed answer that is compressed in a way which nobody can look into', async () => {
    const { client, api } = await startLab();
    api.always(({ response }) => void response.writeHead(400, { 'content-encoding': 'zstd' }).write('x'));
    expect(await (await client.fetch(ASSETS)).text()).toBe('');
    await api.only.over;
  });

  it('fails as fetch does, without the token', async () => {
    const { client, api } = await startLab();
    api.always(reset());
    const failure = await rejection(client.fetch(ASSETS));
    expect(failure).toMatchObject({ name: 'TypeError', message: 'fetch failed' });
    expect(leaksOf(failure, partsOf(bearerOf(api.only)))).toEqual([]);
  });

  it('is not led through what an application puts in the place of the global fetch', async () => {
    const { client } = await startLab();
    const spy = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('the global fetch ran'));
    expect((await client.fetch(ASSETS)).status).toBe(200);
    spy.mockRestore();
  });
});

interface Paths {
  '/api/assetmanagement/v3/assets': {
    get: { responses: { 200: { content: { 'application/json': { found: boolean } } } } };
    post: {
      requestBody: { content: { 'application/json': { name: string } } };
      responses: { 200: { content: { 'application/json': { found: boolean } } } };
    };
  };
}

describe('clients that take a fetch', () => {
  it('openapi-fetch: with a replay of its Request on a 401', async () => {
    const { client, http, api, platform } = await startLab();
    const generated = createClient<Paths>({ baseUrl: http.gatewayUrl(), fetch: client.fetch });
    api.next(refused);
    const { data } = await generated.POST('/api/assetmanagement/v3/assets', { body: { name: 'pump' } });
    expect(data).toEqual({ found: true });
    expect([api.count, platform.app.count]).toEqual([2, 2]);
    for (const request of api.requests) expect(request.body.toString()).toBe('{"name":"pump"}');
    api.always(echo);
    const failed = await generated.GET('/api/assetmanagement/v3/assets');
    expect(failed.response.status).toBe(400);
    expect(leaksOf(failed, api.requests.map(bearerOf).flatMap(partsOf))).toEqual([]);
  });

  it('ky: its errors hold no token', async () => {
    const { client, module, api } = await startLab();
    const api$ = ky.create({ fetch: client.fetch, retry: 0 });
    const url = module.get(MindsphereHttpService).gatewayUrl() + ASSETS;
    api.next(refused);
    expect(await api$.post(url, { json: { name: 'pump' } }).json()).toEqual({ found: true });
    api.always(echo);
    const failure = await rejection(api$.get(url).json());
    expect(failure.name).toBe('HTTPError');
    expect(leaksOf(failure, api.requests.map(bearerOf).flatMap(partsOf))).toEqual([]);
  });
});

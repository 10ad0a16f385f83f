import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import axios, { type AxiosError, isAxiosError, isCancel } from 'axios';
import { MindsphereCredentialsFactory, TenantCredentials, UserToken } from 'nestjs-mindsphere-credentials';
import { firstValueFrom, forkJoin, lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { failureOf, IMPATIENT, TENANT } from '../support/application.js';
import { headerOf, headerNames, hang, json, raw, reset } from '../support/stub-platform.js';
import { ASSETS, bearerOf, errorOf, startLab } from './lab.js';

const refused = json({ errors: [{ code: 'unauthorized' }] }, 401);

describe('calls of APIs', () => {
  it.each([
    ['get', 'GET', undefined],
    ['delete', 'DELETE', undefined],
    ['head', 'HEAD', undefined],
    ['options', 'OPTIONS', undefined],
    ['post', 'POST', { a: 1 }],
    ['put', 'PUT', { a: 1 }],
    ['patch', 'PATCH', { a: 1 }],
  ] as const)('%s sends %s with the token of the credentials', async (verb, method, data) => {
    const { client, api, platform } = await startLab();
    const answer = await firstValueFrom(
      verb === 'post' || verb === 'put' || verb === 'patch'
        ? client[verb](ASSETS, data as unknown)
        : client[verb](ASSETS),
    );
    expect(answer.status).toBe(200);
    expect(answer.data).toEqual(verb === 'head' ? '' : { found: true });
    expect(api.only.method).toBe(method);
    expect(api.only.url).toBe(ASSETS);
    expect(bearerOf(api.only)).toMatch(/^ey/);
    expect(api.only.body.toString()).toBe(data ? '{"a":1}' : '');
    expect(headerNames(api.only).includes('Content-Type')).toBe(data !== undefined);
    expect(platform.app.count).toBe(1);
  });

  it('request() takes the whole configuration', async () => {
    const { client, api } = await startLab();
    const config = { method: 'post', url: ASSETS, data: 'a=1', params: { q: 'a b' }, headers: { 'If-Match': '1' } };
    await firstValueFrom(client.request({ ...config, responseType: 'text' }));
    expect(api.only.url).toBe(`${ASSETS}?q=a+b`);
    expect(headerOf(api.only, 'if-match')).toBe('1');
    expect(api.only.body.toString()).toBe('a=1');
  });

  it('is cold: nothing is sent before somebody subscribes, and each subscription is a request', async () => {
    const { client, api, platform } = await startLab();
    const call = client.get(ASSETS);
    expect(platform.count).toBe(0);
    await firstValueFrom(call);
    await firstValueFrom(call);
    expect(api.count).toBe(2);
    expect(platform.app.count).toBe(1);
  });

  it('acts as whom it is given: app, tenant, user', async () => {
    const { http, app, api, module, platform } = await startLab({ tenant: TENANT });
    const jwt = platform.userToken();
    const user = module.get(MindsphereCredentialsFactory).userToken(`Bearer ${jwt}`);
    await firstValueFrom(http.as(app.forUserTenant('customer2')).get(ASSETS));
    await firstValueFrom(http.as(module.get(TenantCredentials)).get(ASSETS));
    await firstValueFrom(http.as(user).get(ASSETS));
    const claims = api.requests.map(bearerOf).map((token) => JSON.parse(atob(token.split('.')[1]!)));
    expect(claims.map(({ ten, grant_type: type }) => [ten, type])).toEqual([
      ['customer2', 'client_credentials'],
      ['acme', 'client_credentials'],
      ['acme', undefined],
    ]);
    expect(bearerOf(api.requests[2]!)).toBe(jwt);
  });

  it('has no trace of what the application sets on the global Axios', async () => {
    const { client, api } = await startLab();
    const id = axios.interceptors.request.use(() => Promise.reject(new Error('the global interceptor ran')));
    axios.defaults.headers.common['X-Global'] = '1';
    await firstValueFrom(client.get(ASSETS));
    axios.interceptors.request.eject(id);
    delete axios.defaults.headers.common['X-Global'];
    expect(headerNames(api.only)).not.toContain('X-Global');
  });

  it('passes the failures of a token on', async () => {
    const { client, api, platform } = await startLab();
    platform.app.always(json({}, 403));
    expect(await failureOf(client.get(ASSETS))).toMatchObject({ code: 'token_request_failed', status: 403 });
    expect(api.count).toBe(0);
  });

  it.each([400, 403, 404, 409, 429, 500, 503])('status %i is an AxiosError after one request', async (status) => {
    const { client, api, platform } = await startLab();
    api.always(json({ why: 'because' }, status, { 'x-logref': '7' }));
    const error = await errorOf(client.get(ASSETS));
    expect(isAxiosError(error)).toBe(true);
    expect(error).toMatchObject({
      message: `Request failed with status code ${status}`,
      code: status < 500 ? 'ERR_BAD_REQUEST' : 'ERR_BAD_RESPONSE',
      status,
      response: { status, data: { why: 'because' } },
      config: { url: ASSETS, method: 'get' },
    });
    expect((error as AxiosError).response?.headers['x-logref']).toBe('7');
    expect([api.count, platform.app.count]).toEqual([1, 1]);
  });

  it('leaves it to the caller which status pleases', async () => {
    const { client, api } = await startLab();
    api.always(json({}, 404));
    const answer = await firstValueFrom(client.get(ASSETS, { validateStatus: (status) => status === 404 }));
    expect(answer.status).toBe(404);
    expect((await firstValueFrom(client.get(ASSETS, { validateStatus: null }))).status).toBe(404);
  });

  it('says by its code why the network failed', async () => {
    const { client, api } = await startLab();
    api.always(reset());
    expect(await errorOf(client.get(ASSETS))).toMatchObject({ isAxiosError: true, code: 'ECONNRESET' });
  });

  it('gives up after request.timeoutMs, unless the call says otherwise', async () => {
    const { client, api } = await startLab({ request: { ...IMPATIENT, deadlineMs: 5_000 } });
    api.always(hang());
    expect(await errorOf(client.get(ASSETS))).toMatchObject({ code: 'ECONNABORTED', message: /100ms/ });
    expect(await errorOf(client.get(ASSETS, { timeout: 50 }))).toMatchObject({ message: /50ms/ });
  });

  it('ends a larger answer than maxContentLength', async () => {
    const { client, api } = await startLab();
    api.always(json({ text: 'x'.repeat(5_000) }));
    const error = await errorOf(client.get(ASSETS, { maxContentLength: 1_000 }));
    expect(error.message).toContain('maxContentLength');
  });

  it('aborts the request when unsubscribed', async () => {
    const { client, api } = await startLab();
    api.always(hang());
    const subscription = client.get(ASSETS).subscribe();
    await api.arrived();
    subscription.unsubscribe();
    await expect(api.only.over).resolves.toBeUndefined();
  });

  it('sends nothing when unsubscribed while the token is on its way', async () => {
    const { client, api, platform, app } = await startLab();
    const release = platform.app.hold();
    const subscription = client.get(ASSETS).subscribe();
    await platform.app.arrived();
    subscription.unsubscribe();
    release();
    await firstValueFrom(app.getToken());
    expect([platform.app.count, api.count]).toEqual([1, 0]);
  });

  it("ends with a CanceledError when the caller's signal is aborted, also while waiting for a token", async () => {
    const { client, api, platform } = await startLab();
    const release = platform.app.hold();
    const early = new AbortController();
    const waiting = errorOf(client.get(ASSETS, { signal: early.signal }));
    await platform.app.arrived();
    early.abort();
    expect(isCancel(await waiting)).toBe(true);
    release();
    const late = new AbortController();
    api.always(hang());
    const hanging = errorOf(client.get(ASSETS, { signal: late.signal }));
    await api.arrived();
    late.abort();
    expect(isCancel(await hanging)).toBe(true);
    await api.only.over;
  });

  it('gives a stream, which the caller can end', async () => {
    const { client, api } = await startLab();
    api.next(raw({ body: 'x'.repeat(100_000) }));
    const { data: whole } = await lastValueFrom(client.get<Readable>(ASSETS, { responseType: 'stream' }));
    expect(await buffer(whole)).toHaveLength(100_000);
    api.next(({ response }) => void response.writeHead(200).write('x'));
    const { data: endless } = await lastValueFrom(client.get<Readable>(ASSETS, { responseType: 'stream' }));
    endless.destroy();
    await api.requests[1]!.over;
    api.next(({ response }) => void response.writeHead(200).write('x', () => response.socket?.resetAndDestroy()));
    const { data: broken } = await lastValueFrom(client.get<Readable>(ASSETS, { responseType: 'stream' }));
    const [error] = await once(broken.resume(), 'error');
    expect(error).toMatchObject({ isAxiosError: true });
  });

  it.each([200, 500])('gives a stream of status %i that may break where nobody listens', async (status) => {
    const { client, api } = await startLab();
    api.always(({ response }) => void response.writeHead(status).write('x', () => response.socket?.resetAndDestroy()));
    const options = { responseType: 'stream', validateStatus: () => true } as const;
    const { data } = await lastValueFrom(client.get<Readable>(ASSETS, options));
    // An `error` event without a listener would end the process, and here the test run.
    const closed = new Promise((resolve) => data.once('close', resolve));
    data.pipe(new PassThrough());
    await closed;
    expect(data.errored).toMatchObject({ isAxiosError: true });
  });
});

describe('a 401', () => {
  it('makes it fetch a new token and send once more', async () => {
    const { client, api, platform } = await startLab();
    api.next(refused);
    const answer = await firstValueFrom(client.post(ASSETS, { a: 1 }));
    expect(answer.data).toEqual({ found: true });
    const [first, second] = api.requests;
    expect(second!.body.toString()).toBe('{"a":1}');
    expect(bearerOf(second!)).not.toBe(bearerOf(first!));
    expect([api.count, platform.app.count]).toEqual([2, 2]);
  });

  it('ends after two requests where the new token is refused, too', async () => {
    const { client, api, platform } = await startLab();
    api.always(refused);
    expect(await errorOf(client.get(ASSETS))).toMatchObject({ response: { status: 401 } });
    expect([api.count, platform.app.count]).toEqual([2, 2]);
  });

  it('asks for one token, however many requests get it at once', async () => {
    const { client, api, platform, app } = await startLab();
    const old = await firstValueFrom(app.getToken());
    api.always((exchange) => (bearerOf(exchange.request) === old.value ? refused : json({ found: true }))(exchange));
    await firstValueFrom(forkJoin(Array.from({ length: 100 }, () => client.get(ASSETS))));
    expect(api.count).toBe(200);
    expect(platform.app.count).toBe(2);
  });

  it('leaves a token alone that has been replaced meanwhile', async () => {
    const { client, api, platform, app } = await startLab();
    const release = api.next(refused).hold();
    const call = firstValueFrom(client.get(ASSETS));
    await api.arrived();
    app.invalidate();
    await firstValueFrom(app.getToken());
    release();
    await call;
    expect(platform.app.count).toBe(2);
  });

  it('says why where no new token is to be had', async () => {
    const { client, api, platform } = await startLab();
    api.next(refused);
    platform.app.next(platform.app.right, json({}, 400));
    expect(await failureOf(client.get(ASSETS))).toMatchObject({ code: 'token_request_failed', status: 400 });
    expect(api.count).toBe(1);
  });

  it('lets go of the refused answer where no new token is to be had', async () => {
    const { client, api, platform } = await startLab();
    api.next(({ response }) => void response.writeHead(401).write('x'));
    platform.app.next(platform.app.right, json({}, 400));
    const call = client.get(ASSETS, { responseType: 'stream' });
    expect(await failureOf(call)).toMatchObject({ code: 'token_request_failed', status: 400 });
    await api.only.over;
  });

  it.each([403, 407, 500])('is not status %i', async (status) => {
    const { client, api, app, platform } = await startLab();
    api.always(json({}, status));
    await errorOf(client.get(ASSETS));
    await firstValueFrom(app.getToken());
    expect([api.count, platform.app.count]).toEqual([1, 1]);
  });

  it("is passed on for a user's token, which nobody can renew", async () => {
    const { http, module, api, platform } = await startLab();
    api.always(refused);
    const user = module.get(MindsphereCredentialsFactory).userToken(platform.userToken());
    expect(user).toBeInstanceOf(UserToken);
    expect(await errorOf(http.as(user).get(ASSETS))).toMatchObject({ response: { status: 401 } });
    expect([api.count, platform.app.count]).toEqual([1, 0]);
  });

  it.each<[string, () => unknown]>([
    ['a stream', () => Readable.from([Buffer.from('abc')])],
    ['the stream of a generator', () => Readable.from((function* () {})())],
    [
      'form data that is a stream',
      () => {
        // Axios' own form data, of the package `form-data`.
        const form: unknown = new axios.defaults.env!.FormData!();
        (form as FormData).append('a', 'b');
        return form;
      },
    ],
    ['what Axios makes a form of', () => ({ a: 'b' })],
  ])('is passed on for %s, and the token is forgotten all the same', async (what, body) => {
    const { client, api, app, platform } = await startLab();
    api.next(refused);
    const headers = what.startsWith('what') ? { 'Content-Type': 'multipart/form-data' } : {};
    expect(await errorOf(client.post(ASSETS, body(), { headers }))).toMatchObject({ response: { status: 401 } });
    expect([api.count, platform.app.count]).toEqual([1, 1]);
    await firstValueFrom(app.getToken());
    expect(platform.app.count).toBe(2);
  });

  it.each<[string, () => unknown, string]>([
    ['a text', () => 'abc', 'abc'],
    ['bytes', () => Buffer.from('abc'), 'abc'],
    ['an array', () => new Uint8Array([97, 98, 99]), 'abc'],
    ['a blob', () => new Blob(['abc']), 'abc'],
    ['parameters', () => new URLSearchParams({ a: '1' }), 'a=1'],
    [
      'form data',
      () => {
        const form = new FormData();
        form.append('a', 'abc');
        return form;
      },
      'abc',
    ],
  ])('is repeated whole with %s', async (_, body, text) => {
    const { client, api } = await startLab();
    api.next(refused);
    await firstValueFrom(client.post(ASSETS, body()));
    expect(api.count).toBe(2);
    for (const request of api.requests) expect(request.body.toString()).toContain(text);
  });

  it('with a stream as answer is repeated as well', async () => {
    const { client, api } = await startLab();
    api.next(refused);
    const { data } = await firstValueFrom(client.get<Readable>(ASSETS, { responseType: 'stream' }));
    expect((await buffer(data)).toString()).toBe('{"found":true}');
    expect(api.count).toBe(2);
  });
});

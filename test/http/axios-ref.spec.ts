import { HttpService } from '@nestjs/axios';
import axios, { type AxiosError, type AxiosInstance, type AxiosResponse } from 'axios';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../support/application.js';
import { heldSecrets, leaksOf, partsOf } from '../support/leaks.js';
import { type Answer, hang, headerOf, json } from '../support/stub-platform.js';
import { ASSETS, bearerOf, errorOf, startLab } from './lab.js';

const refused = json({ errors: [{ code: 'unauthorized' }] }, 401);
const echo: Answer = (exchange) => json({ got: exchange.request.rawHeaders }, 400)(exchange);

/** What `openapi-generator` makes of an API with `typescript-axios`, without its comments. */
class AssetsApi {
  constructor(
    private readonly basePath: string,
    private readonly instance: AxiosInstance,
  ) {}

  addAsset(name: string): Promise<AxiosResponse<{ found: boolean }>> {
    const headers = { 'Content-Type': 'application/json' };
    const args = {
      url: ASSETS,
      options: { method: 'POST', headers, data: JSON.stringify({ name }), withCredentials: true },
    };
    const url = (this.instance.defaults.baseURL ? '' : this.basePath) + args.url;
    return this.instance.request({ ...args.options, url });
  }
}

describe('axiosRef', () => {
  it('is the same object at each reading, a function with the methods of Axios', async () => {
    const { client, api } = await startLab();
    expect(client.axiosRef).toBe(client.axiosRef);
    const { axiosRef } = client;
    const calls = [
      axiosRef(ASSETS),
      axiosRef({ url: ASSETS }),
      axiosRef.get(ASSETS),
      axiosRef.request({ url: ASSETS }),
    ];
    for (const { data } of await Promise.all(calls)) expect(data).toEqual({ found: true });
    await axiosRef.postForm(ASSETS, { a: 1 });
    await axiosRef.patch(ASSETS, { a: 1 });
    expect(api.count).toBe(6);
    for (const request of api.requests) expect(bearerOf(request)).toMatch(/^ey/);
  });

  it('serves a generated client: replay on a 401, errors without a token', async () => {
    const { client, http, api, platform } = await startLab();
    const generated = new AssetsApi(http.gatewayUrl(), client.axiosRef);
    api.next(refused);
    expect((await generated.addAsset('pump')).data).toEqual({ found: true });
    expect([api.count, platform.app.count]).toEqual([2, 2]);
    expect(api.requests[1]!.body.toString()).toBe('{"name":"pump"}');
    api.always(echo);
    const failure: unknown = await generated.addAsset('pump').catch((error: unknown) => error);
    expect(failure).toMatchObject({ isAxiosError: true, status: 400 });
    expect(leaksOf(failure, api.requests.map(bearerOf).flatMap(partsOf))).toEqual([]);
  });

  it("serves Nest's HttpService, and with it the clients of typescript-nestjs", async () => {
    const { client, api } = await startLab();
    const http = new HttpService(client.axiosRef);
    expect((await firstValueFrom(http.get(ASSETS))).data).toEqual({ found: true });
    api.always(hang());
    const subscription = http.get(ASSETS).subscribe();
    await api.arrived(2);
    subscription.unsubscribe();
    await api.requests[1]!.over;
  });

  it("runs the application's interceptors, which see no token", async () => {
    const { client, api } = await startLab();
    const seen: unknown[] = [];
    client.axiosRef.interceptors.request.use((config) => {
      config.headers.set('X-A', '1');
      seen.push(config);
      return config;
    });
    client.axiosRef.interceptors.response.use(
      (answer) => (seen.push(answer), answer),
      (failure: unknown) => {
        seen.push(failure);
        throw failure;
      },
    );
    await client.axiosRef.get(ASSETS);
    api.always(echo);
    await errorOf(client.get(ASSETS));
    expect(headerOf(api.requests[0]!, 'x-a')).toBe('1');
    expect(seen).toHaveLength(4);
    expect(heldSecrets(seen, api.requests.map(bearerOf).flatMap(partsOf))).toEqual([]);
  });

  it.each<[string, object]>([
    ['another origin', { url: 'https://evil.test' }],
    ['another base URL', { baseURL: 'https://evil.test', url: '/a' }],
    ['dot segments', { url: '/api/../b' }],
    ['a token of its own', { url: ASSETS, headers: { Authorization: 'Bearer x' } }],
    ['an adapter', { url: ASSETS, adapter: 'fetch' }],
    ['a proxy', { url: ASSETS, proxy: { host: 'evil.test', port: 1 } }],
  ])('rejects %s, also where an interceptor sets it', async (_, config) => {
    const { client, api, platform } = await startLab();
    expect((await failureOf(client.axiosRef.request(config))).code).toBe('options_invalid');
    expect(platform.count).toBe(0);
    if ('adapter' in config) return;
    client.axiosRef.interceptors.request.use((given) => Object.assign(given, config));
    expect((await failureOf(client.axiosRef.get(ASSETS))).code).toBe('options_invalid');
    expect(api.count).toBe(0);
  });

  it('inherits nothing of the global Axios', async () => {
    const { client, api } = await startLab();
    axios.defaults.headers.common['X-Global'] = '1';
    await client.axiosRef.get(ASSETS);
    delete axios.defaults.headers.common['X-Global'];
    expect(api.only.rawHeaders).not.toContain('X-Global');
  });

  it('gives a body that is no JSON with the failure, masked', async () => {
    const { client, api } = await startLab();
    api.always((exchange) => void exchange.response.end(`{"got":"${bearerOf(exchange.request)}`));
    const config = { responseType: 'json', transitional: { silentJSONParsing: false } } as const;
    const failure = (await client.axiosRef.get(ASSETS, config).catch((error: unknown) => error)) as AxiosError;
    expect(failure.response?.data).toBe('{"got":"***');
  });
});

import { Readable } from 'node:stream';
import { AxiosHeaders, type AxiosRequestConfig } from 'axios';
import {
  MindsphereCredentialsFactory,
  type MindsphereHttpClient,
  type MindsphereRequestConfig,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { APP, failureOf, forbidden, startPlatform, startWith } from '../support/application.js';
import { type ConnectionWatch, watchConnections } from '../support/guarded-app.js';
import { headerNames, headerOf, json, redirect } from '../support/stub-platform.js';
import { ASSETS, bearerOf, errorOf, startLab } from './lab.js';

const GATEWAY = 'https://gateway.eu1.mindsphere.io';
const refusals = { code: 'options_invalid', message: expect.stringMatching(/^The request was not sent: /) };

/** A request that must be refused before anything is sent, even for a token. */
async function refusalOf(client: MindsphereHttpClient, config: AxiosRequestConfig): Promise<string> {
  const watch = watchConnections();
  const failure = await failureOf(client.request(forbidden<MindsphereRequestConfig>(config)));
  watch.stop();
  expect(failure).toMatchObject(refusals);
  expect(watch.otherTargets()).toEqual([]);
  return failure.message;
}

describe('where a token goes', () => {
  describe('only to the gateway', () => {
    const start = async () => (await startLab({ gatewayUrl: GATEWAY, oauthUrl: `${GATEWAY}/{tenant}` })).client;

    it.each([
      'https://gateway.eu1.mindsphere.io.evil.test/api',
      'https://gateway.eu1.mindsphere.io@evil.test/api',
      'https://gateway.eu1.mindsphere.io:443@evil.test/api',
      'https://user:password@gateway.eu1.mindsphere.io/api',
      'https://user@gateway.eu1.mindsphere.io/api',
      'https://evil.test',
      'https://evil.test/https://gateway.eu1.mindsphere.io/',
      'https://evil.test#https://gateway.eu1.mindsphere.io/',
      'https://evil.test?.gateway.eu1.mindsphere.io',
      'HTTPS://EVIL.TEST/api',
      '//evil.test/api',
      '///evil.test/api',
      '\\\\evil.test/api',
      '/\\evil.test/api',
      '\\/evil.test/api',
      'https:\\\\evil.test/api',
      'https://gateway.eu1.mindsphere.io\\.evil.test/api',
      'https://gateway.eu1.mindsphere.io\\@evil.test/api',
      'https://evil.test\\@gateway.eu1.mindsphere.io/api',
      'https://gateway%2eeu1.mindsphere.io.evil.test/api',
      'https://gateway.eu1.mindsphere.io%2f.evil.test/api',
      'https://gateway.eu1.mindsphere.io%40evil.test/api',
      'https://gateway.eu1.mindsphere.io./api',
      'https://gateway.eu1.mindsphere.io:8443/api',
      'http://gateway.eu1.mindsphere.io/api',
      'http://gateway.eu1.mindsphere.io:443/api',
      'ws://gateway.eu1.mindsphere.io/api',
      'ftp://gateway.eu1.mindsphere.io/api',
      'file:///etc/passwd',
      'https://gateway.eu2.mindsphere.io/api',
      'https://eu1.mindsphere.io/api',
      'https://mindsphere.io/api',
      'https://g\u0430teway.eu1.mindsphere.io/api',
      'ht\ntps://evil.test/api',
      'h\tttps://evil.test/api',
      '/\t/evil.test/api',
      '/api\r\nX-Evil: 1',
      '/api\u0000',
      '\t//evil.test/api',
      '\u0001//evil.test/api',
      'https://[::1]/api',
      'https://127.0.0.1/api',
    ])('%j is refused before anything is sent', async (url) => {
      expect(await refusalOf(await start(), { url })).toMatch(/not sent/);
    });

    it.each(['data:text/plain,hello', 'unix:/var/run/docker.sock:/x', 'javascript:1', 'blob:x'])(
      '%j is a path of the gateway, as Axios joins it',
      async (url) => {
        const { client, api } = await startLab();
        await firstValueFrom(client.get(url));
        expect(api.only.url).toBe(`/${url}`);
      },
    );

    it.each(['data:text/plain,hello', 'file:///etc/passwd', 'unix:/var/run/docker.sock', 'http://evil.test'])(
      'a base URL %j is refused',
      async (baseURL) => {
        expect(await refusalOf(await start(), { baseURL, url: '' })).toMatch(/not sent/);
        expect(await refusalOf(await start(), { baseURL, url: '/api' })).toMatch(/not sent/);
        expect(await refusalOf(await start(), { baseURL, url: `${GATEWAY}/api`, allowAbsoluteUrls: false })).toMatch(
          /not sent/,
        );
      },
    );

    it.each([
      '/api/assets/../../identitymanagement',
      'api/assets/../identitymanagement',
      '../identitymanagement',
      '..',
      '.',
      '/api/..',
      '/api/.. ',
      '/api/./assets',
      '/api/%2e%2e/identitymanagement',
      '/api/%2E%2E/identitymanagement',
      '/api/.%2e/identitymanagement',
      '/api/%2e./identitymanagement',
      '/api/%2e/assets',
      '/api/%252e%252e/identitymanagement',
      '/api/%25252e%25252e/identitymanagement',
      '/api/assets/..%2fidentitymanagement',
      '/api/assets%2f..%2fidentitymanagement',
      '/api/assets%2F%2e%2e%2Fidentitymanagement',
      '/api/assets/..%5cidentitymanagement',
      '/api/assets%5c..%5cidentitymanagement',
      '/api/assets%255c..%255cidentitymanagement',
      '/api/..;/identitymanagement',
      '/api/..;a=b/identitymanagement',
      '/api/..%3b/identitymanagement',
      '/api/assets/..?a=1',
      '/api/assets/..#a',
      `${GATEWAY}/api/assets/../identitymanagement`,
      `${GATEWAY}/..`,
      '//gateway.eu1.mindsphere.io/api/../identitymanagement',
    ])('dot segments in %j are refused, and not followed', async (url) => {
      expect(await refusalOf(await start(), { url })).toMatch(/dot segment/);
    });

    it('dot segments are refused wherever a path comes from', async () => {
      const client = await start();
      expect(await refusalOf(client, { baseURL: `${GATEWAY}/api/assets`, url: '../../identitymanagement' })).toMatch(
        /dot segment/,
      );
      expect(await refusalOf(client, { baseURL: `${GATEWAY}/api/..`, url: '/identitymanagement' })).toMatch(
        /dot segment/,
      );
    });

    it('quotes no more of a host than a reader needs', async () => {
      const message = await refusalOf(await start(), { url: `https://${'a'.repeat(90_000)}/api` });
      expect(message.length).toBeLessThan(300);
    });

    it('parameters cannot lead elsewhere', async () => {
      const client = await start();
      const serialize = () => '\r\nHost: evil.test';
      expect(await refusalOf(client, { url: '/api', params: { a: 1 }, paramsSerializer: { serialize } })).toMatch(
        /not sent/,
      );
      expect(await refusalOf(client, { url: '/api', params: { a: 1 }, paramsSerializer: serialize })).toMatch(
        /not sent/,
      );
      expect(
        await refusalOf(client, { url: 'https://', params: { a: 1 }, paramsSerializer: () => 'evil.test' }),
      ).toMatch(/not sent/);
    });

    it('names the origin that was meant, and no user info', async () => {
      const message = await refusalOf(await start(), { url: 'https://ann:geheim@evil.test/?token=geheim' });
      expect(message).toContain('https://evil.test,');
      expect(message).not.toContain('geheim');
    });
  });

  it.each<[string, (origin: string) => MindsphereRequestConfig, string]>([
    ['a path', () => ({ url: '/api/a' }), '/api/a'],
    ['a path without a slash', () => ({ url: 'api/a' }), '/api/a'],
    ['no path', () => ({ url: '' }), '/'],
    ['a whole URL', (origin) => ({ url: `${origin}/api/a` }), '/api/a'],
    ['an URL without a scheme', (origin) => ({ url: origin.replace('http:', '') + '/api/a' }), '/api/a'],
    ['a scheme in upper case', (origin) => ({ url: origin.replace('http:', 'HTTP:') + '/api/a' }), '/api/a'],
    ['names that hold dots', () => ({ url: '/a..b/.well-known/..a/b../...' }), '/a..b/.well-known/..a/b../...'],
    ['escaped dots in names', () => ({ url: '/a%2e%2eb/%2ewell-known' }), '/a%2e%2eb/%2ewell-known'],
    ['dots in the query', () => ({ url: '/a?path=../../b#/../c' }), '/a?path=../../b'],
    ['encoded slashes, which stay as they are', () => ({ url: '/api/%2f%2fevil.test' }), '/api/%2f%2fevil.test'],
    ['what looks like a host', () => ({ url: '/@evil.test/a' }), '/@evil.test/a'],
    ['a colon', () => ({ url: '/a:b@c' }), '/a:b@c'],
    ['a base URL below the gateway', (origin) => ({ baseURL: `${origin}/api/v3/`, url: '/a' }), '/api/v3/a'],
    ['a base URL that is a path', () => ({ baseURL: '/api/v3', url: 'a' }), '/api/v3/a'],
    ['parameters', () => ({ url: '/a', params: { q: '//evil.test', r: 1 } }), '/a?q=%2F%2Fevil.test&r=1'],
    ['JSON in the query', () => ({ url: '/a?filter={"a":"b c\\"d"}' }), '/a?filter={%22a%22:%22b%20c\\%22d%22}'],
    ['a fragment, which is not sent', () => ({ url: '/a#b' }), '/a'],
    ['umlauts', () => ({ url: '/ä' }), '/%C3%A4'],
  ])('reaches it by %s', async (_, config, path) => {
    const { client, api, platform } = await startLab();
    await firstValueFrom(client.request(config(platform.origin)));
    expect(api.only.url).toBe(path);
    expect(bearerOf(api.only)).toMatch(/^ey/);
  });

  it('joins paths to a gateway that has one', async () => {
    const platform = await startPlatform();
    const { http, api, module } = await startLab({ gatewayUrl: `${platform.origin}/gw` }, platform);
    const user = module.get(MindsphereCredentialsFactory).userToken(platform.userToken());
    await firstValueFrom(http.as(user).get('/api/a'));
    expect(api.only.url).toBe('/gw/api/a');
  });

  describe('and to http.allowedOrigins', () => {
    it('goes to an origin that is listed, and to its neighbours not', async () => {
      const other = await startPlatform();
      other.elsewhere.always(json({ other: true }));
      const { client, api } = await startLab({ http: { allowedOrigins: [`${other.origin}/`] } });
      expect((await firstValueFrom(client.get(`${other.origin}/x`))).data).toEqual({ other: true });
      expect(bearerOf(other.elsewhere.only)).toMatch(/^ey/);
      expect(await refusalOf(client, { url: other.origin.replace('127.0.0.1', 'localhost') })).toMatch(/not sent/);
      expect(await refusalOf(client, { url: other.origin.replace('http:', 'https:') })).toMatch(/not sent/);
      expect(api.count).toBe(0);
    });

    it.each([
      'example.com',
      'https://example.com/api',
      'https://example.com?a',
      'https://example.com#a',
      'https://user@example.com',
      'https://*.example.com ',
      'https://example.com\\',
      'http://example.com',
      'ftp://example.com',
      'null',
      '*',
      '',
      7,
      null,
    ])('%j is no such origin: the start fails', async (origin) => {
      const http = { allowedOrigins: [forbidden<string>(origin)] };
      const failure = await failureOf(startWith({ app: APP, http }));
      expect(failure).toMatchObject({
        code: 'options_invalid',
        message: expect.stringContaining('http.allowedOrigins'),
      });
    });

    it('takes plain http: where that is allowed, and knows no other option', async () => {
      const http = { allowedOrigins: ['http://example.com'] };
      await startWith({ app: APP, allowInsecureHttp: true, http });
      const unknown = forbidden<object>({ allowedOrigin: [] });
      expect((await failureOf(startWith({ app: APP, http: unknown }))).message).toContain('http.allowedOrigin is not');
      expect((await failureOf(startWith({ app: APP, http: forbidden<object>('x') }))).message).toContain(
        'http must be',
      );
    });
  });

  describe('whatever the configuration of a call holds', () => {
    it.each<[string, unknown]>([
      ['adapter', () => Promise.reject(new Error('the adapter ran'))],
      ['adapter', 'fetch'],
      ['transport', { request: () => undefined }],
      ['socketPath', '/var/run/docker.sock'],
      ['proxy', { host: '127.0.0.1', port: 1 }],
      ['proxy', false],
      ['httpAgent', {}],
      ['httpsAgent', {}],
      ['beforeRedirect', () => undefined],
      ['lookup', () => undefined],
      ['auth', { username: 'a', password: 'geheim' }],
      ['fetchOptions', { dispatcher: {} }],
      ['env', { fetch: () => undefined }],
      ['insecureHTTPParser', true],
      ['httpVersion', 2],
      ['http2Options', {}],
      ['family', 6],
      ['cancelToken', {}],
      ['withCredentials', true],
      ['xsrfHeaderName', 'authorization'],
      ['formDataHeaderPolicy', 'all'],
      ['whatever', 1],
    ])('%s is refused', async (name, value) => {
      const { client } = await startLab();
      expect(await refusalOf(client, { url: ASSETS, [name]: value })).toContain(`cannot set ${name}`);
      expect(await refusalOf(client, Object.create({ url: ASSETS, [name]: value }))).toContain(name);
    });

    it('a getter is asked once', async () => {
      const { client, api, platform } = await startLab();
      let asked = 0;
      const config = {
        get url() {
          asked += 1;
          return asked === 1 ? ASSETS : 'https://evil.test';
        },
      };
      await firstValueFrom(client.request(config));
      expect([asked, api.count, platform.count]).toEqual([1, 1, 2]);
    });

    it.each(['connect', 'TRACE', 'GET / HTTP/1.1\r\nHost: evil.test', 'GE T'])(
      'method %j is refused',
      async (method) => {
        const { client, platform } = await startLab();
        expect(await refusalOf(client, { method, url: ASSETS })).toMatch(/not sent/);
        expect(platform.count).toBe(0);
      },
    );

    it.each([null, 'x', []])('%j is not a configuration', async (config) => {
      const { client } = await startLab();
      expect(await refusalOf(client, forbidden<AxiosRequestConfig>(config))).toMatch(/not sent/);
    });

    it.each<[string, object]>([
      ['a line break in a value', { 'X-A': 'a\r\nX-Evil: 1' }],
      ['a line feed in a value', { 'X-A': 'a\nX-Evil: 1' }],
      ['a line break in one of several values', { 'X-A': ['a', 'b\r\nX-Evil: 1'] }],
      ['a line break in a name', { 'X-A\r\nX-Evil': '1' }],
      ['a name with a space', { 'X A': '1' }],
      ['an empty name', { '': '1' }],
      ['a null byte', { 'X-A': 'a\u0000' }],
      ['what is no Latin-1', { 'X-A': '\u4e2d' }],
      ['a line break for all methods', { common: { 'X-A': 'a\r\nX-Evil: 1' } }],
      ['a line break for one method', { get: { 'X-A': 'a\r\nX-Evil: 1' } }],
      ['a token of its own', { Authorization: 'Bearer x' }],
      ['a token of its own for all methods', { common: { AUTHORIZATION: 'Bearer x' } }],
      ['a token of its own, by Axios', new AxiosHeaders({ authorization: 'Bearer x' })],
      ['another host', { Host: 'evil.test' }],
      ['an iterable', new Map([['authorization', 'Bearer x']])],
    ])('headers with %s are refused', async (_, headers) => {
      const { client, platform } = await startLab();
      const message = await refusalOf(client, { url: ASSETS, headers: forbidden<AxiosHeaders>(headers) });
      expect(message).not.toContain('Bearer');
      expect(platform.count).toBe(0);
    });

    it('what a transformer adds is judged as well', async () => {
      const { client, platform } = await startLab();
      for (const name of ['Authorization', 'Host']) {
        const transformRequest = (data: unknown, headers: AxiosHeaders) => (headers.set(name, 'evil.test'), data);
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(await refusalOf(client, { url: ASSETS, transformRequest })).toMatch(/not sent/);
      }
      expect(platform.count).toBe(0);
    });

    it('a transformer sees no token', async () => {
      const { client, api } = await startLab();
      const seen: string[] = [];
      const see = (data: unknown, headers: AxiosHeaders) => (seen.push(JSON.stringify(headers)), data);
      await firstValueFrom(client.post(ASSETS, 'x', { transformRequest: see, transformResponse: see }));
      expect(seen).toHaveLength(2);
      expect(seen.join()).not.toContain(bearerOf(api.only));
    });

    it("headers of Axios, of another copy of it, and form data's own are sent", async () => {
      const { client, api } = await startLab();
      await firstValueFrom(client.get(ASSETS, { headers: new AxiosHeaders({ 'X-A': '1' }) }));
      const foreign = forbidden<AxiosHeaders>({ toJSON: () => ({ 'X-A': '1' }), [Symbol.iterator]: () => [] });
      await firstValueFrom(client.get(ASSETS, { headers: foreign }));
      for (const request of api.requests) expect(headerOf(request, 'x-a')).toBe('1');
    });
  });

  describe('where redirects lead', () => {
    it('is followed with the token at the gateway', async () => {
      const { client, api, platform } = await startLab();
      api.next(redirect('/api/b?c=1'), redirect(`${platform.origin}/api/d`, 307));
      expect((await firstValueFrom(client.get('/api/a'))).data).toEqual({ found: true });
      expect(api.requests.map(({ url }) => url)).toEqual(['/api/a', '/api/b?c=1', '/api/d']);
      expect(new Set(api.requests.map(bearerOf)).size).toBe(1);
    });

    it.each(['../b', './b', 'b/../../b', '/x/%2e%2e/api/b'])('may be relative, as %s', async (location) => {
      const { client, api } = await startLab();
      api.next(redirect(location));
      await firstValueFrom(client.get('/api/a/c'));
      expect(new URL(api.requests[1]!.url, 'http://x').pathname).toMatch(/^\/api(?:\/a)?\/b$/);
    });

    it('is followed with the token to an allowed origin, without cookies', async () => {
      const other = await startPlatform();
      other.elsewhere.always(json({ other: true }));
      const { client, api } = await startLab({ http: { allowedOrigins: [other.origin] } });
      api.next(redirect(`${other.origin}/x`));
      await firstValueFrom(client.get('/api/a', { headers: { Cookie: 'a=b', 'X-A': '1' } }));
      expect(bearerOf(other.elsewhere.only)).toBe(bearerOf(api.only));
      expect(headerNames(other.elsewhere.only).map((name) => name.toLowerCase())).not.toContain('cookie');
      expect(headerOf(other.elsewhere.only, 'x-a')).toBe('1');
    });

    describe('elsewhere', () => {
      let watch: ConnectionWatch;
      beforeEach(() => void (watch = watchConnections()));
      afterEach(() => watch.stop());

      it.each([301, 302, 303, 307, 308])('a %i to another origin is the answer', async (status) => {
        const elsewhere = await startPlatform();
        const { client, api } = await startLab();
        api.next(redirect(`${elsewhere.origin}/x`, status));
        const error = await errorOf(client.post('/api/a', { a: 1 }));
        expect(error).toMatchObject({ response: { status, headers: { location: `${elsewhere.origin}/x` } } });
        expect([elsewhere.count, api.count]).toEqual([0, 1]);
      });

      it.each([
        '//evil.test/x',
        'https://127.0.0.1/x',
        'file:///etc/passwd',
        'data:text/plain,x',
        '\\\\evil.test/x',
        'http://',
        'GATEWAY@evil.test/',
        'http://user:password@HOST/x',
      ])('so is one to %j', async (where) => {
        const { client, api, platform } = await startLab();
        const location = where.replace('GATEWAY', platform.origin).replace('HOST', new URL(platform.origin).host);
        api.next(redirect(location));
        expect(await errorOf(client.get('/api/a'))).toMatchObject({ response: { status: 302 } });
        expect(watch.otherTargets(Number(new URL(platform.origin).port))).toEqual([]);
        expect(api.count).toBe(1);
      });
    });

    it('ends after five of them, or the fewer that a call allows', async () => {
      const { client, api } = await startLab();
      api.always(redirect('/api/a'));
      expect(await errorOf(client.get('/api/a'))).toMatchObject({ code: 'ERR_FR_TOO_MANY_REDIRECTS' });
      expect(api.count).toBe(6);
      expect(await errorOf(client.get('/api/a', { maxRedirects: 1 }))).toMatchObject({
        code: 'ERR_FR_TOO_MANY_REDIRECTS',
      });
      expect(api.count).toBe(8);
      await errorOf(client.get('/api/a', { maxRedirects: 1_000 }));
      expect(api.count).toBe(14);
      expect(await errorOf(client.get('/api/a', { maxRedirects: 0 }))).toMatchObject({ response: { status: 302 } });
      expect(api.count).toBe(15);
    });

    it.each([
      [301, 'POST', 'GET'],
      [302, 'POST', 'GET'],
      [303, 'POST', 'GET'],
      [303, 'PUT', 'GET'],
      [302, 'PUT', 'PUT'],
      [307, 'POST', 'POST'],
      [308, 'POST', 'POST'],
      [303, 'HEAD', 'HEAD'],
    ])('a %i after %s is followed by %s', async (status, method, then) => {
      const { client, api } = await startLab();
      api.next(redirect('/api/b', status));
      await firstValueFrom(client.request({ method, url: '/api/a', data: method === 'HEAD' ? undefined : { a: 1 } }));
      const [, second] = api.requests;
      expect(second!.method).toBe(then);
      const keeps = then === 'POST' || then === 'PUT';
      expect(second!.body.toString()).toBe(keeps ? '{"a":1}' : '');
      expect(headerNames(second!).some((name) => /^content-/i.test(name))).toBe(keeps);
    });

    it('sends a stream to one place only', async () => {
      const { client, api } = await startLab();
      api.next(redirect('/api/b', 307));
      expect(await errorOf(client.post('/api/a', Readable.from(['x'])))).toMatchObject({ response: { status: 307 } });
      expect(api.count).toBe(1);
    });

    it('a 401 on the way repeats only the last step', async () => {
      const { client, api, platform } = await startLab();
      api.next(redirect('/api/b', 303), json({}, 401));
      await firstValueFrom(client.post('/api/a', { a: 1 }));
      expect(api.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
        'POST /api/a',
        'GET /api/b',
        'GET /api/b',
      ]);
      expect(platform.app.count).toBe(2);
    });
  });
});

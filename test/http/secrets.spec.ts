import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import type { AxiosError } from 'axios';
import {
  MindsphereCredentialsFactory,
  type MindsphereCredentialsModuleOptions,
  MindsphereHttpService,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { IMPATIENT, ONE_TRY } from '../support/application.js';
import { leaksOf, partsOf } from '../support/leaks.js';
import {
  type Answer,
  drip,
  hang,
  html,
  json,
  raw,
  redirect,
  reset,
  resetInBody,
  truncated,
} from '../support/stub-platform.js';
import { ASSETS, bearerOf, errorOf, startLab } from './lab.js';

const PROXY_PASSWORD = 'geheim-proxy-passwort';
const STRICT_JSON = { responseType: 'json', transitional: { silentJSONParsing: false } };

/** Every dump of what a caller gets, searched for the token that was sent. */
async function leaksAfter(answer: Answer, options: MindsphereCredentialsModuleOptions, config = {}): Promise<string[]> {
  const { client, api, app } = await startLab(options);
  api.always(answer);
  const error = await errorOf(client.post(ASSETS, { a: 1 }, config));
  const { value } = await firstValueFrom(app.getToken());
  const tokens = [...new Set([value, ...api.requests.map(bearerOf)])];
  expect(tokens.length).toBeGreaterThan(0);
  return leaksOf(error, [...tokens.flatMap(partsOf), PROXY_PASSWORD]);
}

describe('the token of a call', () => {
  const echo: Answer = (exchange) => json({ got: exchange.request.rawHeaders }, 400)(exchange);
  const inHeaders =
    (status: number, more: Record<string, string> = {}): Answer =>
    ({ request, response }) => {
      const token = bearerOf(request);
      const location = more['location'] === undefined ? {} : { location: more['location'] + token };
      response.writeHead(status, {
        'www-authenticate': `Bearer error="${token}"`,
        'set-cookie': [`a=${token}`, `b=${encodeURIComponent(token)}`],
        'x-token': token,
        ...location,
      });
      response.end();
    };
  const inStatusText: Answer = ({ request, response }) => {
    response.writeHead(500, `refused ${bearerOf(request)}`);
    response.end();
  };
  const inParts: Answer = (exchange) => {
    const [header, payload, signature] = bearerOf(exchange.request).split('.');
    return json({ head: `${header}.${payload}`, signature }, 400)(exchange);
  };
  const compressed: Answer = ({ request, response }) => {
    response.writeHead(400, { 'content-encoding': 'gzip', 'content-type': 'text/plain' });
    response.end(gzipSync(bearerOf(request)));
  };
  const echoOk: Answer = (exchange) => json({ got: bearerOf(exchange.request) })(exchange);
  const brokenJson: Answer = (exchange) => raw({ body: `{"a":"${bearerOf(exchange.request)}`, status: 200 })(exchange);
  const echoPage: Answer = (exchange) => html(`<b>${bearerOf(exchange.request)}</b>`, 502)(exchange);

  it.each<[string, Answer, MindsphereCredentialsModuleOptions?, object?]>([
    ['a 400', json({ why: 'because' }, 400)],
    ['a 401', json({}, 401)],
    ['a 403', json({}, 403)],
    ['a 500', html('<b>sorry</b>', 500)],
    ['a 400 that repeats the request', echo],
    ["a proxy's page that repeats the token", echoPage],
    ['a 400 that repeats it in every header', inHeaders(400)],
    ['a 500 that repeats it in its status text', inStatusText],
    ['a redirect that is not followed and repeats it', inHeaders(302, { location: 'http://127.0.0.1:1/?token=' })],
    ['a redirect whose body repeats it', (exchange) => json({ got: bearerOf(exchange.request) }, 304 - 1)(exchange)],
    ['a 400 that repeats it in parts', inParts],
    ['a 400 that repeats it as bytes', echo, {}, { responseType: 'arraybuffer' }],
    ['a 400 that repeats it in another encoding', echo, {}, { responseEncoding: 'hex' }],
    ['a 400 that repeats it, compressed', compressed, {}, { decompress: false }],
    ['a 400 that repeats it, compressed and decompressed', compressed],
    ['a 400 that repeats it, compressed, as a stream', compressed, {}, { decompress: false, responseType: 'stream' }],
    ['a success that is not accepted and repeats it', echoOk, {}, { validateStatus: () => false }],
    ['a success that is no JSON and repeats it', brokenJson, {}, STRICT_JSON],
    ['a 404 as a stream', json({}, 404), {}, { responseType: 'stream' }],
    ['a 404 as bytes', json({}, 404), {}, { responseType: 'arraybuffer' }],
    ['a redirect elsewhere', redirect('http://127.0.0.1:1/')],
    ['too many redirects', redirect('/api/a')],
    ['a reset', reset()],
    ['a reset in the body', resetInBody()],
    ['half a body', truncated()],
    ['no answer', hang(), { request: IMPATIENT }],
    ['JSON that is none', raw({ body: '{' }), {}, STRICT_JSON],
    ['a larger answer than allowed', json({ a: 'x'.repeat(100) }), {}, { maxContentLength: 10 }],
    ['a larger body than allowed', json({}), {}, { maxBodyLength: 1 }],
    ['an answer without end', drip(5), {}, { signal: AbortSignal.timeout(400) }],
  ])('is in nothing that %s fails with', async (_, answer, options = {}, config = {}) => {
    expect(await leaksAfter(answer, options, config)).toEqual([]);
  });

  it('is not in the stream of a failed answer either, which is cut', async () => {
    const { client, api } = await startLab();
    api.always(({ request, response }) => {
      response.writeHead(400);
      response.end(`${bearerOf(request)} and ${'x'.repeat(10_000_000)}`);
    });
    const error = (await errorOf(client.get(ASSETS, { responseType: 'stream' }))) as AxiosError<Readable>;
    const body = await text(error.response!.data);
    expect(body).toMatch(/^\*\*\* and x+$/);
    expect(body.length).toBeLessThan(300_000);
  });

  it('is masked in every token that a call was sent with', async () => {
    const { client, api } = await startLab();
    const seen: string[] = [];
    api.always((exchange) => {
      seen.push(bearerOf(exchange.request));
      return json({ seen }, 401)(exchange);
    });
    const error = (await errorOf(client.get(ASSETS))) as AxiosError;
    expect(seen).toHaveLength(2);
    expect(error.response?.data).toEqual({ seen: ['***', '***'] });
  });

  it('nor is the password of a proxy', async () => {
    const auth = { username: 'ann', password: PROXY_PASSWORD };
    const proxied = await startLab({
      request: { ...ONE_TRY, axios: { proxy: { protocol: 'http', host: '127.0.0.1', port: 1, auth } } },
    });
    const { module, http } = proxied;
    const jwt = proxied.platform.userToken();
    const call = http.as(module.get(MindsphereCredentialsFactory).userToken(jwt)).get(ASSETS);
    const error = await errorOf(call);
    expect(error).toMatchObject({ isAxiosError: true, code: 'ECONNREFUSED' });
    expect(leaksOf(error, [PROXY_PASSWORD, ...partsOf(jwt)])).toEqual([]);
    expect(leaksOf(http, [PROXY_PASSWORD, ...partsOf(jwt)])).toEqual([]);
  });

  it('is in no answer, whose own configuration says what was asked for', async () => {
    const { client, api } = await startLab();
    const answer = await firstValueFrom(client.get(ASSETS, { params: { a: 1 }, headers: { 'X-A': '1' } }));
    expect(leaksOf(answer, partsOf(bearerOf(api.only)))).toEqual([]);
    expect(answer.config).toMatchObject({ url: ASSETS, params: { a: 1 }, method: 'get' });
    expect(answer.config.headers.get('X-A')).toBe('1');
    expect(answer.request).toBeUndefined();
  });

  it('is in no stream, nor in its failure', async () => {
    const { client, api } = await startLab();
    api.always(({ response }) => void response.writeHead(200).write('x'));
    const { data } = await firstValueFrom(client.get<Readable>(ASSETS, { responseType: 'stream' }));
    const secrets = partsOf(bearerOf(api.only));
    expect(leaksOf(data, secrets)).toEqual([]);
    const failed = new Promise<Error>((resolve) => void data.once('error', resolve));
    const limited = await firstValueFrom(client.get<Readable>(ASSETS, { responseType: 'stream', maxContentLength: 0 }));
    const tooLarge = await new Promise<Error>((resolve) => void limited.data.resume().once('error', resolve));
    expect(tooLarge.message).toContain('maxContentLength');
    data.destroy(new Error('enough'));
    expect(
      leaksOf([await failed, tooLarge], [...secrets, ...api.requests.flatMap((r) => partsOf(bearerOf(r)))]),
    ).toEqual([]);
  });

  it('is not in the service, nor in what as() gives', async () => {
    const { client, api, module } = await startLab();
    await firstValueFrom(client.get(ASSETS));
    expect(leaksOf([client, module.get(MindsphereHttpService)], partsOf(bearerOf(api.only)))).toEqual([]);
  });

  it("what the server says is the caller's to read", async () => {
    const { client, api } = await startLab();
    api.always(json({ errors: [{ code: 'mdsp.core.x', message: 'no such asset' }] }, 404));
    const error = (await errorOf(client.get(ASSETS))) as AxiosError;
    expect(error.response?.data).toEqual({ errors: [{ code: 'mdsp.core.x', message: 'no such asset' }] });
  });
});

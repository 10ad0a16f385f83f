import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forgedOptions, startForgedPlatform, tokenOfLength, validToken } from '../support/forge.js';
import {
  ADAPTERS,
  type Answer,
  type GuardedApp,
  NO_CREDENTIALS,
  type RawHeaders,
  REFUSED,
  startGuardedApp,
  watchRejections,
  WELCOME,
} from '../support/guarded-app.js';
import type { StubPlatform } from '../support/stub-platform.js';

/*
 * A good token, presented in other ways than once, in the `Authorization` header, under the scheme `Bearer`.
 */

type Presentation = readonly [name: string, headers: (token: string) => RawHeaders];

const authorization = (...values: ((token: string) => string)[]): Presentation[1] => {
  return (token) => values.flatMap((value) => ['Authorization', value(token)]);
};
const bearer = (token: string) => `Bearer ${token}`;

/** No bearer credentials at all: a bare challenge. */
const ABSENT: readonly Presentation[] = [
  ['no header', () => []],
  ['an empty header', authorization(() => '')],
  ['a header of white space', authorization(() => '  \t ')],
  ['the bare token', authorization((token) => token)],
  ['Basic with the token', authorization((token) => `Basic ${token}`)],
  [
    'Basic with the token as password',
    authorization((token) => `Basic ${Buffer.from(`x:${token}`).toString('base64')}`),
  ],
  ['Digest', authorization(() => 'Digest username="x", realm="x"')],
  ['Token', authorization((token) => `Token ${token}`)],
  ['JWT', authorization((token) => `JWT ${token}`)],
  ['DPoP', authorization((token) => `DPoP ${token}`)],
  ['Negotiate', authorization((token) => `Negotiate ${token}`)],
  ['a longer scheme', authorization((token) => `BearerX ${token}`)],
  ['a scheme with a prefix', authorization((token) => `XBearer ${token}`)],
  ['a colon behind the scheme', authorization((token) => `Bearer: ${token}`)],
  ['an equals sign behind the scheme', authorization((token) => `Bearer=${token}`)],
  ['the scheme percent-encoded', authorization((token) => `%42earer ${token}`)],
  ['the whole value in quotes', authorization((token) => `"Bearer ${token}"`)],
  ['the scheme in letters that only look so', authorization((token) => `B\u00e9arer ${token}`)],
  ['a comma in front', authorization((token) => `, Bearer ${token}`)],
  ['Basic, then Bearer', authorization((token) => `Basic eDp5, Bearer ${token}`)],
  ['a tab behind the scheme', authorization((token) => `Bearer\t${token}`)],
  ['X-Authorization', (token) => ['X-Authorization', bearer(token)]],
  ['Proxy-Authorization', (token) => ['Proxy-Authorization', bearer(token)]],
  ['X-Forwarded-Authorization', (token) => ['X-Forwarded-Authorization', bearer(token)]],
  ['X-Original-Authorization', (token) => ['X-Original-Authorization', bearer(token)]],
  ['X-Access-Token and X-Auth-Token', (token) => ['X-Access-Token', token, 'X-Auth-Token', token]],
  [
    'Authorization_ with an underscore',
    (token) => ['Authorization_', bearer(token), 'HTTP_AUTHORIZATION', bearer(token)],
  ],
  ['WWW-Authenticate', (token) => ['WWW-Authenticate', bearer(token)]],
  ['Sec-WebSocket-Protocol', (token) => ['Sec-WebSocket-Protocol', `bearer, ${token}`]],
  ['a cookie', (token) => ['Cookie', `access_token=${token}; token=${token}; Authorization=Bearer ${token}`]],
  ['a trusted proxy that vouches', () => ['X-Forwarded-User', 'ann@example.com', 'X-Forwarded-For', '127.0.0.1']],
];

/** Bearer credentials that are no single token. */
const BROKEN: readonly Presentation[] = [
  ['the scheme alone', authorization(() => 'Bearer')],
  ['the scheme and a space', authorization(() => 'Bearer ')],
  ['the scheme and many spaces', authorization(() => 'Bearer         ')],
  ['the scheme alone, in small letters', authorization(() => 'bearer')],
  ['the scheme twice', authorization((token) => `Bearer Bearer ${token}`)],
  ['the scheme twice, in both cases', authorization((token) => `bearer BEARER ${token}`)],
  ['the token in quotes', authorization((token) => `Bearer "${token}"`)],
  ['the token in angle brackets', authorization((token) => `Bearer <${token}>`)],
  ['the token as parameter', authorization((token) => `Bearer token=${token}`)],
  ['a second word', authorization((token) => `Bearer ${token} x`)],
  ['a parameter behind', authorization((token) => `Bearer ${token}, realm="x"`)],
  ['a semicolon behind', authorization((token) => `Bearer ${token};`)],
  ['the token twice with a comma', authorization((token) => `Bearer ${token},${token}`)],
  ['the credentials twice with a comma', authorization((token) => `Bearer ${token}, Bearer ${token}`)],
  ['a comma behind', authorization((token) => `Bearer ${token},`)],
  ['a space and a tab in front of the token', authorization((token) => `Bearer \t${token}`)],
  ['a no-break space in front of the token', authorization((token) => `Bearer \u00a0${token}`)],
  ['a no-break space behind the token', authorization((token) => `Bearer ${token}\u00a0`)],
  ['a byte order mark, as Node reads it', authorization((token) => `Bearer \u00ef\u00bb\u00bf${token}`)],
  ['a byte over ASCII in the token', authorization((token) => `Bearer ${token.slice(0, 9)}\u00e9${token.slice(10)}`)],
  ['the header twice', authorization(bearer, bearer)],
  ['the header three times', authorization(bearer, bearer, bearer)],
  ['a good and a bad header', authorization(bearer, () => 'Bearer x.y.z')],
  ['a bad and a good header', authorization(() => 'Bearer x.y.z', bearer)],
  ['a good header and Basic', authorization(bearer, () => 'Basic eDp5')],
  ['Basic and a good header', authorization(() => 'Basic eDp5', bearer)],
  ['a good and an empty header', authorization(bearer, () => '')],
  ['an empty and a good header', authorization(() => '', bearer)],
  [
    'an empty header twice',
    authorization(
      () => '',
      () => '',
    ),
  ],
  [
    'Basic twice',
    authorization(
      () => 'Basic eDp5',
      () => 'Basic eDp5',
    ),
  ],
  ['two headers in two cases', (token) => ['Authorization', bearer(token), 'authorization', bearer(token)]],
  ['two headers in two cases, the other way round', (token) => ['authorization', bearer(token), 'AUTHORIZATION', 'x']],
  [
    'two headers with others between',
    (token) => ['aUTHORIZATION', bearer(token), 'Accept', '*/*', 'Authorization', 'Bearer x', 'X-A', 'authorization'],
  ],
  ['a token of 16 kB and one character', authorization(() => bearer(tokenOfLength(16_385)))],
  ['a token of 60 kB', authorization(() => bearer(tokenOfLength(60_000)))],
  ['100 kB of dots', authorization(() => bearer('.'.repeat(100_000)))],
  ['100 kB of spaces and a letter', authorization(() => `Bearer ${' '.repeat(100_000)}x y`)],
];

const SAME: readonly Presentation[] = [
  ['once', authorization(bearer)],
  ['in small letters', (token) => ['authorization', `bearer ${token}`]],
  ['in capitals', (token) => ['AUTHORIZATION', `BEARER ${token}`]],
  ['after several spaces', authorization((token) => `Bearer    ${token}`)],
  ['with white space around the value', authorization((token) => ` \t Bearer ${token} \t `)],
  [
    'beside headers of proxies',
    (token) => [
      'X-Forwarded-Host',
      'evil.example',
      'X-Forwarded-Proto',
      'http',
      'Forwarded',
      'host=evil.example',
      'X-Forwarded-For',
      '203.0.113.9',
      'X-Forwarded-Prefix',
      '//evil.example',
      'Authorization',
      bearer(token),
    ],
  ],
  ['beside another token in a cookie', (token) => ['Cookie', 'access_token=x.y.z', 'Authorization', bearer(token)]],
  ['beside another scheme elsewhere', (token) => ['Proxy-Authorization', 'Basic eDp5', 'Authorization', bearer(token)]],
  ['of 16 kB', authorization(() => bearer(tokenOfLength(16_384)))],
];

/** What the HTTP parser has to refuse before anything else runs: the rest of a request after `GET /guarded HTTP/1.1`. */
const NO_HTTP: readonly (readonly [string, (token: string) => string])[] = [
  ['a NUL in the token', (token) => `Authorization: Bearer ${token.slice(0, 9)}\0${token.slice(9)}\r\n`],
  [
    'a bare carriage return in the token',
    (token) => `Authorization: Bearer ${token.slice(0, 9)}\r${token.slice(9)}\r\n`,
  ],
  ['a header folded over two lines', (token) => `Authorization: Bearer\r\n ${token}\r\n`],
  ['a token folded over two lines', (token) => `Authorization: Bearer ${token.slice(0, 9)}\r\n ${token.slice(9)}\r\n`],
  ['a space behind the name', (token) => `Authorization : Bearer ${token}\r\n`],
  ['a space in front of the name', (token) => ` Authorization: Bearer ${token}\r\n`],
  ['a NUL in the name', (token) => `Authorization\0: Bearer ${token}\r\n`],
  ['no colon', (token) => `Authorization Bearer ${token}\r\n`],
  ['two lengths', (token) => `Content-Length: 0\r\nContent-Length: 5\r\nX-Authorization: Bearer ${token}\r\n`],
];

const ROUTES = ['/guarded', '/open/for-user', '/open/current'];
const FORM = 'application/x-www-form-urlencoded';

describe.each(ADAPTERS)('a good token on %s', (adapter) => {
  let platform: StubPlatform;
  let app: GuardedApp;
  let rejections: ReturnType<typeof watchRejections>;
  beforeAll(async () => {
    rejections = watchRejections();
    platform = await startForgedPlatform();
    app = await startGuardedApp(adapter, forgedOptions(platform));
  });
  afterAll(async () => {
    await app.close();
    await platform.close();
    rejections.stop();
  });

  /** The answers of all routes, for a token that is good. */
  async function answersTo(headers: Presentation[1]): Promise<Answer[]> {
    const token = validToken();
    const answers = [await app.bear('/guarded', token)];
    for (const path of ROUTES) answers.push(await app.send(path, headers(token)));
    return answers;
  }

  it.each([...SAME])('is accepted %s', async (_, headers) => {
    expect(await app.send('/guarded', headers(validToken()))).toEqual(WELCOME);
  });

  it.each([...ABSENT])('is not seen where there are no bearer credentials: %s', async (_, headers) => {
    expect(await answersTo(headers)).toEqual([WELCOME, NO_CREDENTIALS, NO_CREDENTIALS, NO_CREDENTIALS]);
  });

  it.each([...BROKEN])('is not picked out of broken credentials: %s', async (_, headers) => {
    expect(await answersTo(headers)).toEqual([WELCOME, REFUSED, REFUSED, REFUSED]);
  });

  it.each(['access_token', 'token', 'authorization', 'Authorization', 'jwt', 'auth%5Btoken%5D', 'handshake%5Bauth%5D'])(
    'does not count in the query as %s',
    async (name) => {
      const token = validToken();
      expect(await app.bear('/guarded', token)).toEqual(WELCOME);
      expect(await app.send(`/guarded?${name}=${token}`)).toEqual(NO_CREDENTIALS);
      expect(await app.send(`/guarded?${name}=Bearer%20${token}`)).toEqual(NO_CREDENTIALS);
      expect(await app.bear(`/guarded?${name}=${token}`, 'x.y.z')).toEqual(REFUSED);
    },
  );

  it.each([
    ['a form', FORM, (token: string) => `access_token=${token}&token=${token}&Authorization=Bearer+${token}`],
    ['nested form fields', FORM, (token: string) => `auth[token]=${token}&headers[authorization]=Bearer+${token}`],
    ['JSON', 'application/json', (token: string) => JSON.stringify({ access_token: token, auth: { token } })],
    [
      'headers in JSON',
      'application/json',
      (token: string) =>
        JSON.stringify({ headers: { authorization: `Bearer ${token}` }, raw: { headers: {} }, rawHeaders: [] }),
    ],
  ])('does not count in the body as %s', async (_, type, body) => {
    const token = validToken();
    const request = { method: 'POST', body: body(token) };
    expect(await app.bear('/guarded', token)).toEqual(WELCOME);
    expect(await app.send('/guarded', ['Content-Type', type], request)).toEqual(NO_CREDENTIALS);
  });

  it.each(['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('is wanted for %s, too', async (method) => {
    const { status, challenges } = await app.send('/guarded', [], { method, body: '' });
    expect({ status, challenges }).toEqual({ status: 401, challenges: ['Bearer'] });
    expect(
      (await app.send('/guarded', ['Authorization', bearer(validToken())], { method, body: '' })).status,
    ).toBeLessThan(300);
  });

  it.each([...NO_HTTP])('does not come through in what is no HTTP: %s', async (_, headers) => {
    const start = `GET /guarded HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`;
    const token = validToken();
    expect(await app.sendBytes(`${start}Authorization: Bearer ${token}\r\n\r\n`)).toBe(200);
    expect([400, 401]).toContain(await app.sendBytes(`${start}${headers(token)}\r\n`));
  });

  it('is refused by Node itself where all headers together have more than 16 kB', async () => {
    const usual = await startGuardedApp(adapter, forgedOptions(platform), { maxHeaderSize: 16_384 });
    try {
      expect(await usual.bear('/guarded', validToken())).toEqual(WELCOME);
      expect((await usual.bear('/guarded', tokenOfLength(15_000))).status).toBe(200);
      for (const token of [tokenOfLength(16_384), 'x'.repeat(40_000)]) {
        const request = `GET /guarded HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
        // Or reset, while the rest of the request is still on its way.
        expect([431, 0]).toContain(await usual.sendBytes(request));
      }
    } finally {
      await usual.close();
    }
  });

  it('has caused no request for a technical token', () => {
    expect(platform.app.count).toBe(0);
    expect(platform.elsewhere.count).toBe(0);
  });

  it('has left no promise unattended', () => {
    expect(rejections.seen).toEqual([]);
  });
});

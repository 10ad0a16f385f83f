import {
  AppCredentials,
  type MindsphereCredentials,
  type MindsphereCredentialsModuleOptions,
  TenantCredentials,
} from 'nestjs-mindsphere-credentials';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  APP,
  failureOf,
  fakeTime,
  ONE_TRY,
  startPlatform,
  startWith,
  TENANT,
  tokenOf,
} from '../support/application.js';
import { inTurn, short } from '../support/length.js';
import { passing } from '../support/passing.js';
import {
  type Answer,
  drip,
  flood,
  hang,
  hangInBody,
  headerOf,
  html,
  json,
  raw,
  redirect,
  reset,
  resetInBody,
  type StubEndpoint,
  StubPlatform,
  type TokenChange,
  truncated,
} from '../support/stub-platform.js';

type Kind = 'app' | 'tenant' | 'subtenant';
const KINDS: Kind[] = ['app', 'tenant', 'subtenant'];
const SUBTENANT = { ...TENANT, subTenant: 'plant-7' };

interface Client {
  platform: StubPlatform;
  endpoint: StubEndpoint;
  credentials: MindsphereCredentials;
}

/** Fresh credentials of a kind, and the endpoint they ask. */
async function clientOf(
  kind: Kind,
  options: MindsphereCredentialsModuleOptions = {},
  shared?: StubPlatform,
): Promise<Client> {
  const platform = shared ?? (await startPlatform());
  const groups = { app: APP, tenant: kind === 'subtenant' ? SUBTENANT : TENANT };
  const module = await startWith({ ...platform.urls, ...groups, request: ONE_TRY, ...options });
  return {
    platform,
    endpoint: kind === 'app' ? platform.app : platform.tenant,
    credentials: module.get<MindsphereCredentials>(kind === 'app' ? AppCredentials : TenantCredentials),
  };
}

/** With what the wrong answer is refused, after one request; the right one next to it is taken. */
async function refusal({ endpoint, credentials }: Client, answer: Answer): Promise<string> {
  endpoint.next(answer);
  const before = endpoint.count;
  const { code } = await failureOf(credentials.getToken());
  expect(endpoint.count - before).toBe(1);

  // A refusal is remembered for a second unless one says otherwise; see refusal-memory.spec.ts.
  credentials.invalidate();
  expect((await tokenOf(credentials)).value).toMatch(JWT);
  expect(endpoint.requests.at(-1)!.fault).toBeUndefined();
  expect(endpoint.count - before).toBe(2);
  credentials.invalidate();
  return code;
}

/** The token of an answer that is taken, after one request. */
async function acceptance({ platform, endpoint, credentials }: Client, change: TokenChange): Promise<string> {
  endpoint.next(platform.token(change));
  const before = endpoint.count;
  const { value } = await tokenOf(credentials);
  expect(endpoint.count - before).toBe(1);
  credentials.invalidate();
  return value;
}

const JWT = /^ey[\w-]+\.ey[\w-]+\.[\w-]+$/;
const INVALID = 'token_response_invalid';
const FAILED = 'token_request_failed';
/** Where the issue leaves the choice between the two. */
const EITHER = new RegExp(`^(${INVALID}|${FAILED})$`);

const accessToken = (change: (jwt: string) => unknown): TokenChange => ({
  body: (body) => ({ access_token: change(String(body.access_token)) }),
});
const unsigned = (jwt: string) => `${jwt.slice(0, jwt.lastIndexOf('.'))}.`;
const number = (name: string, literal: string): TokenChange => ({
  text: (text) => text.replace(new RegExp(`"${name}":\\d+`), `"${name}":${literal}`),
});
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const iss = (change: (iss: string) => unknown): TokenChange => ({
  claims: (claims) => ({ iss: change(String(claims.iss)) }),
});
const issTenant = (tenant: string) => iss((url) => url.replace(/\/piam\/[^/]+\//, `/piam/${tenant}/`));

const WRONG_TOKENS: [what: string, change: TokenChange][] = [
  ['text after the JSON', { text: (text) => `${text}x` }],
  ['JSON that ends too soon', { text: (text) => text.slice(0, -1) }],
  ['two objects', { text: (text) => text + text }],
  ['an array around the object', { text: (text) => `[${text}]` }],
  ['the object as a string', { text: (text) => JSON.stringify(text) }],

  ['no access_token', { body: { access_token: undefined } }],
  ['access_token null', { body: { access_token: null } }],
  ['access_token empty', { body: { access_token: '' } }],
  ['access_token a number', { body: { access_token: 42 } }],
  ['access_token an object', { body: { access_token: {} } }],
  ['access_token an array that prints as a token', accessToken((jwt) => [jwt])],
  ['access_token opaque', { body: { access_token: 'c0ffee-0paque' } }],
  ['access_token of three parts that are no JSON', { body: { access_token: 'aaaa.bbbb.cccc' } }],
  ['access_token of two parts', accessToken((jwt) => jwt.split('.').slice(0, 2).join('.'))],
  ['access_token of four parts', accessToken((jwt) => `${jwt}.${jwt.split('.')[2]}`)],
  ['access_token without signature', accessToken(unsigned)],
  ['access_token with a line break', accessToken((jwt) => `${jwt}\r\nX-Evil: 1`)],
  ['access_token with a blank at its end', accessToken((jwt) => `${jwt} `)],
  ['access_token with a letter beyond ASCII', accessToken((jwt) => `${jwt}é`)],
  ['access_token whose claims are an array', accessToken((jwt) => jwt.replace(/\..*\./, `.${part([1])}.`))],
  ['access_token whose claims are null', accessToken((jwt) => jwt.replace(/\..*\./, `.${part(null)}.`))],
  ['access_token whose header is a string', accessToken((jwt) => jwt.replace(/^[^.]*/, part('RS256')))],

  ['token_type mac', { body: { token_type: 'mac' } }],
  ['token_type empty', { body: { token_type: '' } }],
  ['no token_type', { body: { token_type: undefined } }],
  ['token_type null', { body: { token_type: null } }],
  ['token_type a number', { body: { token_type: 1 } }],
  ['token_type an array that prints as bearer', { body: { token_type: ['bearer'] } }],
  ['token_type bearer and more', { body: { token_type: 'bearer x' } }],

  ['expires_in 0', { body: { expires_in: 0 } }],
  ['expires_in -1', { body: { expires_in: -1 } }],
  ['expires_in a text', { body: { expires_in: '1800' } }],
  ['expires_in null', { body: { expires_in: null } }],
  ['expires_in true', { body: { expires_in: true } }],
  ['expires_in an array', { body: { expires_in: [1800] } }],
  ['no expires_in', { body: { expires_in: undefined } }],
  ['expires_in NaN', number('expires_in', 'NaN')],
  ['expires_in infinite', number('expires_in', '1e400')],
  ['expires_in 32,000 years', number('expires_in', '1e12')],

  ['exp equal to iat', { claims: ({ iat }) => ({ exp: iat }) }],
  ['exp before iat', { claims: ({ iat }) => ({ exp: Number(iat) - 1800 }) }],
  ['exp a text', { claims: ({ exp }) => ({ exp: String(exp) }) }],
  ['iat a text', { claims: ({ iat }) => ({ iat: String(iat) }) }],
  ['exp null', { claims: { exp: null } }],
  ['iat null', { claims: { iat: null } }],
  ['no exp', { claims: { exp: undefined } }],
  ['no iat', { claims: { iat: undefined } }],
  ['exp an array', { claims: ({ exp }) => ({ exp: [exp] }) }],

  ['alg HS256', { header: { alg: 'HS256' } }],
  ['alg RS512', { header: { alg: 'RS512' } }],
  ['alg rs256', { header: { alg: 'rs256' } }],
  ['alg none', { header: { alg: 'none' } }],
  ['alg an array', { header: { alg: ['RS256'] } }],
  ['no alg', { header: { alg: undefined } }],
  ['alg none without signature', { header: { alg: 'none' }, ...accessToken(unsigned) }],
  ['no typ', { header: { typ: undefined } }],
  ['typ of another kind', { header: { typ: 'at+jwt' } }],
  ['typ empty', { header: { typ: '' } }],
  ['typ an array', { header: { typ: ['JWT'] } }],

  ['iss of another host', iss(() => 'https://acme.piam.eu1.mindsphere.io/oauth/token')],
  ['iss with a path behind it', iss((url) => `${url}/evil`)],
  ['iss with a slash behind it', iss((url) => `${url}/`)],
  ['iss with a query', iss((url) => `${url}?x=1`)],
  ['iss with a fragment', iss((url) => `${url}#x`)],
  ['iss with a line break behind it', iss((url) => `${url}\n`)],
  ['iss with a blank before it', iss((url) => ` ${url}`)],
  ['iss whose host has a suffix', iss((url) => url.replace('127.0.0.1', '127.0.0.1.evil.example'))],
  ['iss whose host is user info', iss((url) => url.replace(/127.0.0.1:\d+/, '$&@evil.example'))],
  ['iss with user info', iss((url) => url.replace('http://', 'http://evil@'))],
  ['iss behind another host', iss((url) => `http://evil.example/${url}`)],
  ['iss of another scheme', iss((url) => url.replace('http:', 'https:'))],
  ['iss of another port', iss((url) => url.replace(/:\d+/, ':1'))],
  ['iss of other letter case', iss((url) => url.replace('/oauth/', '/OAUTH/'))],
  ['iss of another end', iss((url) => url.replace('/oauth/token', '/oauth/tokens'))],
  ['iss whose tenant is empty', issTenant('')],
  ['iss whose tenant is two segments', issTenant('a/b')],
  ['iss whose tenant is two labels', issTenant('a.b')],
  ['iss whose tenant leads up', issTenant('..')],
  ['iss whose tenant is encoded', issTenant('a%2fb')],
  ['iss empty', { claims: { iss: '' } }],
  ['iss a number', { claims: { iss: 42 } }],
  ['iss an array that prints right', iss((url) => [url])],

  ['ten of another tenant', { claims: { ten: 'globex' } }],
  ['ten with a suffix', { claims: ({ ten }) => ({ ten: `${String(ten)}2` }) }],
  ['ten with a blank', { claims: ({ ten }) => ({ ten: `${String(ten)} ` }) }],
  ['ten an array that prints right', { claims: ({ ten }) => ({ ten: [ten] }) }],
  ['ten a number', { claims: { ten: 42 } }],
];

const RIGHT_TOKENS: [what: string, change: TokenChange][] = [
  ['unchanged', {}],
  ['token_type bearer', { body: { token_type: 'bearer' } }],
  ['token_type Bearer', { body: { token_type: 'Bearer' } }],
  ['token_type BEARER', { body: { token_type: 'BEARER' } }],
  ['token_type bEaReR', { body: { token_type: 'bEaReR' } }],
  ['no iss', { claims: { iss: undefined } }],
  ['iss of the provider', issTenant('provider1')],
  ['no ten', { claims: { ten: undefined } }],
  ['no scope, jti and timestamp', { body: { scope: undefined, jti: undefined, timestamp: undefined } }],
  ['fields nobody knows', { body: { colour: 'blue', nested: { a: [1] } }, claims: { colour: 'blue' } }],
  ['white space around the JSON', { text: (text) => `\n  ${text}\r\n` }],
  ['without a content length', { chunked: true }],
  ['a charset in the content type', { headers: { 'content-type': 'application/json;charset=UTF-8' } }],
  ['200,000 bytes', { padTo: 200_000 }],
];

const WRONG_ANSWERS: [what: string, answer: Answer, code: string | RegExp][] = [
  ['no JSON', raw({ body: 'ok' }), INVALID],
  ['an empty body', raw({ body: '' }), INVALID],
  ['white space', raw({ body: ' \n' }), INVALID],
  ['no content', raw({ status: 204 }), EITHER],
  ['HTML', html('<!doctype html><title>Sign in</title>'), INVALID],
  ['null', json(null), INVALID],
  ['a number', json(42), INVALID],
  ['an empty object', json({}), INVALID],
  ['an empty array', json([]), INVALID],
  ['an OAuth error with status 200', json({ error: 'unauthorized', error_description: 'Bad credentials' }), EITHER],
  ['gzip that is none', raw({ headers: { 'content-encoding': 'gzip' }, body: '{}' }), EITHER],
  ['a truncated body', truncated(), EITHER],
  ['a reset in the body', resetInBody(), EITHER],
  ['a reset', reset(), FAILED],
];

describe.each(KINDS)('answer to a request for a token: %s', (kind) => {
  /** All kinds have one way to read an answer. */
  const ofKind = <T>(cases: readonly T[]) => inTurn(cases, kind, KINDS);
  // One application for the whole table; every row leaves its cache empty.
  let client: Client;
  let platform: StubPlatform;
  beforeAll(async () => {
    platform = await StubPlatform.start();
  });
  afterAll(() => platform.close());
  beforeEach(async () => {
    client = await clientOf(kind, {}, platform);
  });

  it.each(ofKind(RIGHT_TOKENS))('is taken: %s', async (_, change) => {
    expect(await acceptance(client, change)).toMatch(JWT);
  });

  it.each(ofKind(WRONG_TOKENS))('is refused: %s', async (_, change) => {
    expect(await refusal(client, platform.token(change))).toBe(INVALID);
  });

  it.each(ofKind(WRONG_ANSWERS))('is refused: %s', async (_, answer, code) => {
    expect(await refusal(client, answer)).toMatch(code);
  });

  it('is taken from gzip, which the request offers', async () => {
    expect(await acceptance(client, { gzip: true })).toMatch(JWT);
    expect(headerOf(client.endpoint.requests.at(-1)!, 'accept-encoding')).toContain('gzip');
  });
});

const asChange = (body: unknown, claim: unknown) => ({ body: { subtenant: body }, claims: { subtenant: claim } });

describe('answer to an impersonating request', () => {
  type Case = [what: string, body: unknown, claim: unknown];

  it.each<Case>([
    ['names it in body and claim', 'plant-7', 'plant-7'],
    ['names it in the body', 'plant-7', undefined],
    ['names it in the claim', undefined, 'plant-7'],
    ['names it in the body, the claim is empty', 'plant-7', ''],
  ])('is taken: %s', async (_, body, claim) => {
    expect(await acceptance(await clientOf('subtenant'), asChange(body, claim))).toMatch(JWT);
  });

  it.each<Case>([
    ['names none', undefined, undefined],
    ['empty in body and claim', '', ''],
    ['null in body and claim', null, null],
    ['another in the body', 'plant-8', undefined],
    ['another in the claim', undefined, 'plant-8'],
    ['another in the body beside the right claim', 'plant-8', 'plant-7'],
    ['another in the claim beside the right body', 'plant-7', 'plant-8'],
    ['another in both', 'plant-8', 'plant-8'],
    ['the tenant itself', 'acme', 'acme'],
    ['longer than the right one', 'plant-77', 'plant-77'],
    ['an array that prints right', ['plant-7'], undefined],
  ])('is refused: %s', async (_, body, claim) => {
    const client = await clientOf('subtenant');
    expect(await refusal(client, client.platform.token(asChange(body, claim)))).toBe(INVALID);
  });
});

describe('configured verification.issuerUrl', () => {
  const options = { verification: { issuerUrl: 'https://{tenant}.login.example/oauth/token' } };

  it.each(KINDS)('decides which issuer is taken: %s', async (kind) => {
    const client = await clientOf(kind, options);
    const change = iss(() => 'https://acme.login.example/oauth/token');
    expect(await acceptance(client, change)).toMatch(JWT);
    client.endpoint.always(client.platform.token(change));
    expect(await refusal(client, client.platform.token({}))).toBe(INVALID);
  });
});

describe('oauthUrl with a path behind the tenant', () => {
  async function china() {
    const platform = await startPlatform();
    const client = await clientOf('app', { oauthUrl: `${platform.oauthUrl}/uaa` }, platform);
    const issuedAt = (path: string) => iss(() => `${platform.origin}/piam/acme${path}/oauth/token`);
    return { client, issuedAt };
  }

  it.each(['/uaa', ''])('takes a token whose issuer has the path "%s"', async (path) => {
    const { client, issuedAt } = await china();
    expect(await acceptance(client, issuedAt(path))).toMatch(JWT);
  });

  it.each(['/other', '/uaa/uaa', '/UAA'])('refuses a token whose issuer has the path "%s"', async (path) => {
    const { client, issuedAt } = await china();
    client.endpoint.always(client.platform.token(issuedAt(path)));
    expect(await failureOf(client.credentials.getToken())).toMatchObject({ code: INVALID });
  });
});

describe.each([301, 302, 303, 307, 308])('redirect with status %i', (status) => {
  it.each(KINDS)('is refused and its target never contacted: %s', async (kind) => {
    const client = await clientOf(kind);
    const target = await startPlatform();
    for (const location of [`${target.origin}/elsewhere`, '/elsewhere', `${client.platform.origin}/elsewhere`]) {
      expect(await refusal(client, redirect(location, status))).toMatch(EITHER);
    }
    expect(target.count).toBe(0);
    expect(client.platform.elsewhere.count).toBe(0);
  });

  it('is refused although a right token comes with it', async () => {
    const client = await clientOf('tenant');
    const answer = client.platform.token({ status, headers: { location: '/elsewhere' } });
    expect(await refusal(client, answer)).toMatch(EITHER);
    expect(client.platform.elsewhere.count).toBe(0);
  });
});

describe('an answer over 256 kB', () => {
  it.each<[string, TokenChange]>([
    ['with a content length', { padTo: 300_000 }],
    ['without a content length', { padTo: 300_000, chunked: true }],
    ['gzip of a few bytes', { padTo: 300_000, gzip: true }],
    ['gzip of many MB', { padTo: short(3_000_000, 30_000_000), gzip: true, chunked: true }],
  ])('is refused: %s', async (_, change) => {
    for (const kind of ['app', 'tenant'] as const) {
      const client = await clientOf(kind);
      expect(await refusal(client, client.platform.token(change))).toMatch(EITHER);
    }
  });

  it.each(KINDS)('is not read to its end: %s', async (kind) => {
    const client = await clientOf(kind);
    expect(await refusal(client, flood())).toMatch(EITHER);
    const [request] = client.endpoint.requests;
    await request!.over;
    expect(request!.bytesSent()).toBeLessThan(8_000_000); // what sockets buffer, not what a flood can send
  });

  it('of an error is not read to its end either', async () => {
    const client = await clientOf('app');
    client.endpoint.next(client.platform.token({ status: 500, padTo: 5_000_000, chunked: true }));
    expect((await failureOf(client.credentials.getToken())).code).toMatch(EITHER);
  });
});

describe('a server that takes its time', () => {
  const SLOW: [string, Answer][] = [
    ['never answers', hang()],
    ['stops in the body', hangInBody()],
    ['drips', drip(10)],
  ];

  const limits = { retries: 0, timeoutMs: 800, deadlineMs: 1_200 };

  it.each(SLOW)('is given up within the limit: %s', async (_, answer) => {
    for (const kind of ['app', 'tenant'] as const) {
      const { endpoint, credentials } = await clientOf(kind, { request: limits });
      fakeTime();
      endpoint.next(answer);
      const failure = failureOf(credentials.getToken());
      await endpoint.arrived();
      const given = await passing(failure);
      expect(given.value).toMatchObject({ code: 'token_request_failed', retryable: true });
      expect(given.ms).toBeLessThanOrEqual(limits.deadlineMs);
      expect(endpoint.count).toBe(1);
      await endpoint.requests[0]!.over;
      await tokenOf(credentials);
      expect(endpoint.count).toBe(2);
    }
  });

  it.each(SLOW)('takes at most deadlineMs however often it is asked: %s', async (_, answer) => {
    const request = { retries: 10, retryDelayMs: 0, timeoutMs: 400, deadlineMs: 1_500 };
    const { endpoint, credentials } = await clientOf('tenant', { request });
    fakeTime();
    endpoint.always(answer);
    const failure = failureOf(credentials.getToken());
    await endpoint.arrived();
    const given = await passing(failure);
    expect(given.value).toMatchObject({ code: 'token_request_failed', attempts: endpoint.count });
    expect(given.ms).toBeLessThanOrEqual(request.deadlineMs);
    expect(endpoint.count).toBeGreaterThan(1);
    expect(endpoint.count).toBeLessThan(6);
  });

  it('cannot be reached at all', async () => {
    // A port that a server here has left may be another server's by now; nobody listens on this one.
    const { credentials } = await clientOf('app', { gatewayUrl: 'http://127.0.0.1:1' });
    const failure = await failureOf(credentials.getToken());
    expect(failure).toMatchObject({ code: 'token_request_failed', retryable: true });
    expect(failure.status).toBeUndefined();
  });
});

describe.each(['app', 'tenant'] as const)('an error status: %s', (kind) => {
  it('reports the error of the server by the fields of OAuth', async () => {
    const { platform, endpoint, credentials } = await clientOf(kind);
    endpoint.next(json({ error: 'unauthorized', error_description: 'Bad credentials' }, 401));
    const error = await failureOf(credentials.getToken());
    expect(error).toMatchObject({
      code: 'token_request_failed',
      status: 401,
      retryable: false,
      attempts: 1,
      error: 'unauthorized',
      errorDescription: 'Bad credentials',
      endpoint: `${platform.origin}${endpoint.only.url}`,
    });
  });

  it.each([400, 401, 403, 404])('%i is final', async (status) => {
    const { endpoint, credentials } = await clientOf(kind, { request: { retries: 3, retryDelayMs: 0 } });
    endpoint.always(json({ error: 'invalid_request' }, status));
    expect(await failureOf(credentials.getToken())).toMatchObject({
      code: 'token_request_failed',
      status,
      retryable: false,
    });
    expect(endpoint.count).toBe(1);
  });

  it.each([429, 500, 502, 503, 504])('%i is tried again', async (status) => {
    const { endpoint, credentials } = await clientOf(kind, { request: { retries: 2, retryDelayMs: 0 } });
    endpoint.always(html('<h1>Later</h1>', status));
    const error = await failureOf(credentials.getToken());
    expect(error).toMatchObject({ code: 'token_request_failed', status, retryable: true, attempts: 3 });
    expect(endpoint.count).toBe(3);

    credentials.invalidate();
    endpoint.always().next(html('<h1>Later</h1>', status));
    await tokenOf(credentials);
    expect(endpoint.count).toBe(5);
  });

  it.each<[string, Answer]>([
    ['errors of other services', json({ errors: [{ code: 'x', message: 'y', logref: 'z' }] }, 400)],
    ['HTML', html('<h1>no</h1>', 400)],
    ['nothing', raw({ status: 400 })],
    ['null', json(null, 400)],
    ['an error that is no text', json({ error: { a: 1 }, error_description: ['b'] }, 400)],
  ])('with %s in its body is still understood', async (_, answer) => {
    const { endpoint, credentials } = await clientOf(kind);
    endpoint.next(answer);
    expect(await failureOf(credentials.getToken())).toMatchObject({
      code: 'token_request_failed',
      status: 400,
      attempts: 1,
    });
  });

  it('is an error although a right token comes with it', async () => {
    const client = await clientOf(kind);
    expect(await refusal(client, client.platform.token({ status: 400 }))).toBe(FAILED);
  });
});

describe('life of a token', () => {
  const TEN_YEARS = 10 * 365 * 86_400_000;

  it.each([
    ['expires_in where it is shorter', 600, 1800, 600],
    ['exp - iat where it is shorter', 3600, 900, 900],
  ])('is %s', async (_, expiresIn, claimed, life) => {
    fakeTime();
    const { platform, endpoint, credentials } = await clientOf('tenant');
    const change = {
      body: { expires_in: expiresIn },
      claims: ({ iat }: { iat?: unknown }) => ({ exp: Number(iat) + claimed }),
    };
    endpoint.next(platform.token(change));
    const token = await tokenOf(credentials);
    expect(token.expiresAt.getTime() - Date.now()).toBe(life * 1000);

    vi.advanceTimersByTime((life / 2) * 1000 - 1_000);
    expect((await tokenOf(credentials)).value).toBe(token.value);
    expect(endpoint.count).toBe(1);
    vi.advanceTimersByTime((life / 2) * 1000 + 2_000);
    expect((await tokenOf(credentials)).value).not.toBe(token.value);
    expect(endpoint.count).toBe(2);
  });

  it('counts from receipt, not from the request', async () => {
    fakeTime();
    const { endpoint, credentials } = await clientOf('app', { request: { timeoutMs: 60_000, deadlineMs: 60_000 } });
    const release = endpoint.hold();
    const pending = tokenOf(credentials);
    await endpoint.arrived();
    vi.advanceTimersByTime(7_000);
    release();
    const token = await pending;
    expect(token.expiresAt.getTime() - Date.now()).toBe(1_799_000);
  });

  it.each([
    ['ten years behind', -TEN_YEARS],
    ['ten years ahead', TEN_YEARS],
    ['at the epoch', undefined],
  ])('does not care for a server clock that is %s', async (_, skew) => {
    fakeTime();
    for (const kind of KINDS) {
      const { platform, endpoint, credentials } = await clientOf(kind);
      const offset = skew ?? -Date.now();
      platform.clock = () => Date.now() + offset;
      const token = await tokenOf(credentials);
      expect(token.expiresAt.getTime() - Date.now()).toBe(kind === 'app' ? 1_799_000 : 1_800_000);
      expect((await tokenOf(credentials)).value).toBe(token.value);
      expect(endpoint.count).toBe(1);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { bearerTokenOf, passableToken, presentedToken, rawRequestOf } from '../../lib/users/presented-token.js';
import { failureOf, forbidden } from '../support/application.js';

const JWT = 'eyJh.eyJi.c2ln';
const MISSING = 'The request has no bearer token.';
const malformed = (what: string) => `The request's bearer token is malformed: ${what}.`;

/** As Node makes it of one header. */
const withHeader = (value: unknown) => ({
  headers: { authorization: value },
  rawHeaders: ['Host', 'a', 'Authorization', value],
});

describe('the token that a request presents', () => {
  it.each<[string, unknown]>([
    ['with a header', withHeader(`Bearer ${JWT}`)],
    ['with the scheme in small letters', withHeader(`bearer ${JWT}`)],
    ['with more blanks than one', withHeader(`Bearer   ${JWT}`)],
    ['of Fastify', { raw: withHeader(`Bearer ${JWT}`), headers: {} }],
    ['of Fastify, handed on by GraphQL', { req: { raw: withHeader(`Bearer ${JWT}`), headers: {} } }],
    ['handed on by GraphQL', { req: withHeader(`Bearer ${JWT}`), headers: { authorization: 'Bearer other' } }],
    ['whose req is none', { ...withHeader(`Bearer ${JWT}`), req: {} }],
    ['whose req is null', { ...withHeader(`Bearer ${JWT}`), req: null }],
    ['whose raw is none', { ...withHeader(`Bearer ${JWT}`), raw: { headers: undefined } }],
    ['whose raw is a text', { ...withHeader(`Bearer ${JWT}`), raw: 'x' }],
    ['that is a handshake with a header', { headers: { authorization: `Bearer ${JWT}` }, auth: { token: 'other' } }],
    ['that is a handshake with auth', { headers: {}, auth: { token: JWT } }],
    ['that is a handshake with auth and a scheme', { headers: {}, auth: { token: `Bearer ${JWT}` } }],
    ['that is a handshake with auth and an empty header', { headers: { authorization: '' }, auth: { token: JWT } }],
    ['that is a handshake without headers', { auth: { token: JWT } }],
  ])('is found in one %s', (_, request) => {
    expect(presentedToken(request, {})).toBe(JWT);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'Bearer x'],
    ['nothing', {}],
    ['an empty header', withHeader('')],
    ['another scheme', withHeader(`Basic ${JWT}`)],
    ['a scheme alone', withHeader('Negotiate')],
    ['one word that is no JWT', withHeader('a.b')],
    ['a scheme that ends like it', withHeader(`Xbearer ${JWT}`)],
    ['a scheme that begins like it', withHeader(`Bearerx ${JWT}`)],
    ['a token that ends like the scheme', withHeader('Basic Bearer ')],
    ['a handshake whose auth is null', { headers: {}, auth: null }],
    ['a handshake without a token', { headers: {}, auth: {} }],
    ["auth beside Node's own headers", { headers: {}, rawHeaders: [], auth: { token: JWT } }],
  ])('is missing in %s', async (_, request) => {
    const failure = await failureOf(() => presentedToken(request, {}));
    expect(failure).toMatchObject({ code: 'token_missing', message: MISSING });
  });

  it.each([JWT, 'eyJh.eyJi.'])('is missing in a header with %j and no scheme, and the message says so', async (jwt) => {
    const failure = await failureOf(() => presentedToken(withHeader(jwt), {}));
    const message = 'The request has no bearer token: its Authorization header has a JWT without the scheme Bearer.';
    expect(failure).toMatchObject({ code: 'token_missing', message });
  });

  it.each<[string, unknown, string]>([
    ['no token behind the scheme', withHeader('Bearer '), 'the token is empty'],
    ['only blanks behind the scheme', withHeader('Bearer   '), 'the token is empty'],
    ['nothing behind the scheme', withHeader('bearer'), 'the token is empty'],
    ['a header of two strings', withHeader([JWT, JWT]), 'the Authorization header is not a single string'],
    ['a handshake with a number', { headers: {}, auth: { token: 7 } }, 'the token is not a string'],
    [
      'two headers',
      { headers: { authorization: `Bearer ${JWT}` }, rawHeaders: ['authorization', 'a', 'AUTHORIZATION', 'b'] },
      'the request has more than one Authorization header',
    ],
  ])('is malformed where there is %s', async (_, request, what) => {
    const failure = await failureOf(() => presentedToken(request, {}));
    expect(failure).toMatchObject({ code: 'token_malformed', message: malformed(what) });
  });

  it('is not confused by headers of the same length, or by values that are the name', () => {
    const rawHeaders = ['authorizatiom', 'authorization', 'Authorization', `Bearer ${JWT}`, 'x', 'Authorization', 7, 8];
    expect(presentedToken({ headers: { authorization: `Bearer ${JWT}` }, rawHeaders }, {})).toBe(JWT);
  });

  it('is what userToken.extract returns, and nothing else', async () => {
    const request = withHeader('Bearer other');
    expect(presentedToken(request, { extract: (given) => (given === request ? JWT : undefined) })).toBe(JWT);
    expect((await failureOf(() => presentedToken(request, { extract: () => undefined }))).code).toBe('token_missing');
    const broken = () => {
      throw new Error(JWT);
    };
    const failure = await failureOf(() => presentedToken(request, { extract: broken }));
    expect(failure).toMatchObject({ code: 'token_malformed', message: malformed('userToken.extract failed') });
    const later = forbidden<() => string>(() => Promise.reject(new Error('later')));
    const late = await failureOf(() => presentedToken(request, { extract: later }));
    expect(late).toMatchObject({ code: 'token_malformed', message: malformed('the token is not a string') });
  });
});

describe('a token given as a value', () => {
  it.each([JWT, `Bearer ${JWT}`, `BEARER ${JWT}`, `Bearer  ${JWT}`])('%j is read', (value) => {
    expect(bearerTokenOf(value)).toBe(JWT);
  });

  it('is taken as it stands where the scheme is no scheme', () => {
    expect(bearerTokenOf('a bearer x')).toBe('a bearer x');
    expect(bearerTokenOf('x bearer')).toBe('x bearer');
  });

  it.each(['a', 'a-b._~+/c', 'abc=', 'abc=='])('%j can be passed on', (token) => {
    expect(passableToken(token)).toBe(token);
  });

  it.each(['', '=', 'a b', ' a', 'a\n', 'a=b', 'ä', 'a"', '\na', 'a,b'])('%j cannot be passed on', async (token) => {
    const message = malformed('it has characters that RFC 6750 does not allow');
    expect(await failureOf(() => passableToken(token))).toMatchObject({ code: 'token_malformed', message });
  });
});

describe("Node's own request", () => {
  const raw = { headers: {} };
  it.each<[string, unknown]>([
    ['itself', raw],
    ['within the one of Fastify', { headers: {}, raw }],
    ['within the context of GraphQL', { req: raw }],
    ['within both', { req: { headers: {}, raw } }],
  ])('is found %s', (_, request) => {
    expect(rawRequestOf(request)).toBe(raw);
  });

  it.each([undefined, null, 'x', 7])('is an empty object for %j', (request) => {
    expect(rawRequestOf(request)).toEqual({});
  });
});

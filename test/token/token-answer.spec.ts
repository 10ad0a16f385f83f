import { describe, expect, it } from 'vitest';
import { TenantUrlTemplate } from '../../lib/config/tenant-urls.js';
import { PLATFORMS } from '../../lib/platform/platforms.js';
import { readGrant } from '../../lib/token/token-answer.js';
import { failureOf } from '../support/application.js';

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const EXPECTED = {
  rules: PLATFORMS.mindsphere,
  issuerUrls: [new TenantUrlTemplate('https://{tenant}.x/oauth')],
  tenant: 'acme',
  subtenant: 'sub1',
};
const CLAIMS = { iat: 1_000, exp: 2_000, ten: 'acme', iss: 'https://acme.x/oauth', subtenant: 'sub1' };
const HEADER = { alg: 'RS256', typ: 'JWT' };
const token = (claims: object = {}, header: object = {}) =>
  `${part({ ...HEADER, ...header })}.${part({ ...CLAIMS, ...claims })}.c2ln`;
const BODY = { access_token: token(), token_type: 'bearer', expires_in: 900 };
const read = (body: unknown, expected: Parameters<typeof readGrant>[2] = EXPECTED) =>
  readGrant(
    { status: 200, headers: {}, body: typeof body === 'string' ? body : JSON.stringify(body) },
    'https://e',
    expected,
    2,
  );

const LIFE = 'expires_in is not a number from 1 to 86400';
const CLAIMED_LIFE = "the token's exp and iat are not numbers that span a life";
const SUBTENANT = 'the token is not limited to the subtenant requested';

describe('a token answer', () => {
  it('is taken with the shorter of two lives, and its scope', () => {
    expect(read({ ...BODY, scope: 'a b' })).toEqual({ value: BODY.access_token, lifeMs: 900_000, scope: 'a b' });
    expect(read({ ...BODY, expires_in: 1_800 })).toMatchObject({ lifeMs: 1_000_000, scope: undefined });
  });

  it.each([1, 86_400])('is taken with a life of %i s', (seconds) => {
    const value = token({ exp: 1_000 + seconds });
    expect(read({ ...BODY, expires_in: seconds, access_token: value }).lifeMs).toBe(seconds * 1_000);
  });

  it('is taken with any issuer where none is known, and without one where one is', () => {
    const foreign = { ...BODY, access_token: token({ iss: 'https://elsewhere' }) };
    expect(read(foreign, { ...EXPECTED, issuerUrls: [] }).lifeMs).toBe(900_000);
    expect(read({ ...BODY, access_token: token({ iss: undefined }) }).lifeMs).toBe(900_000);
  });

  it.each([
    ['null', { subtenant: null }],
    ['an empty text', { subtenant: '' }],
  ])('is taken with %s for a subtenant in the claims and the right one in the body', (_, claims) => {
    expect(read({ ...BODY, access_token: token(claims), subtenant: 'sub1' }).lifeMs).toBe(900_000);
  });

  it.each<[string, unknown]>([
    ['it is empty', ''],
    ['it is not a JSON object', '[]'],
    ['it is not a JSON object', '<html>'],
    ['token_type is not bearer', { ...BODY, token_type: 'mac' }],
    [LIFE, { ...BODY, expires_in: 0.5 }],
    [LIFE, { ...BODY, expires_in: 86_401 }],
    [LIFE, { ...BODY, expires_in: '900' }],
    ['access_token is not a string', { ...BODY, access_token: 7 }],
    ['access_token is not a JWT', { ...BODY, access_token: 'opaque' }],
    ["the token's alg is not RS256", { ...BODY, access_token: token({}, { alg: 'none' }) }],
    ["the token's typ is not JWT", { ...BODY, access_token: token({}, { typ: 'at+jwt' }) }],
    [CLAIMED_LIFE, { ...BODY, access_token: token({ exp: 1_000 }) }],
    [CLAIMED_LIFE, { ...BODY, access_token: token({ iat: '1000' }) }],
    [CLAIMED_LIFE, { ...BODY, access_token: token({ exp: '2000' }) }],
    ["the token's iss does not match https://{tenant}.x/oauth", { ...BODY, access_token: token({ iss: 'https://y' }) }],
    ['the token is for another tenant than requested', { ...BODY, access_token: token({ ten: 'globex' }) }],
    ["the token's subtenant is not one DNS label", { ...BODY, access_token: token({ subtenant: 'a.b' }) }],
    [SUBTENANT, { ...BODY, access_token: token({ subtenant: 'sub2' }) }],
    [SUBTENANT, { ...BODY, access_token: token({ subtenant: null }) }],
    [SUBTENANT, { ...BODY, subtenant: 'sub2' }],
  ])('is refused, because %s', async (fault, body) => {
    const failure = await failureOf(() => read(body));
    expect(failure.message).toBe(`The token endpoint https://e gave an invalid answer: ${fault}.`);
    expect(failure).toMatchObject({ code: 'token_response_invalid', status: 200, endpoint: 'https://e', attempts: 2 });
  });
});

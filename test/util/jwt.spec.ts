import { describe, expect, it } from 'vitest';
import { AccessToken, type AccessTokenInit } from '../../lib/token/access-token.js';
import { decodeClaims, decodeJwt, nonEmptyString, wordsOf } from '../../lib/util/jwt.js';

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwtOf = (claims: unknown) => `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`;

describe('a compact JWT', () => {
  it('is read', () => {
    expect(decodeJwt(jwtOf({ ten: 'acme' }))).toEqual({ header: { alg: 'RS256' }, claims: { ten: 'acme' } });
  });

  it.each([
    ['a space before it', ` ${jwtOf({})}`],
    ['a line break after it', `${jwtOf({})}\n`],
    ['a fourth part', `${jwtOf({})}.x`],
    ['no signature', jwtOf({}).replace(/[^.]*$/, '')],
    ['two parts', 'e30.e30'],
    ['padding', `${part({})}=.${part({})}.c2ln`],
    ['claims that are a list', jwtOf([])],
    ['claims that are no JSON', `${part({})}.eA.c2ln`],
    ['a header that is no JSON', `eA.${part({})}.c2ln`],
  ])('is none with %s', (_, text) => {
    expect(decodeJwt(text)).toBeUndefined();
  });

  it('has no claims where it is not one', () => {
    expect(decodeClaims('opaque')).toEqual({});
  });
});

describe('words of a claim', () => {
  it.each([
    ['a  b c ', ['a', 'b', 'c']],
    ['', []],
    [
      ['a', 7, 'b'],
      ['a', 'b'],
    ],
    [7, []],
    [undefined, []],
  ])('%j are %j', (claim, words) => {
    expect(wordsOf(claim)).toEqual(words);
  });

  it.each([
    ['a', 'a'],
    ['', undefined],
    [7, undefined],
    [null, undefined],
  ])('%j is the text %j', (claim, text) => {
    expect(nonEmptyString(claim)).toBe(text);
  });
});

describe('an access token', () => {
  const made = (init: Partial<AccessTokenInit>, claims: object = {}) =>
    new AccessToken({
      value: jwtOf(claims),
      issuedAt: 1_000,
      expiresAt: 61_000,
      trusted: true,
      platform: 'mindsphere',
      ...init,
    });

  it('gives its claims, else what was requested', () => {
    const asked = { tenant: 'asked', subtenant: 'sub', scope: 'x y' };
    expect(made(asked)).toMatchObject({ tenant: 'asked', subtenant: 'sub', scopes: ['x', 'y'] });
    const told = { ten: 'acme', subtenant: 'other', scope: ['z'] };
    expect(made(asked, told)).toMatchObject({ tenant: 'acme', subtenant: 'other', scopes: ['z'] });
    expect(made(asked, { ten: '', subtenant: '' })).toMatchObject({ tenant: 'asked', subtenant: 'sub' });
  });

  it('gives no claims that are not trusted', () => {
    const token = made({ trusted: false }, { ten: 'acme', scope: ['z'] });
    expect([token.tenant, token.scopes, token.claims]).toEqual([undefined, [], {}]);
  });

  it('has claims frozen at every depth', () => {
    const { claims } = made({}, { deep: { list: [{ x: null }] }, none: null });
    const { deep } = claims as { deep: { list: object[] } };
    for (const value of [claims, deep, deep.list, deep.list[0]]) expect(Object.isFrozen(value)).toBe(true);
  });

  it('is dumped with everything but the token', () => {
    const token = made({ tenant: 'acme', subtenant: 'sub' });
    const [issuedAt, expiresAt] = [new Date(1_000), new Date(61_000)];
    expect(token.toJSON()).toEqual({ platform: 'mindsphere', tenant: 'acme', subtenant: 'sub', issuedAt, expiresAt });
    expect(String(token)).toMatch(
      /^AccessToken \{\s+platform: 'mindsphere',\s+tenant: 'acme',\s+subtenant: 'sub',[^]*expiresAt: 1970/,
    );
  });
});

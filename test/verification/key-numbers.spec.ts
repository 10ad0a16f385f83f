import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readKeySet } from '../../lib/verification/key-set.js';

const number = (...bytes: number[]) => Buffer.from(bytes).toString('base64url');
/** A modulus of so many bits; nothing is verified with it. */
const modulus = (bits: number, zeros = 0) => {
  const bytes = Buffer.alloc(Math.ceil(bits / 8), 0xff);
  bytes[0] = 0xff >> (bytes.length * 8 - bits);
  return Buffer.concat([Buffer.alloc(zeros), bytes]).toString('base64url');
};
const GOOD = { kty: 'RSA', kid: 'good', n: modulus(2_048), e: 'AQAB' };
const read = (...keys: unknown[]) => readKeySet(JSON.stringify({ keys: [GOOD, ...keys] }));

describe('a key of a key set counts', () => {
  it.each([
    ['with a modulus of 2,047 bits', { n: modulus(2_047) }, false],
    ['with a modulus of 2,048 bits', { n: modulus(2_048) }, true],
    ['with a modulus of 2,048 bits behind zero bytes', { n: modulus(2_048, 3) }, true],
    ['with a modulus of 2,047 bits behind zero bytes', { n: modulus(2_047, 9) }, false],
    ['with a modulus of 8,192 bits', { n: modulus(8_192) }, true],
    ['with a modulus of 8,193 bits', { n: modulus(8_193) }, false],
    ['with a modulus of zero bytes', { n: number(0, 0, 0) }, false],
    ['with a modulus in plain base64', { n: `${modulus(2_048)}==` }, false],
    ['with the exponent 3', { e: number(3) }, true],
    ['with the exponent 65,537', { e: 'AQAB' }, true],
    ['with the exponent 257 behind a zero byte', { e: number(0, 1, 1) }, true],
    ['with the exponent 1', { e: number(1) }, false],
    ['with the exponent 1 behind zero bytes', { e: number(0, 0, 1) }, false],
    ['with the exponent 2', { e: number(2) }, false],
    ['with an even exponent of three bytes', { e: number(1, 0, 2) }, false],
    ['with the exponent 0', { e: number(0) }, false],
    ['without an exponent', { e: undefined }, false],
  ])('%s: %o', (_, change, counts) => {
    const content = read({ ...GOOD, kid: 'odd', ...change });
    expect(content?.keys.has('odd')).toBe(counts);
    expect(content?.keys.has('good')).toBe(true);
    expect(content?.ignored).toBe(counts ? 0 : 1);
  });
});

it('entries that are left out are counted, of whatever kind', () => {
  const twice = { ...GOOD, kid: 'twice' };
  expect(read(null, 'text', { kty: 'EC', kid: 'ec' }, twice, twice)?.ignored).toBe(5);
});

it('a real key of 3,072 bits counts', () => {
  const { n, e } = generateKeyPairSync('rsa', { modulusLength: 3_072 }).publicKey.export({ format: 'jwk' });
  expect(read({ kty: 'RSA', kid: 'real', n, e })?.keys.has('real')).toBe(true);
});

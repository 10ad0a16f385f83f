import { NO_VALUES, parseValues, type Values } from './json.js';

/** The claims of a JWT, or its header. */
export type Claims = Values;

/** The parts of a JWT that anybody can read. Nothing here is verified. */
export interface DecodedJwt {
  readonly header: Claims;
  readonly claims: Claims;
}

const COMPACT_JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Reads a compact JWT without verifying it; `undefined` where the string is not one. */
export function decodeJwt(value: string): DecodedJwt | undefined {
  if (!COMPACT_JWT.test(value)) return undefined;
  const header = decodePart(value, 0);
  const claims = decodePart(value, 1);
  return header === undefined || claims === undefined ? undefined : { header, claims };
}

/** The claims of a JWT that {@link decodeJwt} has accepted before; empty for any other string. */
export function decodeClaims(value: string): Claims {
  return decodePart(value, 1) ?? NO_VALUES;
}

/** A claim that may be a list, or a string of space-separated words, as `scope` is (RFC 6749, section 3.3). */
export function wordsOf(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((word) => word !== '');
  return Array.isArray(claim) ? claim.filter((word) => typeof word === 'string') : [];
}

/** A claim that is a string. An empty one counts as missing, as in `subtenant` (protocol page, section 7). */
export function nonEmptyString(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim !== '' ? claim : undefined;
}

function decodePart(value: string, index: 0 | 1): Claims | undefined {
  const part = value.split('.', 2)[index] ?? '';
  return parseValues(Buffer.from(part, 'base64url').toString('utf8'));
}

import { NO_VALUES, parseValues, type Values } from './json.js';

/** The claims of a JWT, or its header. */
export type Claims = Values;

/** The parts of a JWT that anybody can read. Nothing here is verified. */
export interface DecodedJwt {
  readonly header: Claims;
  readonly claims: Claims;
}

const COMPACT_JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Reads a compact JWT without verifying it; `undefined` where the text is none. */
export function decodeJwt(text: string): DecodedJwt | undefined {
  if (!COMPACT_JWT.test(text)) return undefined;
  const header = decodePart(text, 0);
  const claims = decodePart(text, 1);
  return header === undefined || claims === undefined ? undefined : { header, claims };
}

/** The claims of a text that {@link decodeJwt} has accepted before; empty for any other. */
export function decodeClaims(text: string): Claims {
  return decodePart(text, 1) ?? NO_VALUES;
}

/** A claim that may be a list or a text of space-separated words, as `scope` is (RFC 6749, section 3.3). */
export function wordsOf(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((word) => word !== '');
  return Array.isArray(claim) ? claim.filter((word) => typeof word === 'string') : [];
}

/** A claim that is a text; an empty one means none, as `subtenant` does (protocol page, section 7). */
export function textOf(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim !== '' ? claim : undefined;
}

function decodePart(text: string, index: 0 | 1): Claims | undefined {
  const part = text.split('.', 2)[index] ?? '';
  return parseValues(Buffer.from(part, 'base64url').toString('utf8'));
}

import { sign, verify } from 'node:crypto';
import type { KeyRing } from './key-ring.js';

/** Claims of a token. */
export type Claims = Readonly<Record<string, unknown>>;

/** Signs claims with the key that signs now: RS256, at once. */
export function signJwt(claims: Claims, keys: KeyRing): string {
  const { kid, pair } = keys.signing;
  const content = `${encode({ alg: 'RS256', kid, typ: 'JWT' })}.${encode(claims)}`;
  return `${content}.${sign('sha256', Buffer.from(content), pair.privateKey).toString('base64url')}`;
}

/** The claims of a token that one of these keys signed and that has not expired, else `undefined`. */
export function verifyJwt(token: string, keys: KeyRing): Claims | undefined {
  const [header = '', payload = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0 || !isSignedBy(keys, header, payload, signature)) return undefined;
  const claims = decode(payload);
  return claims && typeof claims['exp'] === 'number' && claims['exp'] * 1_000 > Date.now() ? claims : undefined;
}

function isSignedBy(keys: KeyRing, header: string, payload: string, signature: string): boolean {
  const { alg, kid } = decode(header) ?? {};
  const key = alg === 'RS256' ? keys.find(kid) : undefined;
  const content = Buffer.from(`${header}.${payload}`);
  return key !== undefined && verify('sha256', content, key, Buffer.from(signature, 'base64url'));
}

function encode(part: Claims): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function decode(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

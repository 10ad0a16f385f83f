import { type KeyObject, sign, verify } from 'node:crypto';
import type { Claims } from '../platforms/emulated-platform.js';
import type { SigningKey } from './key-ring.js';

const TOKEN_PATH = /\/oauth\/token$/;

/** Signs claims: RS256, at once. The header names the key set's address as the platform's tokens do. */
export function signJwt(claims: Claims, { kid, pair }: SigningKey): string {
  const jku = String(claims['iss']).replace(TOKEN_PATH, '/token_keys');
  const content = `${encode({ alg: 'RS256', jku, kid, typ: 'JWT' })}.${encode(claims)}`;
  return `${content}.${sign('sha256', Buffer.from(content), pair.privateKey).toString('base64url')}`;
}

/**
 * The claims of a token that has not expired and whose signature is right, else `undefined`.
 *
 * @param keyOf the key that a token of such claims and such a key id is verified with; `undefined` refuses it
 */
export function verifyJwt(
  token: string,
  keyOf: (claims: Claims, kid: unknown) => KeyObject | undefined,
): Claims | undefined {
  const [header = '', payload = '', signature = '', ...rest] = token.split('.');
  const { alg, kid } = decode(header) ?? {};
  const claims = decode(payload);
  if (rest.length > 0 || alg !== 'RS256' || !claims) return undefined;
  if (typeof claims['exp'] !== 'number' || claims['exp'] * 1_000 <= Date.now()) return undefined;
  const key = keyOf(claims, kid);
  const isSigned =
    key && verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
  return isSigned ? claims : undefined;
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

import { type CryptoKey, importJWK, type JWK } from 'jose';
import { isValues, parseValues } from '../util/json.js';

/** A shorter modulus can be factored; a longer one only costs time. In bits. */
export const MODULUS_BITS = { least: 2_048, most: 8_192 };
const SMALLEST_EXPONENT = 3;

/** One key of a key set, imported when first needed. */
export class VerificationKey {
  /** True once the key has left its set: what it has signed is no longer accepted. */
  gone = false;
  readonly #jwk: JWK;
  #imported?: Promise<CryptoKey>;

  constructor(
    readonly id: string,
    jwk: JWK,
  ) {
    this.#jwk = jwk;
  }

  /** Whether it is the same key, not only the same id. */
  isSame(other: VerificationKey): boolean {
    return this.id === other.id && this.#jwk.n === other.#jwk.n && this.#jwk.e === other.#jwk.e;
  }

  /** The key for `jose`. Rejects where it is unusable, which affects only the tokens that name it. */
  crypto(): Promise<CryptoKey> {
    const { kty, n, e } = this.#jwk;
    // Only the public numbers: what else an entry holds (key_ops, a private exponent) is not needed.
    this.#imported ??= importJWK({ kty, n, e }, 'RS256') as Promise<CryptoKey>;
    return this.#imported;
  }
}

/** Keys by id, as one answer of a server gave them. */
export type KeySet = ReadonlyMap<string, VerificationKey>;

/** What an answer of a key server holds. */
export interface KeySetContent {
  readonly keys: KeySet;
  /** How many of its entries are left out, because they cannot or must not verify RS256. */
  readonly ignored: number;
}

/**
 * Reads a JWK set (RFC 7517). Entries that cannot verify RS256, or whose numbers are unsafe, are left out, and so are all
 * entries of an id that occurs twice. `undefined` where the answer is no key set, or has no usable key: no server that
 * issues tokens answers so, and such an answer must not replace good keys.
 */
export function readKeySet(body: string): KeySetContent | undefined {
  const entries = entriesOf(body) ?? [];
  const repeatedIds = repeated(entries.map(idOf));
  const once = entries.filter((entry) => !repeatedIds.has(idOf(entry)));
  const keys = once.filter(isUsable).map((entry) => new VerificationKey(entry.kid, entry));
  if (keys.length === 0) return undefined;
  return { keys: new Map(keys.map((key) => [key.id, key])), ignored: entries.length - keys.length };
}

/** The new set, in which keys that stayed are the same objects; those that left are marked. */
export function succeed(former: KeySet, next: KeySet): KeySet {
  const merged = new Map([...next].map(([id, key]) => [id, stayed(former.get(id), key)]));
  for (const key of former.values()) if (merged.get(key.id) !== key) key.gone = true;
  return merged;
}

function stayed(former: VerificationKey | undefined, next: VerificationKey): VerificationKey {
  return former?.isSame(next) === true ? former : next;
}

interface RsaEntry {
  readonly kid: string;
  readonly kty: 'RSA';
  readonly n: string;
  readonly e: string;
}

function entriesOf(body: string): unknown[] | undefined {
  const keys = parseValues(body)?.['keys'];
  return Array.isArray(keys) ? keys : undefined;
}

function repeated(ids: readonly unknown[]): ReadonlySet<unknown> {
  const seen = new Set<unknown>();
  return new Set(ids.filter((id) => seen.size === seen.add(id).size));
}

function idOf(entry: unknown): unknown {
  return isValues(entry) ? entry['kid'] : undefined;
}

function isUsable(entry: unknown): entry is RsaEntry {
  if (!isValues(entry)) return false;
  const { kid, kty, use = 'sig', alg = 'RS256', n, e } = entry;
  if (typeof kid !== 'string' || kid === '' || kty !== 'RSA' || use !== 'sig' || alg !== 'RS256') return false;
  return hasSafeModulus(n) && hasSafeExponent(e);
}

function hasSafeModulus(n: unknown): boolean {
  const bytes = numberOf(n);
  const first = bytes?.[0];
  if (bytes === undefined || first === undefined) return false;
  const bits = bytes.length * 8 - Math.clz32(first) + 24;
  return bits >= MODULUS_BITS.least && bits <= MODULUS_BITS.most;
}

/** With an even exponent, or 1, signatures can be forged. */
function hasSafeExponent(e: unknown): boolean {
  const bytes = numberOf(e);
  const last = bytes?.at(-1);
  if (bytes === undefined || last === undefined) return false;
  return last % 2 === 1 && (bytes.length > 1 || last >= SMALLEST_EXPONENT);
}

/** The bytes of a base64url number, without the leading zero bytes that older servers send (protocol page, section 6). */
function numberOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]+$/.test(value)) return undefined;
  const bytes = Buffer.from(value, 'base64url');
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? undefined : bytes.subarray(first);
}

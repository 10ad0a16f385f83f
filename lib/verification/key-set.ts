import { type CryptoKey, importJWK, type JWK } from 'jose';
import { isValues, parseValues } from '../util/json.js';
import { refused } from './refused.js';

/** One key of a key set, imported when first needed. */
export class VerificationKey {
  /** True once the key has left its set: what it has signed counts no more. */
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

  /** The key for `jose`. Fails with `token_signature` where it is unusable: that harms only tokens that name it. */
  crypto(): Promise<CryptoKey> {
    this.#imported ??= importRsa(this.#jwk);
    return this.#imported;
  }
}

/** Keys by id, as one answer of a server gave them. */
export type KeySet = ReadonlyMap<string, VerificationKey>;

/**
 * Reads a JWK set (RFC 7517). Entries that cannot verify RS256 are left out, and so are all entries of an id that stands
 * there twice. `undefined` where the answer is no key set, or holds no key to use, which no server that issues tokens
 * has: it must not push out good keys.
 */
export function readKeySet(body: string): KeySet | undefined {
  const entries = entriesOf(body) ?? [];
  const twice = repeated(entries.map(idOf));
  const once = entries.filter((entry) => !twice.has(idOf(entry)));
  const keys = once.filter(isUsable).map((entry) => new VerificationKey(entry.kid, entry));
  return keys.length === 0 ? undefined : new Map(keys.map((key) => [key.id, key]));
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
  const texts = [kid, n, e].every((value) => typeof value === 'string' && value !== '');
  return texts && kty === 'RSA' && use === 'sig' && alg === 'RS256';
}

async function importRsa({ kty, n, e }: JWK): Promise<CryptoKey> {
  try {
    // Only the public numbers: what else stands in an entry (key_ops, a private exponent) is not asked for.
    return (await importJWK({ kty, n, e }, 'RS256')) as CryptoKey;
  } catch {
    throw refused('token_signature', 'the key it names cannot be used');
  }
}

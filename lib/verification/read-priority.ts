import { lruCache } from '../util/lru-cache.js';
import type { VerificationKey } from './key-set.js';
import { type PermittedRead, READERS, ReadDenied, type Reader, type ReadLimit } from './read-limit.js';
import { RETRY_MS, RetryingIssuers } from './retrying-issuers.js';
import type { SignedToken } from './signed-token.js';

const MOST_IDS = 100;
/** Each costs the check of a signature for a forged token. */
const MOST_KEYS_OF_ID = 3;
/** Issuers that are remembered because their set was read and verified nothing, most of them invented. */
const MOST_FRUITLESS = 1_000;

/** Permits reads of key sets, by what is known about a token and its issuer. */
export class ReadPriority {
  readonly #limit: ReadLimit;
  /** Tenants that the options name. */
  readonly #listed: ReadonlySet<string>;
  readonly #provenKeys = new ProvenKeys();
  readonly #retrying = new RetryingIssuers();
  readonly #fruitless = lruCache<true>(MOST_FRUITLESS);

  constructor(limit: ReadLimit, listed: ReadonlySet<string>) {
    this.#limit = limit;
    this.#listed = listed;
  }

  /** Whether a key that has verified tokens, of whatever tenant, has signed this one. */
  async isSignedByProvenKey(token: SignedToken): Promise<boolean> {
    return this.#provenKeys.haveSigned(token);
  }

  /** A key has verified a token of an issuer. */
  verified(issuer: string, key: VerificationKey): void {
    this.#provenKeys.add(key);
    this.#fruitless.delete(issuer);
    this.#retrying.delete(issuer);
  }

  /** An issuer's own set was read, or does not exist, and it has not verified the token. */
  fruitless(issuer: string): void {
    this.#fruitless.set(issuer, true);
    this.#retrying.delete(issuer);
  }

  /** Permits a read with the best evidence there is: the platform's set, or a token that a proven key has signed. */
  async permitProven(): Promise<PermittedRead> {
    return this.#limit.take(READERS.proven);
  }

  /** Permits a read of an issuer's own set. Fails with {@link ReadDenied}. */
  async permit(issuer: string, inUse: boolean): Promise<PermittedRead> {
    if (inUse) return this.#limit.take(READERS.inUse);
    if (this.#listed.has(issuer)) return this.#limit.take(READERS.listed);
    if (this.#fruitless.has(issuer)) return this.#limit.take(READERS.fruitless);
    return this.#permitUnknown(issuer);
  }

  /** Throws where an issuer has its turn before this one. */
  #readerOf(issuer: string): Reader {
    const retry = this.#retrying.retry(issuer);
    if (retry === undefined) return READERS.unknown;
    if (this.#limit.waitMs(READERS.unknown) === 0) {
      this.#retrying.serve(issuer);
      return READERS.unknown;
    }
    if (retry === 'late') return READERS.late;
    if (!this.#retrying.takeTurn(issuer)) throw new ReadDenied(RETRY_MS);
    return READERS.retrying;
  }

  async #permitUnknown(issuer: string): Promise<PermittedRead> {
    try {
      return await this.#limit.take(this.#readerOf(issuer));
    } catch (denied) {
      if (!(denied instanceof ReadDenied)) throw denied;
      this.#retrying.deny(issuer);
      throw new ReadDenied(RETRY_MS);
    }
  }
}

/**
 * Keys that have verified tokens, of whatever tenant. The platform signs the tokens of all tenants with the same keys
 * (protocol page, section 6), so no outsider can forge a token that such a key has signed. That gives the token a better
 * place where reads of key sets are limited, and nothing else: it is verified by the sets of its own issuer alone.
 */
class ProvenKeys {
  readonly #byId = lruCache<readonly VerificationKey[]>(MOST_IDS);

  add(key: VerificationKey): void {
    const keys = this.#byId.get(key.id) ?? [];
    if (keys[0] === key) return;
    const others = keys.filter((other) => !other.isSame(key));
    this.#byId.set(key.id, [key, ...others].slice(0, MOST_KEYS_OF_ID));
  }

  async haveSigned(token: SignedToken): Promise<boolean> {
    const keys = this.#byId.get(token.keyId)?.filter(({ gone }) => !gone) ?? [];
    const verdicts = await Promise.all(keys.map((key) => token.isSignedBy(key)));
    return verdicts.includes(true);
  }
}

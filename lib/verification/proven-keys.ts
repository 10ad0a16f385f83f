import { LRUCache } from 'lru-cache';
import type { VerificationKey } from './key-set.js';
import type { SignedToken } from './signed-token.js';

const MOST_IDS = 100;
/** Each costs the check of a signature for a forged token. */
const MOST_KEYS_OF_ID = 3;

/**
 * Keys that have verified tokens, of whatever tenant. The platform signs the tokens of all tenants with the same keys
 * (protocol page, section 6), so a token that such a key has signed is no outsider's forgery. That gives it a better
 * place where reads of key sets are limited, and nothing else: it is verified by the sets of its own issuer alone.
 */
export class ProvenKeys {
  readonly #byId = new LRUCache<string, readonly VerificationKey[]>({ max: MOST_IDS });

  /** The key has verified a token. */
  add(key: VerificationKey): void {
    const keys = this.#byId.get(key.id) ?? [];
    if (keys[0] === key) return;
    const others = keys.filter((other) => !other.isSame(key));
    this.#byId.set(key.id, [key, ...others].slice(0, MOST_KEYS_OF_ID));
  }

  /** Whether one of them has signed a token. */
  async vouchFor(token: SignedToken): Promise<boolean> {
    const keys = this.#byId.get(token.keyId)?.filter(({ gone }) => !gone) ?? [];
    const verdicts = await Promise.all(keys.map((key) => token.isSignedBy(key)));
    return verdicts.includes(true);
  }
}

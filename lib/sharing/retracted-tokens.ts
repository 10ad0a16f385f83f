import { fingerprintOf } from '../config/sealed-secret.js';
import { lruCache } from '../util/lru-cache.js';

/** More tokens than this are not invalidated within the life of one. */
const MOST_TOKENS = 10_000;

/** Tokens that callers have taken back, by their fingerprints. Bounded. */
export class RetractedTokens {
  readonly #fingerprints = lruCache<true>(MOST_TOKENS);

  /** Whether it is new here. */
  add(token: string): boolean {
    const fingerprint = fingerprintOf(token);
    if (this.#fingerprints.has(fingerprint)) return false;
    this.#fingerprints.set(fingerprint, true);
    return true;
  }

  has(token: string): boolean {
    return this.#fingerprints.has(fingerprintOf(token));
  }
}

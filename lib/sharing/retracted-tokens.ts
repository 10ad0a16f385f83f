import { LRUCache } from 'lru-cache';
import { fingerprintOf } from '../config/sealed-secret.js';

/** More tokens than this are not invalidated within the life of one. */
const MOST_TOKENS = 10_000;

/** Tokens that callers have taken back, by their fingerprints. Bounded. */
export class RetractedTokens {
  // By size, not by count: that allocates nothing in advance.
  readonly #fingerprints = new LRUCache<string, true>({ maxSize: MOST_TOKENS, sizeCalculation: () => 1 });

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

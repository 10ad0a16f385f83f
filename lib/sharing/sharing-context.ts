import type { RefreshOptions } from '../config/sections/requests.options.js';
import type { Reporter } from '../telemetry/reporter.js';
import type { GuardedStore } from './guarded-store.js';
import type { SharedEntries } from './shared-entries.js';
import { fingerprintOf } from '../config/sealed-secrets.js';
import { lruCache } from '../util/lru-cache.js';

/** What all orders of one registration share. */
export interface SharingContext {
  readonly store: GuardedStore;
  readonly entries: SharedEntries;
  readonly retracted: RetractedTokens;
  readonly reporter: Reporter;
  readonly margins: Required<RefreshOptions>;
  readonly deadlineMs: number;
  readonly random: () => number;
}

/** Enough for all tokens that are invalidated within the life of one. */
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

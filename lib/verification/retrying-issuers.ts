import { now } from '../util/clock.js';
import { lruCache } from '../util/lru-cache.js';

/** After this time an unknown issuer that was denied a read is to retry, in milliseconds. A whole second: `Retry-After`. */
export const RETRY_MS = 1_000;
/** A retry may be so late. */
const GRACE_MS = 400;
const MOST_ISSUERS = 1_000;

interface Retrying {
  dueAt: number;
  /** Whether it has been given a read, and is not decided yet. */
  isServed: boolean;
}

/**
 * Unknown issuers that were denied a read and retry in time, in the order in which they came back first. A sender of
 * forged tokens can keep few issuers in this order, because each costs one token in every {@link RETRY_MS}; those that
 * are not repeated leave it after {@link GRACE_MS}.
 */
export class RetryingIssuers {
  /** When those are due that were denied a read and have not come back. By the monotonic clock. */
  readonly #denied = lruCache<number>(MOST_ISSUERS);
  /** Those that have come back, the first first. */
  readonly #back = new Map<string, Retrying>();

  /** Whether a token of this issuer, coming now, is a retry; `undefined` where it is the first, or too early for one. */
  retry(issuer: string): 'in time' | 'late' | undefined {
    const back = this.#back.get(issuer);
    // Not earlier than it is due is only demanded of the first retry: one tenant has many users.
    if (back !== undefined) return this.#isWaiting(issuer, back) ? 'in time' : 'late';
    const { monotonic } = now();
    const dueAt = this.#denied.get(issuer);
    if (dueAt === undefined || monotonic < dueAt) return undefined;
    this.#denied.delete(issuer);
    if (monotonic > dueAt + GRACE_MS || this.#isFull()) return 'late';
    this.#back.set(issuer, { dueAt, isServed: false });
    return 'in time';
  }

  /** Gives an issuer that has come back its turn, unless one that came back before still waits. */
  takeTurn(issuer: string): boolean {
    for (const [other, waiting] of this.#back) {
      if (other === issuer) {
        waiting.isServed = true;
        return true;
      }
      if (this.#isWaiting(other, waiting) && !waiting.isServed) return false;
    }
    return true;
  }

  /** An issuer gets a read out of turn, because there are enough: the others do not wait for it. */
  serve(issuer: string): void {
    const waiting = this.#back.get(issuer);
    if (waiting !== undefined) waiting.isServed = true;
  }

  /** An issuer is denied a read, and is to retry. */
  deny(issuer: string): void {
    const { monotonic } = now();
    const back = this.#back.get(issuer);
    if (back !== undefined) {
      back.isServed = false;
      if (monotonic >= back.dueAt) back.dueAt = monotonic + RETRY_MS;
    } else if (!this.#denied.has(issuer)) this.#denied.set(issuer, monotonic + RETRY_MS);
  }

  /** Its tokens need no turn any more: they can be decided. */
  delete(issuer: string): void {
    this.#denied.delete(issuer);
    this.#back.delete(issuer);
  }

  #isFull(): boolean {
    if (this.#back.size < MOST_ISSUERS) return false;
    for (const [issuer, waiting] of this.#back) this.#isWaiting(issuer, waiting);
    return this.#back.size >= MOST_ISSUERS;
  }

  /** Whether it is still in time; else it is forgotten. */
  #isWaiting(issuer: string, { dueAt }: Retrying): boolean {
    if (now().monotonic <= dueAt + GRACE_MS) return true;
    this.#back.delete(issuer);
    return false;
  }
}

import { STORE_TIMEOUT_MS } from './sharing-policy.js';

/** The clock of {@link Patience}. */
export const SLICE_MS = 50;

/**
 * What the store may still cost one token request. It is counted in slices, so that time in which this process itself
 * was busy or not running, as while many instances start at once, is not held against the store.
 */
export class Patience {
  #slices = STORE_TIMEOUT_MS / SLICE_MS;

  /** One slice has passed; whether it was the last. */
  isSpent(): boolean {
    this.#slices -= 1;
    return this.#slices <= 0;
  }
}

import { elapsedSince, type Moment, now } from '../util/clock.js';

/** So many at once, then one at a time: a bucket that fills up again. */
export class RequestBudget {
  readonly #most: number;
  readonly #refillMs: number;
  #left: number;
  #counted: Moment = now();

  constructor(most: number, refillMs: number) {
    this.#most = most;
    this.#refillMs = refillMs;
    this.#left = most;
  }

  /** Takes one; 0 where it could, else the milliseconds until one is there. */
  take(): number {
    this.#refill();
    if (this.#left < 1) return Math.ceil((1 - this.#left) * this.#refillMs);
    this.#left -= 1;
    return 0;
  }

  #refill(): void {
    const gained = Math.max(0, elapsedSince(this.#counted)) / this.#refillMs;
    this.#left = Math.min(this.#most, this.#left + gained);
    this.#counted = now();
  }
}

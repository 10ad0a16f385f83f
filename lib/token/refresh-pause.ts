import { elapsedSince, type Moment, now } from './clock.js';

const FIRST_PAUSE_MS = 1_000;
/** With the jitter and the request itself, a new token is there within 30 s of a recovery. */
const LONGEST_PAUSE_MS = 20_000;

/** The pause between attempts to renew a token that is still good: longer with each failure, with jitter. */
export class RefreshPause {
  readonly #random: () => number;
  #failures = 0;
  #began?: Moment;
  #lengthMs = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** What is left of it, in milliseconds; 0 where there is none. */
  get leftMs(): number {
    return this.#began === undefined ? 0 : Math.max(0, this.#lengthMs - elapsedSince(this.#began));
  }

  /** Begins a pause after a failure, between half and the whole of its nominal length. */
  begin(): void {
    const nominal = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#began = now();
    this.#lengthMs = nominal * (0.5 + this.#random() / 2);
  }

  end(): void {
    this.#failures = 0;
    this.#began = undefined;
  }
}

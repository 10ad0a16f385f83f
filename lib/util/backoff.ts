import { elapsedSince, type Moment, now } from './clock.js';

/** Nominal lengths of pauses: the first one, and the longest one. Each is twice as long as the one before. */
export interface BackoffLengths {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** The pause between failing attempts: longer with each failure, with jitter. */
export class Backoff {
  readonly #random: () => number;
  readonly #lengths: BackoffLengths;
  #failures = 0;
  #began?: Moment;
  #lengthMs = 0;

  constructor(random: () => number, lengths: BackoffLengths) {
    this.#random = random;
    this.#lengths = lengths;
  }

  /** How long the pause still lasts, in milliseconds; 0 where there is none. */
  get leftMs(): number {
    return this.#began === undefined ? 0 : Math.max(0, this.#lengthMs - elapsedSince(this.#began));
  }

  /**
   * Begins a pause after a failure: of a random length between half and the whole of the nominal one.
   *
   * @param fixedMs the length instead, where it is known; 0: it is not.
   */
  begin(fixedMs: number = 0): void {
    const nominal = Math.min(this.#lengths.longestMs, this.#lengths.firstMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#began = now();
    this.#lengthMs = fixedMs > 0 ? fixedMs : nominal * (0.5 + this.#random() / 2);
  }

  end(): void {
    this.#failures = 0;
    this.#began = undefined;
  }
}

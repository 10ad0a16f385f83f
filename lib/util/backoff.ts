import { elapsedSince, type Moment, now } from './clock.js';

/** Nominal lengths of pauses: the first, and the one that doubling ends at. */
export interface BackoffLengths {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** The pause between attempts that fail, while what is held is still good: longer with each failure, with jitter. */
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

  /** What is left of it, in milliseconds; 0 where there is none. */
  get leftMs(): number {
    return this.#began === undefined ? 0 : Math.max(0, this.#lengthMs - elapsedSince(this.#began));
  }

  /** Begins a pause after a failure, between half and the whole of its nominal length; or as long as there is a reason. */
  begin(reasonMs: number = 0): void {
    const nominal = Math.min(this.#lengths.longestMs, this.#lengths.firstMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#began = now();
    this.#lengthMs = reasonMs > 0 ? reasonMs : nominal * (0.5 + this.#random() / 2);
  }

  end(): void {
    this.#failures = 0;
    this.#began = undefined;
  }
}

import type { Subscription } from 'rxjs';
import { backgroundTimer, elapsedSince, type Moment, now } from '../util/clock.js';

const WINDOW_MS = 10_000;

interface LimitedLogOptions {
  readonly write: (line: string) => void;
  /** The most lines in a window of 10 s; the others are counted. */
  readonly maxLines: number;
  /** The line for the number of lines that were left out. */
  readonly summary: (count: number) => string;
  /**
   * Whether a timer writes the summary at the end of the window. Its owner then has to call {@link LimitedLog.close}.
   * Else the summary precedes the next line after the window.
   */
  readonly timed: boolean;
}

/** Log lines of one kind: at most so many within 10 s, then one line with the number of the others. */
export class LimitedLog {
  readonly #options: LimitedLogOptions;
  #windowStart: Moment = now();
  #written = 0;
  #leftOut = 0;
  #timer?: Subscription;

  constructor(options: LimitedLogOptions) {
    this.#options = options;
  }

  /** @param makeLine is called only for a line that is written. */
  write(makeLine: () => string): void {
    const { maxLines, write } = this.#options;
    if (this.#timer === undefined && elapsedSince(this.#windowStart) >= WINDOW_MS) this.close();
    if (this.#written === maxLines) return this.#leaveOut();
    this.#written += 1;
    write(makeLine());
  }

  /** Writes the summary, if lines were left out, and begins a new window. */
  close(): void {
    const { write, summary } = this.#options;
    this.#timer?.unsubscribe();
    this.#timer = undefined;
    if (this.#leftOut > 0) write(summary(this.#leftOut));
    this.#windowStart = now();
    this.#written = 0;
    this.#leftOut = 0;
  }

  #leaveOut(): void {
    this.#leftOut += 1;
    if (this.#options.timed) this.#timer ??= backgroundTimer(WINDOW_MS).subscribe(() => this.close());
  }
}

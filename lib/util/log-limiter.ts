import type { Subscription } from 'rxjs';
import { backgroundTimer } from './background-timer.js';
import { elapsedSince, type Moment, now } from './clock.js';

const WINDOW_MS = 10_000;

interface LogLimiterOptions {
  /** Lines in a window; the others are counted. */
  readonly most: number;
  /** Told how many lines were left out. */
  readonly sayMore: (count: number) => void;
  /** Whether that is said at the window's end, by a timer that its owner ends; else with the next line after it. */
  readonly timed: boolean;
}

/** Lines of one kind in a log: a few at a time, and later how many more there would have been. */
export class LogLimiter {
  readonly #options: LogLimiterOptions;
  #began: Moment = now();
  #lines = 0;
  #left = 0;
  #end?: Subscription;

  constructor(options: LogLimiterOptions) {
    this.#options = options;
  }

  note(say: () => void): void {
    if (this.#end === undefined && elapsedSince(this.#began) >= WINDOW_MS) this.close();
    this.#lines += 1;
    if (this.#lines <= this.#options.most) say();
    else this.#leaveOut();
  }

  /** Says what there is to say, and begins anew. */
  close(): void {
    this.#end?.unsubscribe();
    this.#end = undefined;
    if (this.#left > 0) this.#options.sayMore(this.#left);
    this.#began = now();
    this.#lines = 0;
    this.#left = 0;
  }

  /** A timer only where a line was left out: it is not known whether there will be another. */
  #leaveOut(): void {
    this.#left += 1;
    if (this.#options.timed) this.#end ??= backgroundTimer(WINDOW_MS).subscribe(() => this.close());
  }
}

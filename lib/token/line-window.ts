import type { Subscription } from 'rxjs';
import { backgroundTimer } from './background-timer.js';
import { elapsedSince, type Moment, now } from './clock.js';

/** Lines in a window; the others are counted. */
const MOST_LINES = 5;
const WINDOW_MS = 10_000;

/** Lines of one kind in a log: a few at a time, and later how many more there would have been. */
export class LineWindow {
  readonly #sayMore: (count: number) => void;
  #began: Moment = now();
  #lines = 0;
  #left = 0;
  #end?: Subscription;

  /** @param sayMore told how many lines were left out. */
  constructor(sayMore: (count: number) => void) {
    this.#sayMore = sayMore;
  }

  note(say: () => void): void {
    if (this.#end === undefined && elapsedSince(this.#began) >= WINDOW_MS) this.close();
    this.#lines += 1;
    if (this.#lines <= MOST_LINES) say();
    else this.#leaveOut();
  }

  /** Says what there is to say, and begins anew. */
  close(): void {
    this.#end?.unsubscribe();
    this.#end = undefined;
    if (this.#left > 0) this.#sayMore(this.#left);
    this.#began = now();
    this.#lines = 0;
    this.#left = 0;
  }

  /** A timer only where a line was left out: it is not known whether there will be another. */
  #leaveOut(): void {
    this.#left += 1;
    this.#end ??= backgroundTimer(WINDOW_MS).subscribe(() => this.close());
  }
}

import { Observable, using } from 'rxjs';

/**
 * A moment by both clocks, in milliseconds. The wall clock may be set while the process runs. The monotonic clock cannot
 * be set, but stands still while the machine sleeps. So neither is enough to measure the age of a token.
 */
export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/** This moment. */
export function now(): Moment {
  return { wall: Date.now(), monotonic: performance.now() };
}

/** The moment that is so many milliseconds after another, or before it where the number is negative. */
export function shifted({ wall, monotonic }: Moment, milliseconds: number): Moment {
  return { wall: wall + milliseconds, monotonic: monotonic + milliseconds };
}

/** Milliseconds since a moment: the larger of the two differences, so that no token counts as younger than it is. */
export function elapsedSince({ wall, monotonic }: Moment): number {
  return Math.max(Date.now() - wall, performance.now() - monotonic);
}

/** Milliseconds until a moment, negative once it has passed: the smaller of the two differences. */
export function remainingUntil({ wall, monotonic }: Moment): number {
  return Math.min(wall - Date.now(), monotonic - performance.now());
}

/** `setTimeout` fires at once above this. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** Emits once after `delayMs`, like RxJS' `timer`, but does not keep the process alive. */
export function backgroundTimer(delayMs: number): Observable<0> {
  return new Observable((subscriber) => {
    const handle = setTimeout(
      () => {
        subscriber.next(0);
        subscriber.complete();
      },
      Math.min(delayMs, LONGEST_DELAY_MS),
    );
    handle.unref();
    return () => clearTimeout(handle);
  });
}

/** Keeps the process alive while the source is subscribed, which may wait for background timers only. */
export function keepingAlive<T>(source: Observable<T>): Observable<T> {
  return using(
    () => {
      const handle = setTimeout(() => undefined, LONGEST_DELAY_MS);
      return { unsubscribe: () => clearTimeout(handle) };
    },
    () => source,
  );
}

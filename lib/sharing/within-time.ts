import { type Patience, SLICE_MS } from './patience.js';

/** What came in time, or why nothing did. */
export type TimelyOutcome<T> = { readonly value: T } | 'error' | 'timeout';

/** Never rejects; a value that comes too late goes to `onLate`. The timer does not keep the process alive. */
export function withinTime<T>(
  start: () => Promise<T>,
  patience: Patience,
  onLate: (value: T) => void = () => undefined,
): Promise<TimelyOutcome<T>> {
  return new Promise((resolve) => {
    let isOver = false;
    const settle = (outcome: TimelyOutcome<T>) => {
      isOver = true;
      clearInterval(timer);
      resolve(outcome);
    };
    const timer = setInterval(() => {
      if (!patience.isSpent()) return;
      clearInterval(timer);
      // An answer that has arrived while this process was busy is not late: it is read before this runs.
      setImmediate(() => (isOver ? undefined : settle('timeout')));
    }, SLICE_MS);
    timer.unref();
    // A store may also throw at once, or return no promise.
    new Promise<T>((started) => started(start())).then(
      (value) => (isOver ? onLate(value) : settle({ value })),
      () => (isOver ? undefined : settle('error')),
    );
  });
}

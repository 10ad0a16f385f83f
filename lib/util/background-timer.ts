import { Observable } from 'rxjs';

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

import { defer, from, isObservable, Observable, of } from 'rxjs';

/** Whether a value is a promise of any realm: under Jest, Node's own promises are not instances of the test's `Promise`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/**
 * What a function of the application answers: a value, a promise or an Observable. The function is called when
 * subscribed; what it throws is the error.
 */
export function resultOf(ask: () => unknown): Observable<unknown> {
  return defer(() => {
    const answer = ask();
    if (isObservable(answer)) return answer;
    return isThenable(answer) ? from(answer) : of(answer);
  });
}

/** The value of a promise that never rejects; after unsubscribing it goes to `unwanted`. */
export function fromPromise<T>(start: () => Promise<T>, unwanted: (value: T) => void = () => undefined): Observable<T> {
  return new Observable((subscriber) => {
    void start().then((value) => {
      if (subscriber.closed) return unwanted(value);
      subscriber.next(value);
      return subscriber.complete();
    });
  });
}

import { Observable } from 'rxjs';

/** The value of a promise that never rejects; where nobody waits for it any more, it goes to `unwanted`. */
export function fromPromise<T>(start: () => Promise<T>, unwanted: (value: T) => void = () => undefined): Observable<T> {
  return new Observable((subscriber) => {
    void start().then((value) => {
      if (subscriber.closed) return unwanted(value);
      subscriber.next(value);
      return subscriber.complete();
    });
  });
}

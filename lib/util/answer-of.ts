import { defer, from, isObservable, type Observable, of } from 'rxjs';
import { isThenable } from './thenable.js';

/**
 * What a function of the application answers: a value, a promise or an Observable. The function is called when
 * subscribed; what it throws is the error.
 */
export function answerOf(ask: () => unknown): Observable<unknown> {
  return defer(() => {
    const answer = ask();
    if (isObservable(answer)) return answer;
    return isThenable(answer) ? from(answer) : of(answer);
  });
}

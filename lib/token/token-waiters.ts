import {
  AsyncSubject,
  catchError,
  Observable,
  type Observer,
  of,
  race,
  type Subscriber,
  type Subscription,
  switchMap,
  throwError,
} from 'rxjs';
import type { AccessToken } from './access-token.js';
import { inOwnContext } from '../util/async-context.js';
import { backgroundTimer } from '../util/clock.js';
import type { TokenGrant } from './token-source.interface.js';

/**
 * One token request in flight, shared by all callers that wait for it. It belongs to the cache: when a caller
 * unsubscribes, it goes on. It keeps the process alive only while a caller waits.
 */
export class TokenFlight {
  /** Emits the new token, or fails as the request did; also for subscribers that come after that. */
  readonly result$: Observable<AccessToken>;
  // It replays its result, because a request may end before its first caller has subscribed.
  readonly #result = new AsyncSubject<AccessToken>();
  readonly #longestMs: number;
  #request?: Subscription;
  #waiting = 0;
  #keepAlive?: NodeJS.Timeout;

  /** @param longestMs the deadline of the request. */
  constructor(longestMs: number) {
    this.#longestMs = longestMs;
    this.result$ = new Observable((subscriber) => {
      this.#arrive();
      const subscription = this.#result.subscribe(inOwnContext(subscriber));
      return () => {
        subscription.unsubscribe();
        this.#leave();
      };
    });
  }

  /** Sends the request. The observer has to call {@link land} or {@link fail}. */
  start(grant$: Observable<TokenGrant>, observer: Pick<Observer<TokenGrant>, 'next' | 'error'>): void {
    this.#request = grant$.subscribe(observer);
  }

  land(token: AccessToken): void {
    this.#result.next(token);
    this.#result.complete();
  }

  fail(failure: unknown): void {
    this.#result.error(failure);
  }

  /** Aborts the request; callers that wait get `failure`. */
  abort(failure: unknown): void {
    this.#request?.unsubscribe();
    this.fail(failure);
  }

  #arrive(): void {
    this.#waiting += 1;
    this.#keepAlive ??= setTimeout(() => undefined, this.#longestMs);
  }

  #leave(): void {
    this.#waiting -= 1;
    if (this.#waiting > 0) return;
    clearTimeout(this.#keepAlive);
    this.#keepAlive = undefined;
  }
}

/** The subscribers of one slot's `token$`. */
export class TokenListeners {
  /** Made when first needed: an empty `Map` takes 300 bytes, there may be 10,000 tokens, and few have listeners. */
  #subscribers?: Map<Subscriber<AccessToken>, Observer<AccessToken>>;

  get none(): boolean {
    return (this.#subscribers?.size ?? 0) === 0;
  }

  add(subscriber: Subscriber<AccessToken>): void {
    (this.#subscribers ??= new Map()).set(subscriber, inOwnContext(subscriber));
  }

  remove(subscriber: Subscriber<AccessToken>): void {
    this.#subscribers?.delete(subscriber);
  }

  emit(token: AccessToken): void {
    // A copy: a listener that subscribes while this runs has got this token already.
    for (const observer of Array.from(this.#subscribers?.values() ?? [])) observer.next(token);
  }

  /** Ends every subscription with a failure; each may subscribe again. */
  fail(failure: unknown): void {
    for (const observer of this.#takeAll()) observer.error(failure);
  }

  complete(): void {
    for (const observer of this.#takeAll()) observer.complete();
  }

  #takeAll(): Observer<AccessToken>[] {
    const all = [...(this.#subscribers?.values() ?? [])];
    this.#subscribers = undefined;
    return all;
  }
}

/** The new token. Where it is not there in time, or the request fails, the held one as long as that can be used. */
export function renewedOrHeld(
  renewed$: Observable<AccessToken>,
  waitMs: number,
  heldNow: () => AccessToken | undefined,
): Observable<AccessToken> {
  const heldOr = (other$: Observable<AccessToken>) => {
    const held = heldNow();
    return held === undefined ? other$ : of(held);
  };
  return race(
    renewed$.pipe(catchError((failure) => heldOr(throwError(() => failure)))),
    backgroundTimer(waitMs).pipe(switchMap(() => heldOr(renewed$))),
  );
}

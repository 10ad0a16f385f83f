import { AsyncSubject, Observable, type Observer, type Subscriber, type Subscription } from 'rxjs';
import type { AccessToken } from './access-token.js';
import { inOwnContext } from '../util/async-context.js';
import type { TokenGrant } from './token-source.interface.js';

/**
 * One token request on its way, shared by all who wait for it. It belongs to the cache: nobody's leaving ends it. While
 * somebody waits it keeps the process alive, while nobody does it does not.
 */
export class TokenFlight {
  /** Emits when the flight has landed, or fails as it failed; also for those who come late. */
  readonly result$: Observable<AccessToken>;
  // A subject that replays: a request may fail before its starter could subscribe.
  readonly #result = new AsyncSubject<AccessToken>();
  readonly #longestMs: number;
  #request?: Subscription;
  #waiting = 0;
  #keepAlive?: NodeJS.Timeout;

  /** @param longestMs the time after which the request has ended by itself. */
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

  /** Sends the request. The observer settles what the flight was for, and then calls {@link land} or {@link fail}. */
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

  /** Aborts the request; who waits gets `failure`. */
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

/** Those who listen to `token$` of one slot. */
export class TokenListeners {
  /** Made when first needed: most tokens have no listener, and an empty map takes 300 bytes. */
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
    // A copy: a listener who subscribes from within has been greeted with this token already.
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

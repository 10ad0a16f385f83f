import type { Subscriber } from 'rxjs';
import type { AccessToken } from './access-token.js';

/** Those who listen to `token$` of one slot. */
export class TokenListeners {
  readonly #subscribers = new Set<Subscriber<AccessToken>>();

  get none(): boolean {
    return this.#subscribers.size === 0;
  }

  add(subscriber: Subscriber<AccessToken>): void {
    this.#subscribers.add(subscriber);
  }

  remove(subscriber: Subscriber<AccessToken>): void {
    this.#subscribers.delete(subscriber);
  }

  emit(token: AccessToken): void {
    // A copy: a listener who subscribes from within has been greeted with this token already.
    for (const subscriber of Array.from(this.#subscribers)) subscriber.next(token);
  }

  /** Ends every subscription with a failure; each may subscribe again. */
  fail(failure: unknown): void {
    for (const subscriber of this.#takeAll()) subscriber.error(failure);
  }

  complete(): void {
    for (const subscriber of this.#takeAll()) subscriber.complete();
  }

  #takeAll(): Subscriber<AccessToken>[] {
    const all = [...this.#subscribers];
    this.#subscribers.clear();
    return all;
  }
}

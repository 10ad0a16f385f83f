import type { Observer, Subscriber } from 'rxjs';
import type { AccessToken } from './access-token.js';
import { inOwnContext } from '../util/async-context.js';

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

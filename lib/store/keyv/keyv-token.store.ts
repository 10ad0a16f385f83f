import type { TokenStore } from '../token-store.interface.js';

/** What is used of a `Keyv`. */
export interface KeyvLike {
  /** The value, or `undefined`. */
  get(key: string): Promise<unknown>;
  /** Keeps a value for so many milliseconds; `false` where it was not stored. */
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  /** Forgets a value. */
  delete(key: string): Promise<unknown>;
}

/**
 * Technical tokens in any `Keyv` 5 or 6, for `cache.store`; keys get the `Keyv`'s own namespace. It has no lock: instances
 * share tokens, but several may request the same one at the same time. Let the `Keyv` reject where its store is down
 * (Keyv 5: `throwOnErrors: true`; Keyv 6: no listener for `error`): then such a store is left alone for a while.
 */
export class KeyvTokenStore implements TokenStore {
  // Private, because its adapter may hold a password.
  readonly #keyv: KeyvLike;

  constructor(keyv: KeyvLike) {
    this.#keyv = keyv;
  }

  /** May do network I/O; rejects as the `Keyv` does. */
  async get(key: string): Promise<string | undefined> {
    const value = await this.#keyv.get(key);
    if (value === undefined || value === null) return undefined;
    // This library stores strings only. An empty string is refused as malformed, and reported.
    return typeof value === 'string' ? value : '';
  }

  /** May do network I/O; rejects as the `Keyv` does, and where its answer is that nothing was stored. */
  async set(key: string, value: string, ttlMs: number): Promise<void> {
    if ((await this.#keyv.set(key, value, ttlMs)) === false) throw new Error('The Keyv did not store the value.');
  }

  /** May do network I/O; rejects as the `Keyv` does. */
  async delete(key: string): Promise<void> {
    await this.#keyv.delete(key);
  }
}

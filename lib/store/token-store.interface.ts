/** A held lock of a {@link TokenStore}. */
export interface TokenStoreLock {
  /** Releases the lock, unless it has expired and another instance holds it. */
  release(): Promise<unknown>;
}

/** An entry of a {@link TokenStore} with the life it has left by the store's own clock. */
export interface TokenStoreEntry {
  /** The value that was stored. */
  readonly value: string;
  /** Milliseconds until the store forgets it. */
  readonly ttlMs: number;
}

/**
 * Where the instances of an application share technical tokens: option `cache.store`. `RedisTokenStore` and
 * `KeyvTokenStore` are such stores; any object with these methods is one.
 *
 * Keys are 43 characters of `A-Z a-z 0-9 _ -`, values are strings of up to some kB. Both reveal nothing without
 * the encryption key. Every method may reject or hang: that costs the caller one short timeout and never an error. What
 * it returns is checked before it is used.
 */
export interface TokenStore {
  /**
   * The value of a key, `undefined` (or `null`) where there is none. A store that knows the life left gives it too:
   * then an instance whose clock is behind never takes an expired token. With a bare string, the age of a token is the
   * difference between the wall clocks of the instance that wrote it and of the one that reads it.
   */
  get(key: string): Promise<string | TokenStoreEntry | undefined | null>;
  /** Puts a value, to be forgotten after `ttlMs` milliseconds, a whole number of 1 or more. */
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  /** Removes a key; with `onlyIf`, a store that can compare removes it only where it still holds that value. */
  delete(key: string, onlyIf?: string): Promise<unknown>;
  /**
   * Takes the lock of a key for at most `ttlMs` milliseconds, or gives `undefined` at once where somebody holds it. A
   * store without this method shares tokens, but several instances may ask for the same token at the same time.
   */
  tryLock?(key: string, ttlMs: number): Promise<TokenStoreLock | undefined | null>;
}

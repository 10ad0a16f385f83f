import type { TokenStore, TokenStoreEntry, TokenStoreLock } from 'nestjs-mindsphere-credentials';

type Method = 'get' | 'set' | 'delete' | 'tryLock';

/** A store in memory that several applications of one test share; it counts, and fails on demand. */
export class MemoryStore implements TokenStore {
  readonly entries = new Map<string, { value: string; until: number }>();
  readonly locks = new Map<string, { owner: symbol; until: number }>();
  readonly calls: Record<Method | 'release', number> = { get: 0, set: 0, delete: 0, tryLock: 0, release: 0 };
  /** What every use does first; a promise that never ends is a store that hangs. */
  before: (method: Method | 'release') => Promise<void> = () => Promise.resolve();
  /** Whether it tells the life left. */
  tellsLife = true;

  async get(key: string): Promise<string | TokenStoreEntry | undefined> {
    await this.#use('get');
    const entry = this.entries.get(key);
    if (entry === undefined || entry.until <= performance.now()) return undefined;
    return this.tellsLife ? { value: entry.value, ttlMs: entry.until - performance.now() } : entry.value;
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#use('set');
    this.entries.set(key, { value, until: performance.now() + ttlMs });
  }

  async delete(key: string, onlyIf?: string): Promise<void> {
    await this.#use('delete');
    if (onlyIf === undefined || this.entries.get(key)?.value === onlyIf) this.entries.delete(key);
  }

  async tryLock(key: string, ttlMs: number): Promise<TokenStoreLock | undefined> {
    await this.#use('tryLock');
    const held = this.locks.get(key);
    if (held !== undefined && held.until > performance.now()) return undefined;
    const owner = Symbol('owner');
    this.locks.set(key, { owner, until: performance.now() + ttlMs });
    return { release: () => this.#release(key, owner) };
  }

  async #release(key: string, owner: symbol): Promise<void> {
    await this.#use('release');
    if (this.locks.get(key)?.owner === owner) this.locks.delete(key);
  }

  #use(method: Method | 'release'): Promise<void> {
    this.calls[method] += 1;
    return this.before(method);
  }
}

/** The same store without a lock. */
export function withoutLock(store: MemoryStore): TokenStore {
  return {
    get: (key) => store.get(key),
    set: (key, value, ttlMs) => store.set(key, value, ttlMs),
    delete: (key, onlyIf) => store.delete(key, onlyIf),
  };
}

/** A use of the store that never ends. */
export const never = (): Promise<void> => new Promise(() => undefined);

/** A use of the store that fails. */
export const fails = (): Promise<void> => Promise.reject(new Error('the store is down'));

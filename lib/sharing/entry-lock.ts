import { finalize, type Observable } from 'rxjs';
import { isValues } from '../util/json.js';
import type { TokenStoreLock } from '../store/token-store.interface.js';
import type { GuardedStore, StoreDeadline } from './guarded-store.js';
import type { EntryPlaces } from './shared-entries.js';

/** A lock in the store. The instance that holds it requests the token for all. */
export class EntryLock {
  readonly #store: GuardedStore;
  readonly #name: string;
  readonly #lockMs: number;
  #lock?: TokenStoreLock;
  #until: Promise<void> = Promise.resolve();

  constructor(store: GuardedStore, places: EntryPlaces, lockMs: number) {
    this.#store = store;
    // Instances that have the same keys in another order (while keys rotate) must find the same lock.
    this.#name = places.map(({ name }) => name).toSorted()[0] ?? '';
    this.#lockMs = lockMs;
  }

  /** Takes the lock, if it is free. Never rejects. */
  async take(deadline: StoreDeadline): Promise<'mine' | 'held' | 'unavailable'> {
    const answer = await this.#store.attempt<unknown>({
      operation: 'lock',
      use: async (store) => store.tryLock?.(this.#name, this.#lockMs),
      deadline,
      onLate: (late) => this.#keep(late) && this.release(),
    });
    if (answer === undefined) return 'unavailable';
    return this.#keep(answer.value) ? 'mine' : 'held';
  }

  /** The source; the lock is released when it ends or is unsubscribed. */
  during<T>(source$: Observable<T>): Observable<T> {
    return source$.pipe(finalize(() => this.release()));
  }

  /** Delays the release until a promise resolves. It must not reject. */
  holdUntil(done: Promise<void>): void {
    this.#until = done;
  }

  /** Releases the lock in the background. Where that fails, it ends with its own time to live. */
  release(): void {
    const lock = this.#lock;
    this.#lock = undefined;
    if (lock === undefined) return;
    void this.#until.then(() => this.#store.attempt({ operation: 'release', use: () => lock.release() }));
  }

  #keep(value: unknown): boolean {
    this.#lock = isLock(value) ? value : undefined;
    return this.#lock !== undefined;
  }
}

function isLock(value: unknown): value is TokenStoreLock {
  return isValues(value) && typeof value['release'] === 'function';
}

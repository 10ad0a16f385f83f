import { finalize, type Observable } from 'rxjs';
import { isValues } from '../util/json.js';
import type { TokenStoreLock } from '../store/token-store.interface.js';
import type { GuardedStore, Patience } from './guarded-store.js';
import type { EntryPlaces } from './shared-entries.js';

/** The right to ask the token endpoint for all instances. */
export class EntryLock {
  readonly #store: GuardedStore;
  readonly #name: string;
  readonly #lockMs: number;
  #lock?: TokenStoreLock;
  #until: Promise<void> = Promise.resolve();

  constructor(store: GuardedStore, places: EntryPlaces, lockMs: number) {
    this.#store = store;
    // The same for all who have the same keys, whichever of them writes: while keys rotate, these differ.
    this.#name = places.map(({ name }) => name).toSorted()[0] ?? '';
    this.#lockMs = lockMs;
  }

  /** Takes the lock, if it is free. Never rejects. */
  async take(patience: Patience): Promise<'mine' | 'held' | 'unavailable'> {
    const answer = await this.#store.attempt<unknown>({
      operation: 'lock',
      use: async (store) => store.tryLock?.(this.#name, this.#lockMs),
      patience,
      onLate: (late) => this.#keep(late) && this.release(),
    });
    if (answer === undefined) return 'unavailable';
    return this.#keep(answer.value) ? 'mine' : 'held';
  }

  /** The source, with the lock given back when it ends or is left. */
  during<T>(source$: Observable<T>): Observable<T> {
    return source$.pipe(finalize(() => this.release()));
  }

  /** Puts the release off. The promise must not reject. */
  holdUntil(done: Promise<void>): void {
    this.#until = done;
  }

  /** Gives the lock back, in the background; what fails here ends with the lock's own time. */
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

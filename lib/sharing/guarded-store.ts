import type { StoreUnavailableEvent } from '../telemetry/credentials-event.interface.js';
import type { Reporter } from '../telemetry/reporter.js';
import type { TokenStore } from '../store/token-store.interface.js';
import { Backoff } from '../util/backoff.js';
import { withinTime } from './within-time.js';
import { Patience } from './patience.js';
import { STORE_PAUSES } from './sharing-policy.js';

type Operation = StoreUnavailableEvent['operation'];

/** One use of the store. */
export interface StoreUse<T> {
  readonly operation: Operation;
  readonly use: (store: TokenStore) => Promise<T>;
  /** Shared by the uses of one token request. Default: one of its own. */
  readonly patience?: Patience;
  /** Given what comes after the time is over. */
  readonly onLate?: (value: T) => void;
}

/**
 * The application's store, which may fail, hang or lie. No use of it fails or takes longer than its time; after a failure
 * it is left alone for a while, then tried by one use at a time.
 */
export class GuardedStore {
  readonly #store: TokenStore;
  readonly #reporter: Reporter;
  readonly #pause: Backoff;
  #isDown = false;
  #isTrying = false;
  #isClosed = false;

  constructor(store: TokenStore, reporter: Reporter, random: () => number) {
    this.#store = store;
    this.#reporter = reporter;
    this.#pause = new Backoff(random, STORE_PAUSES);
  }

  get canLock(): boolean {
    return this.#store.tryLock !== undefined;
  }

  /** What the store gave; `undefined` where it failed, was too slow, or is left alone. Never rejects. */
  async attempt<T>(use: StoreUse<T>): Promise<{ readonly value: T } | undefined> {
    if (!this.#isUsable(use.operation)) return undefined;
    const isTrial = this.#isDown;
    if (isTrial) this.#isTrying = true;
    const { patience, onLate } = { patience: undefined, onLate: undefined, ...use };
    const outcome = await withinTime(() => use.use(this.#store), patience ?? new Patience(), onLate);
    if (isTrial) this.#isTrying = false;
    if (typeof outcome !== 'string') return this.#onSuccess(isTrial, outcome);
    // Uses that were under way when the first one failed say nothing new.
    if (isTrial || !this.#isDown) this.#onFailure(use.operation, outcome);
    return undefined;
  }

  /** From now on the store is used only to give locks back. */
  close(): void {
    this.#isClosed = true;
  }

  #isUsable(operation: Operation): boolean {
    if (this.#isClosed && operation !== 'release') return false;
    return !this.#isDown || (!this.#isTrying && this.#pause.leftMs === 0);
  }

  #onSuccess<T>(isTrial: boolean, outcome: T): T {
    if (!isTrial) return outcome;
    this.#isDown = false;
    this.#pause.end();
    this.#reporter.storeRecovered();
    return outcome;
  }

  #onFailure(operation: Operation, reason: StoreUnavailableEvent['reason']): void {
    this.#isDown = true;
    this.#pause.begin();
    this.#reporter.storeUnavailable({ operation, reason, pauseMs: this.#pause.leftMs });
  }
}

import type { StoreUnavailableEvent } from '../telemetry/credentials-event.interface.js';
import type { Reporter } from '../telemetry/reporter.js';
import type { TokenStore } from '../store/token-store.interface.js';
import { Backoff } from '../util/backoff.js';
import { STORE_PAUSES, STORE_TIMEOUT_MS } from './sharing-policy.js';

type Operation = StoreUnavailableEvent['operation'];

/** One use of the store. */
interface StoreUse<T> {
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

/** The clock of {@link Patience}. */
const SLICE_MS = 50;

/**
 * What the store may still cost one token request. It is counted in slices, so that time in which this process itself
 * was busy or not running, as while many instances start at once, is not held against the store.
 */
export class Patience {
  #slices = STORE_TIMEOUT_MS / SLICE_MS;

  /** One slice has passed; whether it was the last. */
  isSpent(): boolean {
    this.#slices -= 1;
    return this.#slices <= 0;
  }
}

/** What came in time, or why nothing did. */
type TimelyOutcome<T> = { readonly value: T } | 'error' | 'timeout';

/** Never rejects; a value that comes too late goes to `onLate`. The timer does not keep the process alive. */
function withinTime<T>(
  start: () => Promise<T>,
  patience: Patience,
  onLate: (value: T) => void = () => undefined,
): Promise<TimelyOutcome<T>> {
  return new Promise((resolve) => {
    let isOver = false;
    const settle = (outcome: TimelyOutcome<T>) => {
      isOver = true;
      clearInterval(timer);
      resolve(outcome);
    };
    const timer = setInterval(() => {
      if (!patience.isSpent()) return;
      clearInterval(timer);
      // An answer that has arrived while this process was busy is not late: it is read before this runs.
      setImmediate(() => (isOver ? undefined : settle('timeout')));
    }, SLICE_MS);
    timer.unref();
    // A store may also throw at once, or return no promise.
    new Promise<T>((started) => started(start())).then(
      (value) => (isOver ? onLate(value) : settle({ value })),
      () => (isOver ? undefined : settle('error')),
    );
  });
}

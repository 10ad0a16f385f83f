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
  /** Shared by all uses for one token request. Default: a deadline of its own. */
  readonly deadline?: StoreDeadline;
  /** Called with a value that comes after the deadline. */
  readonly onLate?: (value: T) => void;
}

/**
 * The application's store, which may fail, hang or give wrong values. A use of it never rejects, and ends at its deadline.
 * After a failure the store is not used for a while; then one use at a time tries it again.
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

  /** What the store gave; `undefined` where it failed, was too slow, or is not used for a while. Never rejects. */
  async attempt<T>(use: StoreUse<T>): Promise<{ readonly value: T } | undefined> {
    if (!this.#isUsable(use.operation)) return undefined;
    const isTrial = this.#isDown;
    if (isTrial) this.#isTrying = true;
    const { deadline, onLate } = { deadline: undefined, onLate: undefined, ...use };
    const outcome = await withinTime(() => use.use(this.#store), deadline ?? new StoreDeadline(), onLate);
    if (isTrial) this.#isTrying = false;
    if (typeof outcome !== 'string') return this.#onSuccess(isTrial, outcome);
    // Other uses that were running when the first one failed are not reported again.
    if (isTrial || !this.#isDown) this.#onFailure(use.operation, outcome);
    return undefined;
  }

  /** From now on the store is only used to release locks. */
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

/** How often {@link StoreDeadline} counts. */
const SLICE_MS = 50;

/**
 * The time that all uses of the store for one token request may take. It is counted in slices of 50 ms by a timer, so
 * that time in which this process itself was busy or stopped (many instances start at once) does not count.
 */
export class StoreDeadline {
  #slices = STORE_TIMEOUT_MS / SLICE_MS;

  /** Counts a slice that has passed. Returns whether it was the last one. */
  isReached(): boolean {
    this.#slices -= 1;
    return this.#slices <= 0;
  }
}

/** The value that came in time, or why none did. */
type TimelyOutcome<T> = { readonly value: T } | 'error' | 'timeout';

/** A promise that never rejects. A value that comes too late goes to `onLate`. The timer does not keep the process alive. */
function withinTime<T>(
  start: () => Promise<T>,
  deadline: StoreDeadline,
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
      if (!deadline.isReached()) return;
      clearInterval(timer);
      // An answer that arrived while this process was busy is not late: it is read before this callback runs.
      setImmediate(() => (isOver ? undefined : settle('timeout')));
    }, SLICE_MS);
    timer.unref();
    // `use` may also throw synchronously, or return something else than a promise.
    new Promise<T>((started) => started(start())).then(
      (value) => (isOver ? onLate(value) : settle({ value })),
      () => (isOver ? undefined : settle('error')),
    );
  });
}

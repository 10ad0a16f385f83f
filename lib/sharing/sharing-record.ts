import type { MindsphereCredentialsEvent, StoreUnavailableEvent } from '../telemetry/credentials-event.interface.js';
import { now } from '../util/clock.js';
import type { EntryRefusal } from './entry-refused.js';

/** Takes events; makes one only where somebody listens. */
export type Observe = (make: () => MindsphereCredentialsEvent) => void;

/** What the shared store did for one registration so far. */
export interface SharingCounts {
  /** Tokens that another instance had. */
  readonly taken: number;
  /** Tokens that were stored for others. */
  readonly stored: number;
  /** Looks at what the holder of a lock would bring. */
  readonly waited: number;
  /** Entries that were not believed. */
  readonly refused: number;
  /** Times that the store was found to be down. */
  readonly unavailable: number;
}

/** Counts what happens with the shared store, and tells of what somebody should know. */
export class SharingRecord {
  readonly #observe: Observe;
  #counts: SharingCounts = { taken: 0, stored: 0, waited: 0, refused: 0, unavailable: 0 };

  constructor(observe: Observe = () => undefined) {
    this.#observe = observe;
  }

  get counts(): SharingCounts {
    return this.#counts;
  }

  count(what: keyof SharingCounts): void {
    this.#counts = { ...this.#counts, [what]: this.#counts[what] + 1 };
  }

  refused(reason: EntryRefusal): void {
    this.count('refused');
    this.#observe(() => ({ type: 'store_entry_refused', at: now().wall, reason }));
  }

  unavailable(
    operation: StoreUnavailableEvent['operation'],
    reason: StoreUnavailableEvent['reason'],
    pauseMs: number,
  ): void {
    this.count('unavailable');
    this.#observe(() => ({ type: 'store_unavailable', at: now().wall, operation, reason, pauseMs }));
  }

  recovered(): void {
    this.#observe(() => ({ type: 'store_recovered', at: now().wall }));
  }
}

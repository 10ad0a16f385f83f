import type {
  MindsphereCredentialsEvent,
  StoreUnavailableEvent,
  TokenSubject,
} from '../telemetry/credentials-event.interface.js';
import type { TokenGrant } from '../token/token-source.interface.js';
import { now } from '../util/clock.js';
import type { EntryRefusal } from './entry-refused.js';

/** Takes events; makes one only where somebody listens. */
export type Observe = (make: () => MindsphereCredentialsEvent) => void;

/** Reports what happens with the shared store, as events. */
export class SharingRecord {
  readonly #observe: Observe;

  constructor(observe: Observe = () => undefined) {
    this.#observe = observe;
  }

  taken(subject: TokenSubject, { lifeMs, usedMs = 0 }: TokenGrant): void {
    this.#observe(() => ({ type: 'store_token_taken', at: now().wall, ...subject, lifeLeftMs: lifeMs - usedMs }));
  }

  stored(subject: TokenSubject): void {
    this.#observe(() => ({ type: 'store_token_stored', at: now().wall, ...subject }));
  }

  refused(reason: EntryRefusal): void {
    this.#observe(() => ({ type: 'store_entry_refused', at: now().wall, reason }));
  }

  unavailable(
    operation: StoreUnavailableEvent['operation'],
    reason: StoreUnavailableEvent['reason'],
    pauseMs: number,
  ): void {
    this.#observe(() => ({ type: 'store_unavailable', at: now().wall, operation, reason, pauseMs }));
  }

  recovered(): void {
    this.#observe(() => ({ type: 'store_recovered', at: now().wall }));
  }
}

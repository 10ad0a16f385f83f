import { type Observable, Subject } from 'rxjs';
import type { MindsphereCredentialsEvent } from './credentials-event.interface.js';

/** What happens inside one registration, for logs and metrics. */
export class MindsphereCredentialsEvents {
  readonly #events = new Subject<MindsphereCredentialsEvent>();

  /** Hot: events from now on; completes at module destroy. No network I/O, never fails. */
  readonly events$: Observable<MindsphereCredentialsEvent> = this.#events.asObservable();

  /** @internal Makes an event only where somebody listens. */
  emit(make: () => MindsphereCredentialsEvent): void {
    if (this.#events.observed) this.#events.next(make());
  }

  /** Called by Nest. */
  onModuleDestroy(): void {
    this.#events.complete();
  }
}

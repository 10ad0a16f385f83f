import { type Observable, Subject } from 'rxjs';
import type { MindsphereCredentialsEvent } from './credentials-event.interface.js';
import { CLASS_NAME } from '../util/class-name.js';

/** What happens inside one registration, for logs and metrics. */
export class MindsphereCredentialsEvents {
  /** @internal */
  static readonly [CLASS_NAME]: string = 'MindsphereCredentialsEvents';
  readonly #events = new Subject<MindsphereCredentialsEvent>();

  /**
   * Hot: events from now on, told while they happen: what takes long belongs behind an operator such as `observeOn`. What
   * a listener throws is reported as RxJS does, later, and harms nothing here. Completes at module destroy, never fails.
   * No network I/O.
   */
  readonly events$: Observable<MindsphereCredentialsEvent> = this.#events.asObservable();

  /** @internal Makes an event only where somebody listens. */
  emit(make: () => MindsphereCredentialsEvent): void {
    if (this.#events.observed) this.#events.next(make());
  }

  /** Called by Nest. */
  onApplicationShutdown(): void {
    this.#events.complete();
  }
}

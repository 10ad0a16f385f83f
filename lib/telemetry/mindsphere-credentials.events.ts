import { type Observable, Subject } from 'rxjs';
import type { MindsphereCredentialsEvent } from './credentials-event.interface.js';
import { CLASS_NAME } from '../util/class-name.js';

/** The events of one registration, for logs and metrics. */
export class MindsphereCredentialsEvents {
  /** @internal */
  static readonly [CLASS_NAME]: string = 'MindsphereCredentialsEvents';
  readonly #events = new Subject<MindsphereCredentialsEvent>();

  /**
   * Hot: events from now on, emitted synchronously, so work that takes long belongs behind an operator such as
   * `observeOn`. What a subscriber throws is reported by RxJS, asynchronously, and affects nothing here. Completes at
   * module destroy, never fails. No network I/O.
   */
  readonly events$: Observable<MindsphereCredentialsEvent> = this.#events.asObservable();

  /** @internal Makes an event only where somebody subscribed. */
  emit(make: () => MindsphereCredentialsEvent): void {
    if (this.#events.observed) this.#events.next(make());
  }

  /** Called by Nest. */
  onApplicationShutdown(): void {
    this.#events.complete();
  }
}

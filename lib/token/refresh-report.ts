import type { TokenSubject } from '../telemetry/credentials-event.interface.js';
import { failureCodes } from '../telemetry/failure-codes.js';
import type { MindsphereCredentialsEvents } from '../telemetry/mindsphere-credentials.events.js';
import type { RefreshLog } from './refresh-log.js';

/** Tells how the refresh of the tokens of one registration goes: events for each failure, log lines for each change. */
export class RefreshReport {
  readonly #events: MindsphereCredentialsEvents;
  readonly #log: RefreshLog;

  constructor(events: MindsphereCredentialsEvents, log: RefreshLog) {
    this.#events = events;
    this.#log = log;
  }

  /** @param wasFailing whether the request before has failed. */
  renewed(subject: TokenSubject, wasFailing: boolean): void {
    if (wasFailing) this.#log.recovered(subject);
  }

  /**
   * @param lifeLeftMs of the token at hand; 0 or less where there is none.
   * @param wasFailing whether the request before has failed, too.
   */
  failed(
    { platform, credentials, tenant, subtenant }: TokenSubject,
    failure: unknown,
    lifeLeftMs: number,
    wasFailing: boolean,
  ): void {
    const subject: TokenSubject = { platform, credentials, tenant, subtenant };
    if (!wasFailing) this.#log.failing(subject, failure, lifeLeftMs);
    if (lifeLeftMs <= 0) return;
    this.#events.emit(() => ({
      type: 'token_served_stale',
      at: Date.now(),
      ...subject,
      ...failureCodes(failure),
      lifeLeftMs,
    }));
  }
}

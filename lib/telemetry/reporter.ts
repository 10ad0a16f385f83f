import { Logger } from '@nestjs/common';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { Platform } from '../platform/platform.interface.js';
import { PLATFORMS } from '../platform/platforms.js';
import { withoutTokens } from '../util/redaction.js';
import type {
  FailureCodes,
  KeySetReadEvent,
  MindsphereCredentialsEvent,
  StoreEntryRefusedEvent,
  StoreUnavailableEvent,
  TokenReceivedEvent,
  TokenRefusedEvent,
  TokenRetriedEvent,
  TokenSubject,
} from './credentials-event.interface.js';
import { LimitedLog } from './limited-log.js';
import { MindsphereCredentialsEvents } from './mindsphere-credentials.events.js';

/** An event that has yet to get its time. */
type Untimed<Event> = Event extends unknown ? Omit<Event, 'at'> : never;

const MAX_REASON_LENGTH = 300;
const MAX_PLACE_LENGTH = 120;
/** A longer value is cut before tokens are looked for, far behind the last character that is written. */
const MAX_LENGTH_READ = 4_096;

/**
 * Makes all events and log lines of one registration; each stage is handed the same reporter. An event is made only
 * where somebody subscribed. Log lines of which there may be one for each tenant or request are limited.
 */
export class Reporter {
  readonly #events: MindsphereCredentialsEvents;
  readonly #logger: Pick<Logger, 'log' | 'warn'>;
  readonly #refreshFailures = new LimitedLog({
    write: (line) => this.#logger.warn(line),
    maxLines: 5,
    summary: (count) => `Refresh begins to fail: ${count} more credentials.`,
    timed: true,
  });
  readonly #refreshRecoveries = new LimitedLog({
    write: (line) => this.#logger.log(line),
    maxLines: 5,
    summary: (count) => `Refresh works again: ${count} more credentials.`,
    timed: true,
  });
  readonly #missingNames = new LimitedLog({
    write: (line) => this.#logger.warn(line),
    maxLines: 10,
    summary: (count) => `${count} more names of tenants are missing.`,
    timed: false,
  });
  // Not timed: an application may construct a filter itself, and nobody would end its timer.
  readonly #refusals = new LimitedLog({
    write: (line) => this.#logger.warn(line),
    maxLines: 10,
    summary: (count) => `${count} more refusals were not logged.`,
    timed: false,
  });
  /** While a refusal is remembered, each request fails with the same error, which is reported once. */
  readonly #reportedFailures = new WeakSet();

  constructor(
    events = new MindsphereCredentialsEvents(),
    logger: Pick<Logger, 'log' | 'warn'> = new Logger('MindsphereCredentials'),
  ) {
    this.#events = events;
    this.#logger = logger;
  }

  /** The options were read. */
  configured(description: string, warnings: readonly string[]): void {
    this.#logger.log(description);
    for (const warning of warnings) this.#logger.warn(warning);
  }

  /** A token request begins. */
  tokenRequested(subject: TokenSubject): void {
    this.#emit(() => ({ type: 'token_requested', ...subject }));
  }

  /** An attempt of a token request has failed, and there will be another. */
  tokenRetried(subject: TokenSubject, failure: unknown, attempt: Pick<TokenRetriedEvent, 'attempt' | 'delayMs'>): void {
    this.#emit(() => ({ type: 'token_retried', ...subject, ...failureCodes(failure), ...attempt }));
  }

  /** A token request has succeeded. */
  tokenReceived(subject: TokenSubject, request: Pick<TokenReceivedEvent, 'durationMs' | 'attempts' | 'lifeMs'>): void {
    this.#emit(() => ({ type: 'token_received', ...subject, ...request }));
  }

  /** A token request has failed; the same error is reported once. */
  tokenRefused(
    subject: TokenSubject,
    failure: unknown,
    request: Pick<TokenRefusedEvent, 'durationMs' | 'attempts'>,
  ): void {
    if (typeof failure !== 'object' || failure === null || this.#reportedFailures.has(failure)) return;
    this.#reportedFailures.add(failure);
    this.#emit(() => ({ type: 'token_refused', ...subject, ...failureCodes(failure), ...request }));
  }

  /** A credential has a new token. @param wasFailing whether its last request had failed. */
  refreshed(subject: TokenSubject, wasFailing: boolean): void {
    if (wasFailing) this.#refreshRecoveries.write(() => `Refresh works again: ${nameOf(subject)}.`);
  }

  /**
   * A credential got no new token.
   *
   * @param lifeLeftMs of the held token; 0 or less where there is no valid one.
   * @param wasFailing whether its last request had failed, too.
   */
  refreshFailed(subject: TokenSubject, failure: unknown, lifeLeftMs: number, wasFailing: boolean): void {
    if (!wasFailing) this.#refreshFailures.write(() => refreshFailureLine(subject, failure, lifeLeftMs));
    if (lifeLeftMs <= 0) return;
    // Field by field: what is handed here may have more fields than the interface.
    const { platform, credentials, tenant, subtenant } = subject;
    const names = { platform, credentials, tenant, subtenant };
    this.#emit(() => ({ type: 'token_served_stale', ...names, ...failureCodes(failure), lifeLeftMs }));
  }

  /** A token was taken from the shared store. */
  storeTokenTaken(subject: TokenSubject, lifeLeftMs: number): void {
    this.#emit(() => ({ type: 'store_token_taken', ...subject, lifeLeftMs }));
  }

  /** A token was put into the shared store. */
  storeTokenStored(subject: TokenSubject): void {
    this.#emit(() => ({ type: 'store_token_stored', ...subject }));
  }

  /** An entry of the shared store was rejected. */
  storeEntryRefused(reason: StoreEntryRefusedEvent['reason']): void {
    this.#emit(() => ({ type: 'store_entry_refused', reason }));
  }

  /** The shared store has failed, and is not used for a while. */
  storeUnavailable(use: Pick<StoreUnavailableEvent, 'operation' | 'reason' | 'pauseMs'>): void {
    this.#emit(() => ({ type: 'store_unavailable', ...use }));
  }

  /** The shared store answers again. */
  storeRecovered(): void {
    this.#emit(() => ({ type: 'store_recovered' }));
  }

  /** A key set was requested. */
  keySetRead(read: Omit<KeySetReadEvent, 'type' | 'at'>): void {
    this.#emit(() => ({ type: 'key_set_read', ...read }));
  }

  /** A user's token was rejected; a request without a token has none. @param platformOf by the form of its `iss`. */
  userTokenRefused(failure: unknown, platformOf: () => Platform | undefined = () => undefined): void {
    const { code } = failureCodes(failure);
    if (code === 'token_missing') return;
    this.#emit(() => ({ type: 'user_token_refused', platform: platformOf(), code }));
  }

  /** The application's function for the names of tenants returned none. @param what it did. */
  tenantNameMissing(tenant: string, what: string): void {
    this.#missingNames.write(
      () => `The function tenantName ${what} for tenant ${tenant}: the name in the token is used, if it has one.`,
    );
  }

  /** A request was refused. @param placeOf where, such as `GET /assets/:id`, if that is known. */
  requestRefused(reason: string, placeOf: () => string | undefined = () => undefined): void {
    this.#refusals.write(() => {
      const place = placeOf();
      const suffix = place === undefined ? '' : ` [${printable(place, MAX_PLACE_LENGTH)}]`;
      return printable(reason, MAX_REASON_LENGTH) + suffix;
    });
  }

  /** Called by Nest. */
  onApplicationShutdown(): void {
    this.#refreshFailures.close();
    this.#refreshRecoveries.close();
  }

  #emit(make: () => Untimed<MindsphereCredentialsEvent>): void {
    this.#events.emit(() => ({ ...make(), at: Date.now() }));
  }
}

/** What an event may contain of a failure: codes, never its message. */
export function failureCodes(failure: unknown): FailureCodes {
  if (!(failure instanceof MindsphereCredentialsError)) return { code: 'unforeseen' };
  const { code, status, retryable } = failure;
  return { code, status, retryable };
}

function refreshFailureLine(subject: TokenSubject, failure: unknown, lifeLeftMs: number): string {
  const seconds = Math.ceil(lifeLeftMs / 1_000);
  const token = lifeLeftMs > 0 ? `the held token is valid for ${seconds} s` : 'there is no valid token';
  // An error of this library holds no secret; any other one may.
  const isOurs = failure instanceof MindsphereCredentialsError;
  const reason = isOurs ? `${failure.code}: ${failure.message}` : 'Unforeseen error.';
  return `Refresh begins to fail, ${token}: ${nameOf(subject)}. ${reason}`;
}

function nameOf({ platform, credentials, tenant, subtenant }: TokenSubject): string {
  const limit = subtenant === undefined ? '' : `, subtenant ${subtenant}`;
  return `${credentials} credentials for tenant ${tenant}${limit} on ${PLATFORMS[platform].domain}`;
}

/** One line of printable ASCII without tokens, of limited length. */
function printable(value: string, maxLength: number): string {
  const line = withoutTokens(value.slice(0, MAX_LENGTH_READ)).replace(/[^\x20-\x7e]/g, '?');
  return line.length > maxLength ? `${line.slice(0, maxLength)}...` : line;
}

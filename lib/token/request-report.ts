import { defer, type MonoTypeOperatorFunction, tap } from 'rxjs';
import type { TokenSubject } from '../telemetry/credentials-event.interface.js';
import { failureCodes } from '../telemetry/failure-codes.js';
import type { MindsphereCredentialsEvents } from '../telemetry/mindsphere-credentials.events.js';
import { now } from '../util/clock.js';
import type { OnRetry } from '../transport/retry-policy.js';
import type { TokenGrant } from './token-source.interface.js';

/** Failures told of, so that the memory's repetitions, which are the same objects, are not told again. */
const told = new WeakSet<object>();

/** Tells of one token request: that it begins, is tried again, and how it ends. */
export class RequestReport {
  readonly #events: MindsphereCredentialsEvents;
  readonly #subject: TokenSubject;
  readonly #attempts: () => number;
  readonly #began = now().monotonic;

  /** @param attempts the HTTP requests made so far. */
  constructor(events: MindsphereCredentialsEvents, subject: TokenSubject, attempts: () => number) {
    this.#events = events;
    this.#subject = subject;
    this.#attempts = attempts;
  }

  /** For what makes the HTTP requests: tells that they begin, and of the token they bring. */
  readonly exchange: MonoTypeOperatorFunction<TokenGrant> = (source) =>
    defer(() => {
      this.#events.emit(() => ({ type: 'token_requested', at: Date.now(), ...this.#subject }));
      return source.pipe(tap((grant) => this.#received(grant)));
    });

  /** For the whole: tells that it has failed. */
  readonly failure: MonoTypeOperatorFunction<TokenGrant> = (source) =>
    source.pipe(tap({ error: (failure: unknown) => this.#refused(failure) }));

  /** Tells that there will be another attempt. */
  readonly retried: OnRetry = (failure, delayMs, attempt) => {
    this.#events.emit(() => ({
      type: 'token_retried',
      at: Date.now(),
      ...this.#subject,
      ...failureCodes(failure),
      attempt,
      delayMs,
    }));
  };

  #received({ lifeMs }: TokenGrant): void {
    const durationMs = this.#durationMs();
    this.#events.emit(() => ({
      type: 'token_received',
      at: Date.now(),
      ...this.#subject,
      durationMs,
      attempts: this.#attempts(),
      lifeMs,
    }));
  }

  #refused(failure: unknown): void {
    if (typeof failure !== 'object' || failure === null || told.has(failure)) return;
    told.add(failure);
    const durationMs = this.#durationMs();
    this.#events.emit(() => ({
      type: 'token_refused',
      at: Date.now(),
      ...this.#subject,
      ...failureCodes(failure),
      durationMs,
      attempts: this.#attempts(),
    }));
  }

  #durationMs(): number {
    return now().monotonic - this.#began;
  }
}

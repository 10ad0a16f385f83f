import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { elapsedSince, type Moment, now } from '../util/clock.js';

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
const TOO_MANY_REQUESTS = 429;

interface Refusal {
  readonly failure: MindsphereCredentialsError;
  /** Of the secret that was refused. */
  readonly fingerprint: string;
  readonly began: Moment;
  readonly lengthMs: number;
}

/**
 * Remembers that the server has refused the credentials, or has asked to retry later, so that a wrong secret does not
 * cause a request at each call: for 1 s, doubling to 30 s with each refusal in a row, or for as long as the server asked.
 */
export class RefusalMemory {
  readonly #longestRetryAfterMs: number;
  #refusal?: Refusal;
  #inARow = 0;

  constructor(longestRetryAfterMs: number) {
    this.#longestRetryAfterMs = longestRetryAfterMs;
  }

  /** The failure to repeat instead of a request; `undefined` where another secret was refused, or none. */
  recall(fingerprint: string): MindsphereCredentialsError | undefined {
    const refusal = this.#refusal;
    return refusal?.fingerprint === fingerprint && this.leftMs > 0 ? refusal.failure : undefined;
  }

  /** For how long the last refusal is still repeated, in milliseconds. */
  get leftMs(): number {
    const refusal = this.#refusal;
    return refusal === undefined ? 0 : Math.max(0, refusal.lengthMs - elapsedSince(refusal.began));
  }

  /** Remembers a failure, if it is a refusal or has status 429. */
  note(failure: MindsphereCredentialsError, fingerprint: string): void {
    if (!isClientError(failure) || (!isRefusal(failure) && failure.status !== TOO_MANY_REQUESTS)) return;
    if (this.#refusal?.fingerprint !== fingerprint) this.#inARow = 0;
    const lengthMs = this.#askedForMs(failure) ?? Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#inARow);
    this.#inARow += 1;
    this.#refusal = Object.freeze({ failure, fingerprint, began: now(), lengthMs });
  }

  #askedForMs({ retryAfterMs }: MindsphereCredentialsError): number | undefined {
    if (retryAfterMs === undefined) return undefined;
    return Math.max(FIRST_MS, Math.min(retryAfterMs, this.#longestRetryAfterMs));
  }

  forget(): void {
    this.#inARow = 0;
    this.#refusal = undefined;
  }
}

/** Whether repeating the token request is of no use: the server has refused it, or the application gave no secret. */
export function isFinal(failure: unknown): boolean {
  return failure instanceof MindsphereCredentialsError && (failure.code === 'options_invalid' || isRefusal(failure));
}

/** Whether the server has refused the request, so that the same request would be refused again. */
function isRefusal(failure: MindsphereCredentialsError): boolean {
  return failure.code === 'token_request_failed' && failure.retryable === false;
}

/** A redirect cannot be repeated either, but its cause is the configured URL, not what was sent. */
function isClientError({ status = 0 }: MindsphereCredentialsError): boolean {
  return status >= 400 && status < 500;
}

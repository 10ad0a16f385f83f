import { isValues, NO_VALUES, ownValue, parseValues } from '../util/json.js';
import {
  MindsphereCredentialsError,
  type MindsphereCredentialsErrorDetails,
} from '../errors/mindsphere-credentials.error.js';
import { now } from '../util/clock.js';

const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([408, 429]);

/** An HTTP answer, read whole. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** What a failure that is made of an answer needs to know of the request. */
export interface FailedAttempt {
  /** Makes the server's words fit to be shown. */
  readonly redact: (text: string) => string;
  readonly attempts: number;
  readonly maxRetryAfterMs: number;
}

/** A `token_request_failed`; `retryable` says whether the same request may succeed later. */
export function requestFailed(
  endpoint: string,
  what: string,
  details: MindsphereCredentialsErrorDetails & { readonly retryable: boolean },
): MindsphereCredentialsError {
  return new MindsphereCredentialsError('token_request_failed', `The token endpoint ${endpoint} ${what}.`, {
    ...details,
    endpoint,
  });
}

/** The failure that an answer without success means. Classified by status; the body is read only for its words. */
export function failureOf(
  answer: HttpAnswer,
  endpoint: string,
  { redact, attempts, maxRetryAfterMs }: FailedAttempt,
): MindsphereCredentialsError {
  const { status, headers, body } = answer;
  const { error, errorDescription } = errorWords(body, redact);
  const demandedMs = retryAfter(headers['retry-after']);
  const words = [error, errorDescription].filter((word) => word !== undefined).join(': ');
  const redirect = status >= 300 && status < 400 ? ', a redirect, which is not followed' : '';
  const failure = requestFailed(
    endpoint,
    `answered with status ${status}${redirect}${words === '' ? '' : ` (${words})`}`,
    {
      status,
      attempts,
      retryable: status >= 500 || RETRYABLE_STATUSES.has(status),
      error,
      errorDescription,
      retryAfterMs: demandedMs === undefined ? undefined : boundedDelay(demandedMs, maxRetryAfterMs),
    },
  );
  if (demandedMs !== undefined && demandedMs > maxRetryAfterMs) waitingTooLong.add(failure);
  return failure;
}

/** Failures whose server asks to wait for longer than `request.maxRetryAfterMs`. */
const waitingTooLong = new WeakSet<MindsphereCredentialsError>();

/** Whether the server asks to wait for longer than this registration would. */
export function asksToWaitTooLong(failure: MindsphereCredentialsError): boolean {
  return waitingTooLong.has(failure);
}

/** A delay that a server asks for, as whole seconds in milliseconds, and no more than the most that counts. */
export function boundedDelay(demandedMs: number, mostMs: number): number {
  return Math.min(Math.ceil(demandedMs / 1_000), Math.floor(mostMs / 1_000)) * 1_000;
}

/** `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3), as milliseconds from now. */
export function retryAfter(value: unknown): number | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1_000;
  // A date begins with the name of a day; JavaScript would read a date into much else, such as `-7`.
  const date = /^\s*(?:mon|tue|wed|thu|fri|sat|sun)/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now().wall);
}

/** UAA: `error` and `error_description`; other services: `errors[0].code` and `.message` (protocol page, section 5). */
function errorWords(body: string, redact: (text: string) => string) {
  const parsed = parseValues(body) ?? NO_VALUES;
  const errors: readonly unknown[] = Array.isArray(parsed['errors']) ? parsed['errors'] : [];
  const first = isValues(errors[0]) ? errors[0] : NO_VALUES;
  const word = (value: unknown) => (typeof value === 'string' && value !== '' ? redact(value) : undefined);
  return {
    error: word(parsed['error']) ?? word(ownValue(first, 'code')),
    errorDescription: word(parsed['error_description']) ?? word(ownValue(first, 'message')) ?? word(parsed['message']),
  };
}

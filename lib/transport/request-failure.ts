import { isAxiosError } from 'axios';
import { isValues, NO_VALUES, ownValue, parseValues } from '../util/json.js';
import {
  MindsphereCredentialsError,
  type MindsphereCredentialsErrorDetails,
} from '../errors/mindsphere-credentials.error.js';
import { now } from '../util/clock.js';
import { LARGEST_ANSWER_BYTES } from './own-axios.js';

const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([408, 429]);

/** An HTTP answer, read whole. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** What {@link failureOfAnswer} needs to know of the request. */
export interface FailedAttempt {
  /** Removes secrets and tokens from strings of the server. */
  readonly redact: (text: string) => string;
  readonly attempts: number;
  readonly maxRetryAfterMs: number;
}

/** A `token_request_failed` whose server asks to wait for longer than `request.maxRetryAfterMs`. */
export class RetryTooLate extends MindsphereCredentialsError {}

/** A `token_request_failed`; `retryable` says whether the same request may succeed later. */
function requestFailed(
  endpoint: string,
  what: string,
  details: MindsphereCredentialsErrorDetails & { readonly retryable: boolean },
  Failure: typeof MindsphereCredentialsError = MindsphereCredentialsError,
): MindsphereCredentialsError {
  return new Failure('token_request_failed', `The token endpoint ${endpoint} ${what}.`, { ...details, endpoint });
}

export function tookTooLong(url: string, timeMs: number, attempts: number): MindsphereCredentialsError {
  return requestFailed(url, `gave no complete answer within ${timeMs} ms`, { retryable: true, attempts });
}

/** Keeps the code of an Axios error only: the error holds the whole request, and so the secret. */
export function transportFailure(failure: unknown, url: string, attempts: number): MindsphereCredentialsError {
  const { code, message } = isAxiosError(failure) ? failure : { code: undefined, message: '' };
  if (message.startsWith('maxContentLength')) {
    const tooLong = `The token endpoint ${url} gave an answer of more than ${LARGEST_ANSWER_BYTES} bytes.`;
    return new MindsphereCredentialsError('token_response_invalid', tooLong, { endpoint: url, attempts });
  }
  const known = typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? ` (${code})` : '';
  return requestFailed(url, `could not be reached, or the connection broke${known}`, { retryable: true, attempts });
}

/** The error for an answer whose status is not 2xx. `retryable` follows from the status alone, not from the body. */
export function failureOfAnswer(
  answer: HttpAnswer,
  endpoint: string,
  { redact, attempts, maxRetryAfterMs }: FailedAttempt,
): MindsphereCredentialsError {
  const { status, headers, body } = answer;
  const { error, errorDescription } = errorStrings(body, redact);
  const demandedMs = retryAfter(headers['retry-after']);
  const reason = [error, errorDescription].filter((part) => part !== undefined).join(': ');
  const redirect = status >= 300 && status < 400 ? ', a redirect, which is not followed' : '';
  return requestFailed(
    endpoint,
    `answered with status ${status}${redirect}${reason === '' ? '' : ` (${reason})`}`,
    {
      status,
      attempts,
      retryable: status >= 500 || RETRYABLE_STATUSES.has(status),
      error,
      errorDescription,
      retryAfterMs: demandedMs === undefined ? undefined : boundedDelay(demandedMs, maxRetryAfterMs),
    },
    demandedMs !== undefined && demandedMs > maxRetryAfterMs ? RetryTooLate : undefined,
  );
}

/** The delay of a `Retry-After`, rounded up to whole seconds, in milliseconds; at most `maxMs`. */
export function boundedDelay(demandedMs: number, maxMs: number): number {
  return Math.min(Math.ceil(demandedMs / 1_000), Math.floor(maxMs / 1_000)) * 1_000;
}

/** `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3), as milliseconds from now. */
export function retryAfter(value: unknown): number | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1_000;
  // A date begins with the name of a day. `Date.parse` accepts much else, such as `-7`.
  const date = /^\s*(?:mon|tue|wed|thu|fri|sat|sun)/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now().wall);
}

/** UAA: `error` and `error_description`; other services: `errors[0].code` and `.message` (protocol page, section 5). */
function errorStrings(body: string, redact: (text: string) => string) {
  const parsed = parseValues(body) ?? NO_VALUES;
  const errors: readonly unknown[] = Array.isArray(parsed['errors']) ? parsed['errors'] : [];
  const first = isValues(errors[0]) ? errors[0] : NO_VALUES;
  const readable = (value: unknown) => (typeof value === 'string' && value !== '' ? redact(value) : undefined);
  return {
    error: readable(parsed['error']) ?? readable(ownValue(first, 'code')),
    errorDescription:
      readable(parsed['error_description']) ?? readable(ownValue(first, 'message')) ?? readable(parsed['message']),
  };
}

import { isValues, parseValues } from '../util/json.js';
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
  redact: (text: string) => string,
  attempts: number,
): MindsphereCredentialsError {
  const { status, headers, body } = answer;
  const { error, errorDescription } = errorWords(body, redact);
  const words = [error, errorDescription].filter((word) => word !== undefined).join(': ');
  const redirect = status >= 300 && status < 400 ? ', a redirect, which is not followed' : '';
  return requestFailed(endpoint, `answered with status ${status}${redirect}${words === '' ? '' : ` (${words})`}`, {
    status,
    attempts,
    retryable: status >= 500 || RETRYABLE_STATUSES.has(status),
    error,
    errorDescription,
    retryAfterMs: retryAfter(headers['retry-after']),
  });
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
  const parsed = parseValues(body) ?? {};
  const errors: readonly unknown[] = Array.isArray(parsed['errors']) ? parsed['errors'] : [];
  const first = isValues(errors[0]) ? errors[0] : {};
  const word = (value: unknown) => (typeof value === 'string' && value !== '' ? redact(value) : undefined);
  return {
    error: word(parsed['error']) ?? word(first['code']),
    errorDescription: word(parsed['error_description']) ?? word(first['message']) ?? word(parsed['message']),
  };
}

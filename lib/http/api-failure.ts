import type { AxiosResponse } from 'axios';
import type { ResolvedRequestOptions } from '../config/resolved-options.interface.js';
import type { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import { boundedDelay, retryAfter } from '../transport/request-failure.js';
import { UserToken } from '../users/user-token.js';

/** What is known of a failed call beside its error. It holds no token. */
export interface ApiFailure {
  /** Of the answer; `undefined` where there was none. */
  readonly status?: number;
  /** Whether the call was made with a user's own token. */
  readonly isUsers: boolean;
  /** What the API asked to wait, bounded by `request.maxRetryAfterMs`. */
  readonly retryAfterMs?: number;
}

/** Failures of our own calls, and of no other client's. */
const failures = new WeakMap<Error, ApiFailure>();

/** What a failure is noted with. */
export interface FailedCall {
  readonly credentials?: MindsphereCredentials;
  readonly answer?: Pick<AxiosResponse, 'status' | 'headers'>;
  readonly limits: Pick<ResolvedRequestOptions, 'maxRetryAfterMs'>;
}

/** Takes note that an error is the failure of a call of ours. */
export function noteFailure<E extends Error>(error: E, { credentials, answer, limits }: FailedCall): E {
  const demandedMs = retryAfter(answer?.headers['retry-after']);
  failures.set(error, {
    status: answer?.status,
    isUsers: credentials instanceof UserToken,
    retryAfterMs: demandedMs === undefined ? undefined : boundedDelay(demandedMs, limits.maxRetryAfterMs),
  });
  return error;
}

/** What is known of an error; `undefined` where it is not the failure of a call of ours. */
export function apiFailureOf(error: unknown): ApiFailure | undefined {
  return error instanceof Error ? failures.get(error) : undefined;
}

import { type MonoTypeOperatorFunction, type Observable, map, race, retry, throwError } from 'rxjs';
import type { ResolvedRequestOptions } from '../config/resolved-options.interface.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { RetryTooLate } from './request-failure.js';
import { backgroundTimer, elapsedSince, now } from '../util/clock.js';

/** Called before each further attempt: `attempt` is the number of the one that failed. */
export type OnRetry = (failure: unknown, delayMs: number, attempt: number) => void;

export type RetryLimits = Pick<ResolvedRequestOptions, 'deadlineMs' | 'retries' | 'retryDelayMs' | 'maxRetryAfterMs'>;

/**
 * Subscribes again after a retryable failure: with exponential backoff and full jitter, or after `Retry-After`. Fails
 * at once where no attempt is left, or the next one would begin after the deadline.
 */
export function retryTransient<T>(
  limits: RetryLimits,
  random: () => number,
  onRetry: OnRetry = () => undefined,
): MonoTypeOperatorFunction<T> {
  return (source) => {
    const started = now();
    return source.pipe(
      retry({
        delay: (failure: unknown, retries: number): Observable<unknown> => {
          const wait = retries > limits.retries ? undefined : waitBeforeRetry(failure, retries, limits, random);
          const tooLate = wait === undefined || elapsedSince(started) + wait >= limits.deadlineMs;
          if (tooLate) return throwError(() => failure);
          onRetry(failure, wait, retries);
          return backgroundTimer(wait);
        },
      }),
    );
  };
}

/** A timeout: fails with the error that `failure` returns, and unsubscribes the source, which aborts its request. */
export function failAfter<T>(timeMs: number, failure: () => Error): MonoTypeOperatorFunction<T> {
  return (source) =>
    race(
      source,
      backgroundTimer(timeMs).pipe(
        map((): never => {
          throw failure();
        }),
      ),
    );
}

function waitBeforeRetry(
  failure: unknown,
  retries: number,
  { retryDelayMs, maxRetryAfterMs }: RetryLimits,
  random: () => number,
): number | undefined {
  if (!(failure instanceof MindsphereCredentialsError) || failure.retryable !== true) return undefined;
  const jittered = random() * retryDelayMs * 2 ** (retries - 1);
  const demanded = failure.retryAfterMs;
  if (demanded === undefined) return jittered;
  // Jitter is added, never subtracted: many instances may have got the same `Retry-After`.
  return demanded > maxRetryAfterMs || failure instanceof RetryTooLate ? undefined : demanded + jittered;
}

import { type MonoTypeOperatorFunction, tap } from 'rxjs';
import { failureCodes } from '../telemetry/failure-codes.js';
import type { MindsphereCredentialsEvents } from '../telemetry/mindsphere-credentials.events.js';

/** Tells that a user's token is refused, and nothing that stands in it. A request without one has none that is refused. */
export function tellRefused(events: MindsphereCredentialsEvents, failure: unknown): void {
  const { code } = failureCodes(failure);
  if (code !== 'token_missing') events.emit(() => ({ type: 'user_token_refused', at: Date.now(), code }));
}

/** Tells of the failure of a verification. */
export function reportRefused<T>(events: MindsphereCredentialsEvents): MonoTypeOperatorFunction<T> {
  return tap({ error: (failure: unknown) => tellRefused(events, failure) });
}

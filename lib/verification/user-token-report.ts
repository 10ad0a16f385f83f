import { type MonoTypeOperatorFunction, tap } from 'rxjs';
import { failureCodes } from '../telemetry/failure-codes.js';
import type { Platform } from '../platform/platform.interface.js';
import type { MindsphereCredentialsEvents } from '../telemetry/mindsphere-credentials.events.js';

/** The platform that a token may be for, by the form of its `iss`. Asked only where somebody listens. */
type PlatformOf = () => Platform | undefined;

/**
 * Emits that a user's token is refused, with nothing that stands in it but the form of its `iss`. A request without a
 * token has none that is refused.
 */
export function tellRefused(
  events: MindsphereCredentialsEvents,
  failure: unknown,
  platformOf: PlatformOf = () => undefined,
): void {
  const { code } = failureCodes(failure);
  if (code === 'token_missing') return;
  events.emit(() => ({ type: 'user_token_refused', at: Date.now(), platform: platformOf(), code }));
}

/** Emits the failure of a verification. */
export function reportRefused<T>(
  events: MindsphereCredentialsEvents,
  platformOf: PlatformOf,
): MonoTypeOperatorFunction<T> {
  return tap({ error: (failure: unknown) => tellRefused(events, failure, platformOf) });
}

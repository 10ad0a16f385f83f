import { defer, type MonoTypeOperatorFunction, tap } from 'rxjs';
import type { KeySetReadEvent } from '../telemetry/credentials-event.interface.js';
import type { MindsphereCredentialsEvents } from '../telemetry/mindsphere-credentials.events.js';
import type { Platform } from '../platform/platform.interface.js';
import { now } from '../util/clock.js';
import { type KeySetAnswer, KeySetFailure } from './key-set.client.js';

type Outcome = Pick<KeySetReadEvent, 'outcome' | 'status' | 'ignoredKeys'>;

/**
 * Emits an event for each read of a key set.
 *
 * @param knownTenant whose set it is, if more than an unverified token names it.
 */
export function reportKeySet(
  events: MindsphereCredentialsEvents,
  platform: Platform,
  knownTenant: () => string | undefined,
): MonoTypeOperatorFunction<KeySetAnswer> {
  return (source) =>
    defer(() => {
      const began = now().monotonic;
      const emit = (outcome: Outcome) => {
        const durationMs = now().monotonic - began;
        events.emit(() => ({
          type: 'key_set_read',
          at: Date.now(),
          platform,
          ...outcome,
          durationMs,
          tenant: knownTenant(),
        }));
      };
      return source.pipe(
        tap({
          next: ({ content }) => emit({ outcome: 'ok', ignoredKeys: content?.ignored || undefined }),
          error: (failure: unknown) => emit({ outcome: 'failed', status: statusOf(failure) }),
        }),
      );
    });
}

function statusOf(failure: unknown): number | undefined {
  return failure instanceof KeySetFailure ? failure.status : undefined;
}

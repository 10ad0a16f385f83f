import { defer, type MonoTypeOperatorFunction, tap } from 'rxjs';
import type { KeySetReadEvent } from '../telemetry/credentials-event.interface.js';
import type { MindsphereCredentialsEvents } from '../telemetry/mindsphere-credentials.events.js';
import type { Platform } from '../platform/platform.interface.js';
import { now } from '../util/clock.js';
import type { KeySet } from './key-set.js';
import { KeySetFailure } from './key-set.client.js';

/**
 * Tells of each time a key set is asked for.
 *
 * @param knownTenant whose it is, if that is known to be more than a stranger's word.
 */
export function reportKeySet(
  events: MindsphereCredentialsEvents,
  platform: Platform,
  knownTenant: () => string | undefined,
): MonoTypeOperatorFunction<KeySet> {
  return (source) =>
    defer(() => {
      const began = now().monotonic;
      const tell = (outcome: Pick<KeySetReadEvent, 'outcome' | 'status'>) => {
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
          next: () => tell({ outcome: 'ok' }),
          error: (failure: unknown) => tell({ outcome: 'failed', status: statusOf(failure) }),
        }),
      );
    });
}

function statusOf(failure: unknown): number | undefined {
  return failure instanceof KeySetFailure ? failure.status : undefined;
}

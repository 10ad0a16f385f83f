import type { FailureCodes } from '../telemetry/credentials-event.interface.js';
import { failureCodes } from '../telemetry/reporter.js';
import { elapsedSince, type Moment } from '../util/clock.js';
import type { HeldToken } from './held-token.js';

/** What is known of one credential's token, at one moment. Immutable. */
export interface TokenState {
  /** Life left of the token that is held, in milliseconds; 0 once it is expired, `undefined` where there is none. */
  readonly lifeLeftMs?: number;
  /** When the token that is held was received: epoch milliseconds by wall time. */
  readonly refreshedAt?: number;
  /** Why the last request for a token failed; `undefined` where it did not. */
  readonly lastErrorCode?: FailureCodes['code'];
  /** How long ago that was, in milliseconds. */
  readonly failedAgoMs?: number;
}

/** A token request that failed. */
export interface FailedRefresh {
  readonly failure: unknown;
  readonly at: Moment;
}

/** The state of a token that nobody has asked for yet. */
export const UNUSED: TokenState = Object.freeze({});

export function tokenState(held: HeldToken | undefined, failed: FailedRefresh | undefined): TokenState {
  return Object.freeze({
    lifeLeftMs: held === undefined ? undefined : Math.max(0, held.lifeLeftMs()),
    refreshedAt: held?.token.issuedAt.getTime(),
    lastErrorCode: failed === undefined ? undefined : failureCodes(failed.failure).code,
    failedAgoMs: failed === undefined ? undefined : elapsedSince(failed.at),
  });
}

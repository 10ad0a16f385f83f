import type { RefreshOptions } from '../config/sections/requests.options.js';
import { elapsedSince, type Moment, remainingUntil, shifted } from '../util/clock.js';
import { AccessToken } from './access-token.js';
import type { TokenGrant, TokenSource } from './token-source.interface.js';
import type { FailureCodes } from '../telemetry/credentials-event.interface.js';
import { failureCodes } from '../telemetry/reporter.js';

/** A token in the cache. Its life is counted from the moment of its receipt. Immutable. */
export class HeldToken {
  readonly token: AccessToken;
  /** With less life than this, renewal is due. Milliseconds. */
  readonly aheadMs: number;
  /** With less life than this, callers wait for the new token. Milliseconds. */
  readonly minValidityMs: number;
  readonly #end: Moment;

  constructor(grant: TokenGrant, source: TokenSource, at: Moment, margins: Required<RefreshOptions>) {
    // A token from another instance was received before this instance got it.
    const received = shifted(at, -(grant.usedMs ?? 0));
    this.#end = shifted(received, grant.lifeMs);
    this.token = new AccessToken({
      value: grant.value,
      issuedAt: received.wall,
      expiresAt: this.#end.wall,
      trusted: true,
      platform: source.platform,
      tenant: source.tenant,
      subtenant: source.subtenant,
      scope: grant.scope,
    });
    this.aheadMs = aheadOf(grant, margins);
    this.minValidityMs = minValidityOf(grant.lifeMs, margins);
  }

  /** Remaining life in milliseconds; 0 or less once the token has expired. */
  lifeLeftMs(): number {
    return remainingUntil(this.#end);
  }
}

/** With less life than this, callers wait for a new token: at most a quarter of its whole life. */
export function minValidityOf(lifeMs: number, { minValidityMs }: Required<RefreshOptions>): number {
  return Math.min(minValidityMs, lifeMs / 4);
}

/** With less life than this, renewal of a granted token is due: at most half of its whole life. */
export function aheadOf({ lifeMs, earlierMs = 0 }: TokenGrant, { aheadMs }: Required<RefreshOptions>): number {
  return Math.min(aheadMs + earlierMs, lifeMs / 2);
}

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

/** The state of a token that was never requested. */
export const UNUSED: TokenState = Object.freeze({});

export function tokenState(held: HeldToken | undefined, failed: FailedRefresh | undefined): TokenState {
  return Object.freeze({
    lifeLeftMs: held === undefined ? undefined : Math.max(0, held.lifeLeftMs()),
    refreshedAt: held?.token.issuedAt.getTime(),
    lastErrorCode: failed === undefined ? undefined : failureCodes(failed.failure).code,
    failedAgoMs: failed === undefined ? undefined : elapsedSince(failed.at),
  });
}

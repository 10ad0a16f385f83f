import type { RefreshOptions } from '../config/sections/requests.options.js';
import { type Moment, remainingUntil, shifted } from '../util/clock.js';
import { AccessToken } from './access-token.js';
import type { TokenGrant, TokenSource } from './token-source.interface.js';

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

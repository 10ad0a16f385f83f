import type { RefreshOptions } from '../config/sections/requests.options.js';
import { AccessToken } from './access-token.js';
import { before, endOf, leftUntil, type Moment } from '../util/clock.js';
import type { TokenGrant, TokenSource } from './token-source.interface.js';

/** A token in the cache, its life anchored at the moment of its receipt. Immutable. */
export class HeldToken {
  readonly token: AccessToken;
  /** With less life than this, renewal is due. */
  readonly aheadMs: number;
  /** With less life than this, callers wait for the new token. */
  readonly minValidityMs: number;
  // Not as one object: of many tokens, one is far from the processor, and so would be each object that it leads to.
  readonly #wallEnd: number;
  readonly #monotonicEnd: number;

  constructor(grant: TokenGrant, source: TokenSource, at: Moment, margins: Required<RefreshOptions>) {
    // The life of another instance's token began before this one had it.
    const received = before(at, grant.usedMs ?? 0);
    this.token = new AccessToken({
      value: grant.value,
      issuedAt: received.wall,
      expiresAt: received.wall + grant.lifeMs,
      trusted: true,
      platform: source.platform,
      tenant: source.tenant,
      subtenant: source.subtenant,
      scope: grant.scope,
    });
    const { wallEnd, monotonicEnd } = endOf(grant.lifeMs, received);
    this.#wallEnd = wallEnd;
    this.#monotonicEnd = monotonicEnd;
    this.aheadMs = Math.floor(aheadOf(grant, margins));
    this.minValidityMs = Math.floor(minValidityOf(grant.lifeMs, margins));
  }

  /** Life left, in milliseconds; 0 or less once it is expired. */
  lifeLeftMs(): number {
    return leftUntil(this.#wallEnd, this.#monotonicEnd);
  }
}

/** With less life than this, callers wait for a new token: a short life shrinks the margin. */
export function minValidityOf(lifeMs: number, { minValidityMs }: Required<RefreshOptions>): number {
  return Math.min(minValidityMs, lifeMs / 4);
}

/** With less life than this, renewal of a granted token is due: never more than half of its whole life. */
export function aheadOf({ lifeMs, earlierMs = 0 }: TokenGrant, { aheadMs }: Required<RefreshOptions>): number {
  return Math.min(aheadMs + earlierMs, lifeMs / 2);
}

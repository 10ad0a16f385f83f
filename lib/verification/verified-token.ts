import type { Platform } from '../platform/platform.interface.js';
import type { Claims } from '../util/jwt.js';
import { freezeAndCount } from './compact-jwt.js';
import type { Proof } from './key-sets.js';
import type { UserClaims } from './user-claims.js';

/** A user's token that has passed every check. Immutable; what it holds is shown by nobody's dump. */
export class VerifiedToken {
  readonly platform: Platform;
  readonly issuer: string;
  readonly tenant: string;
  readonly expiresAt: number;
  readonly issuedAt: number;
  /** How many values the claims hold, at all depths. */
  readonly claimCount: number;
  readonly #text: string;
  readonly #claims: Claims;

  constructor(
    text: string,
    judged: UserClaims,
    readonly proof: Proof,
  ) {
    this.platform = judged.platform;
    this.issuer = judged.issuer;
    this.tenant = judged.tenant;
    this.expiresAt = judged.expiresAt;
    this.issuedAt = judged.issuedAt;
    this.#text = text;
    this.claimCount = freezeAndCount(judged.claims);
    this.#claims = judged.claims;
  }

  /** The token. A secret. */
  get value(): string {
    return this.#text;
  }

  /** All claims, deeply frozen. */
  get claims(): Claims {
    return this.#claims;
  }
}

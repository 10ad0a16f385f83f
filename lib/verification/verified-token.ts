import type { Platform } from '../platform/platform.interface.js';
import type { Claims } from '../util/jwt.js';
import { freezeAndCount } from './compact-jwt.js';
import type { Proof } from './key-sets.js';
import type { UserClaims } from './user-claims.js';

/** A user's token that has passed every check. Immutable; its secrets are private fields, which no dump shows. */
export class VerifiedToken {
  readonly platform: Platform;
  readonly issuer: string;
  readonly tenant: string;
  readonly expiresAt: number;
  readonly issuedAt: number;
  /** How many values the claims hold, at all depths. */
  readonly claimCount: number;
  readonly #value: string;
  readonly #claims: Claims;

  constructor(
    value: string,
    user: UserClaims,
    readonly proof: Proof,
  ) {
    this.platform = user.platform;
    this.issuer = user.issuer;
    this.tenant = user.tenant;
    this.expiresAt = user.expiresAt;
    this.issuedAt = user.issuedAt;
    this.#value = value;
    this.claimCount = freezeAndCount(user.claims);
    this.#claims = user.claims;
  }

  /** The token. A secret. */
  get value(): string {
    return this.#value;
  }

  /** All claims, deeply frozen. */
  get claims(): Claims {
    return this.#claims;
  }
}

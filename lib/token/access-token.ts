import { inspect } from 'node:util';
import { deepFreeze, NO_VALUES } from '../util/json.js';
import type { Platform, PlatformRules } from '../platform/platform.interface.js';
import { PLATFORMS } from '../platform/platforms.js';
import { type Claims, decodeClaims, nonEmptyString, wordsOf } from '../util/jwt.js';

/** What an {@link AccessToken} is made of. */
export interface AccessTokenInit {
  readonly value: string;
  /** Epoch milliseconds. */
  readonly issuedAt: number;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  /** Whether the claims may be shown: they are fetched from the platform or verified. */
  readonly trusted: boolean;
  /** `undefined` where a user's token has the form of neither platform. */
  readonly platform: Platform | undefined;
  /** What was requested, for where the claims lack it. */
  readonly tenant?: string;
  readonly subtenant?: string;
  readonly scope?: string;
}

/**
 * A bearer token and what is known of it. Immutable. No dump shows the token: read {@link value} or
 * {@link authorization} on purpose. No network I/O.
 */
export class AccessToken {
  readonly #init: AccessTokenInit;
  #claims?: Claims;

  /** @internal Tokens come from credentials. */
  constructor(init: AccessTokenInit) {
    this.#init = init;
    // All callers share one object.
    Object.freeze(this);
  }

  /** The token itself. A secret. */
  get value(): string {
    return this.#init.value;
  }

  /** `'Bearer …'`, the value of an `Authorization` header (RFC 6750, section 2.1). A secret. */
  get authorization(): string {
    return `Bearer ${this.#init.value}`;
  }

  /**
   * When it was received (a shared one: by the instance that asked), by the local wall clock; of a verified user's token:
   * claim `iat`. A fresh object at each reading.
   */
  get issuedAt(): Date {
    return new Date(this.#init.issuedAt);
  }

  /**
   * When it expires, by the local wall clock: time of receipt plus life; of a verified user's token: claim `exp`. A fresh
   * object at each reading.
   */
  get expiresAt(): Date {
    return new Date(this.#init.expiresAt);
  }

  /** Its scopes. */
  get scopes(): readonly string[] {
    return wordsOf(this.claims['scope'] ?? this.#init.scope);
  }

  /** The platform it is for. Of an unverified user's token: by the form of its `iss`, `undefined` where it has neither. */
  get platform(): Platform | undefined {
    return this.#init.platform;
  }

  /** The tenant it is for, by its id on that platform: from its claims, else as it was requested. */
  get tenant(): string | undefined {
    const rules = this.#rules;
    return rules?.readTenant(this.claims[rules.claims.tenant]) ?? this.#init.tenant;
  }

  /** The subtenant it is limited to: from its claims, else as it was requested. */
  get subtenant(): string | undefined {
    const name = this.#rules?.claims.subtenant;
    return (name === undefined ? undefined : nonEmptyString(this.claims[name])) ?? this.#init.subtenant;
  }

  /** All claims, deeply frozen; decoded when first read. Empty for the token of an unverified user. */
  get claims(): Readonly<Record<string, unknown>> {
    return (this.#claims ??= deepFreeze(this.#init.trusted ? decodeClaims(this.#init.value) : NO_VALUES));
  }

  get #rules(): PlatformRules | undefined {
    return this.#init.platform === undefined ? undefined : PLATFORMS[this.#init.platform];
  }

  /** Everything but the token. */
  toJSON(): Record<string, unknown> {
    const { platform, tenant, subtenant, issuedAt, expiresAt } = this;
    return { platform, tenant, subtenant, issuedAt, expiresAt };
  }

  /** As {@link toJSON}, for interpolation and logs. */
  toString(): string {
    return inspect(this);
  }

  /** As {@link toJSON}, for `util.inspect` and Nest's logger. */
  [inspect.custom](): string {
    return `AccessToken ${inspect(this.toJSON())}`;
  }
}

import { Observable, of } from 'rxjs';
import { AccessToken } from '../token/access-token.js';
import { type Claims, nonEmptyString, wordsOf } from '../util/jwt.js';
import { NO_VALUES } from '../util/json.js';
import { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import type { Platform, PlatformRules } from '../platform/platform.interface.js';
import { PLATFORMS } from '../platform/platforms.js';
import { CLASS_NAME } from '../util/class-name.js';

/** The values of a {@link UserToken} at one moment. */
export interface UserTokenContent {
  /** The platform that the token is for; while not verified, by the form of its `iss` alone. */
  readonly platform?: Platform;
  /** The token. Reading it may throw `token_missing` or `token_malformed`. */
  readonly value: string;
  /** The name that the application gives the tenant, where it gives one. */
  readonly tenantName?: string;
  /** The verified claims and life; `undefined` while the token is not verified. */
  readonly verified?: { readonly claims: Claims; readonly issuedAt: number; readonly expiresAt: number };
}

/**
 * The token of a request's user. It is passed on unchanged: only the user's browser can renew it. While
 * {@link verified} is false, only {@link value} and passing it on work: every claim is `undefined`. The injected object
 * looks up, at each reading, the user that the guard has published for its request.
 */
export class UserToken extends MindsphereCredentials {
  /** @internal */
  static override readonly [CLASS_NAME]: string = 'UserToken';
  readonly #read: () => UserTokenContent;
  readonly #token$: Observable<AccessToken>;

  /** @internal The present values of a user, for another `UserToken` that represents the same user. */
  static contentOf(user: UserToken): UserTokenContent {
    return user.#read();
  }

  /** @internal Objects come from injection, from the verifier or from the factory. */
  constructor(read: () => UserTokenContent) {
    super();
    this.#read = read;
    this.#token$ = new Observable((subscriber) => {
      subscriber.next(accessTokenOf(read()));
      subscriber.complete();
    });
  }

  /** The token itself. A secret. Throws `token_missing` or `token_malformed`. */
  get value(): string {
    return this.#read().value;
  }

  /** Whether the registration's verifier has verified it. */
  get verified(): boolean {
    return verifiedIn(this.#read()) !== undefined;
  }

  /**
   * The platform that the token is for. While not verified: by the form of its `iss`, `undefined` where it has the form
   * of no platform of this registration, or where the request carries no token. No network I/O.
   */
  override get platform(): Platform | undefined {
    try {
      return this.#read().platform;
    } catch {
      // Reading `value` throws the reason.
      return undefined;
    }
  }

  /** The tenant the token is for, by its id on the token's platform: claim `ten`, on `siemens.app` `sws.samauth.ten`. */
  get tenant(): string | undefined {
    return this.#rules?.readTenant(this.#claim('tenant'));
  }

  /** @internal */
  override get knownTenant(): string | undefined {
    return this.tenant;
  }

  /**
   * The name of the tenant that outlives its move to another platform, as a key for data kept by tenant. On
   * `mindsphere.io` claim `ten`; on `siemens.app` the name from the option `xcelerator.tenantName`, else claim
   * `sws.samauth.ten.name` (inferred), else `undefined`.
   */
  get tenantName(): string | undefined {
    const content = this.#read();
    const verified = verifiedIn(content);
    const tenantName = Object.hasOwn(content, 'tenantName') ? content.tenantName : undefined;
    return verified === undefined ? undefined : (tenantName ?? nonEmptyString(this.#claim('tenantName')));
  }

  /** Claim `subtenant`; none where it is empty, and on `siemens.app`. */
  get subtenant(): string | undefined {
    return nonEmptyString(this.#claim('subtenant'));
  }

  /**
   * The part of `cid` behind its last `-` (inferred): the tenant that hosts the app the token was issued for.
   * `undefined` on `siemens.app`.
   */
  get hostTenant(): string | undefined {
    return this.#rules?.appAndHost(this.clientId)?.hostTenant;
  }

  /** Claim `user_name`. */
  get userName(): string | undefined {
    return nonEmptyString(this.#claim('userName'));
  }

  /** Claim `user_id`; on `siemens.app` `sws.samauth.ten.user`, else `user_id`. */
  get userId(): string | undefined {
    const names = this.#rules?.claims.userIds ?? [];
    return names.map((name) => nonEmptyString(this.claims[name])).find((id) => id !== undefined);
  }

  /** Claim `email`. */
  get email(): string | undefined {
    return nonEmptyString(this.#claim('email'));
  }

  /** Claim `cid`: the client the token was issued for; on `mindsphere.io` `{app}-{host tenant}`. */
  get clientId(): string | undefined {
    return nonEmptyString(this.#claim('clientId'));
  }

  /** Claim `scope`; empty while not verified. */
  get scopes(): readonly string[] {
    return wordsOf(this.claims['scope']);
  }

  /** Whether it has all of the given scopes: `false` while not verified, unless none is given. */
  hasScopes(...scopes: string[]): boolean {
    const own = new Set(this.scopes);
    return scopes.every((scope) => own.has(scope));
  }

  /** Claim `exp`, by wall time. A fresh object at each reading. */
  get expiresAt(): Date | undefined {
    const verified = verifiedIn(this.#read());
    return verified === undefined ? undefined : new Date(verified.expiresAt);
  }

  /** All claims, deeply frozen; empty while not verified. */
  get claims(): Readonly<Record<string, unknown>> {
    return verifiedIn(this.#read())?.claims ?? NO_VALUES;
  }

  /**
   * This token, then completes. No network I/O. The dates of an unverified token are not known, so both dates of the
   * `AccessToken` are the time of subscription. Fails with `token_missing` or `token_malformed`.
   */
  override getToken(): Observable<AccessToken> {
    return this.#token$;
  }

  /** As {@link getToken}: emits once and completes. */
  override get token$(): Observable<AccessToken> {
    return this.#token$;
  }

  /** Does nothing: only the user's browser can get a new token. No network I/O. */
  override invalidate(_token?: AccessToken | string): void {
    // Nothing to do.
  }

  /** @internal There is no other token of the user. */
  override replaceRejected(): Observable<undefined> {
    return of(undefined);
  }

  get #rules(): PlatformRules | undefined {
    const { platform } = this;
    return platform === undefined ? undefined : PLATFORMS[platform];
  }

  #claim(claim: NamedClaim): unknown {
    const name = this.#rules?.claims[claim];
    return name === undefined ? undefined : this.claims[name];
  }

  override toJSON(): Record<string, unknown> {
    const { platform, verified, tenant, subtenant, userName, clientId, expiresAt } = this;
    return { platform, verified, tenant, subtenant, userName, clientId, expiresAt };
  }
}

/** Claims whose names differ between platforms, or could. */
type NamedClaim = 'tenant' | 'tenantName' | 'subtenant' | 'userName' | 'email' | 'clientId';

/** By its own property: a polluted `Object.prototype` must not make a verified user of an unverified one. */
function verifiedIn(content: UserTokenContent): UserTokenContent['verified'] {
  return Object.hasOwn(content, 'verified') ? content.verified : undefined;
}

function accessTokenOf(content: UserTokenContent): AccessToken {
  const { value, platform } = content;
  const verified = verifiedIn(content);
  const { issuedAt, expiresAt } = verified ?? { issuedAt: Date.now(), expiresAt: Date.now() };
  return new AccessToken({ value, issuedAt, expiresAt, trusted: verified !== undefined, platform });
}

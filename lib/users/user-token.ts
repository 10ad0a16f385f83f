import { Observable } from 'rxjs';
import { AccessToken } from '../token/access-token.js';
import { type Claims, textOf, wordsOf } from '../util/jwt.js';
import { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import { appAndHost } from '../verification/client-rule.js';

/** What stands behind a {@link UserToken} at the moment. */
export interface UserTokenContent {
  /** The token. Reading it may throw `token_missing` or `token_malformed`. */
  readonly value: string;
  /** The verified claims and life; `undefined` until a verifier has vouched for the token. */
  readonly verified?: { readonly claims: Claims; readonly issuedAt: number; readonly expiresAt: number };
}

let contentOf: (user: UserToken) => UserTokenContent;

/** What a handle tells, another handle may tell, too. */
export function contentOfUser(user: UserToken): UserTokenContent {
  return contentOf(user);
}

/**
 * The token of a request's user. It is passed on as it is: nobody but the user's browser can renew it. While
 * {@link verified} is false, only {@link value} and passing it on work: every claim is `undefined`. The injected object
 * is a handle that looks up, at each reading, what the guard has found for its request.
 */
export class UserToken extends MindsphereCredentials {
  readonly #read: () => UserTokenContent;
  readonly #token$: Observable<AccessToken>;

  static {
    contentOf = (user) => user.#read();
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

  /** Whether the registration's verifier has vouched for it. */
  get verified(): boolean {
    return this.#read().verified !== undefined;
  }

  /** Claim `ten`: the tenant the token is for. */
  get tenant(): string | undefined {
    return textOf(this.claims['ten']);
  }

  /** Claim `subtenant`; none where it is empty. */
  get subtenant(): string | undefined {
    return textOf(this.claims['subtenant']);
  }

  /** The part of `cid` behind its last `-` (inferred): the tenant that hosts the app the token was issued for. */
  get hostTenant(): string | undefined {
    return appAndHost(this.clientId)?.hostTenant;
  }

  /** Claim `user_name`. */
  get userName(): string | undefined {
    return textOf(this.claims['user_name']);
  }

  /** Claim `user_id`. */
  get userId(): string | undefined {
    return textOf(this.claims['user_id']);
  }

  /** Claim `email`. */
  get email(): string | undefined {
    return textOf(this.claims['email']);
  }

  /** Claim `cid`: the client the token was issued for, `{app}-{host tenant}`. */
  get clientId(): string | undefined {
    return textOf(this.claims['cid']);
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
    const { verified } = this.#read();
    return verified === undefined ? undefined : new Date(verified.expiresAt);
  }

  /** All claims, deeply frozen; empty while not verified. */
  get claims(): Readonly<Record<string, unknown>> {
    return this.#read().verified?.claims ?? NO_CLAIMS;
  }

  /**
   * This very token, then completes. No network I/O. Of an unverified token nothing is known, so both dates of the
   * `AccessToken` are the moment of asking. Fails with `token_missing` or `token_malformed`.
   */
  override getToken(): Observable<AccessToken> {
    return this.#token$;
  }

  /** As {@link getToken}: emits once and completes. */
  override get token$(): Observable<AccessToken> {
    return this.#token$;
  }

  /** Does nothing: nobody can ask for a user's token anew. No network I/O. */
  override invalidate(_token?: AccessToken): void {
    // By contract.
  }

  override toJSON(): Record<string, unknown> {
    const { verified, tenant, subtenant, userName, clientId, expiresAt } = this;
    return { verified, tenant, subtenant, userName, clientId, expiresAt };
  }
}

const NO_CLAIMS: Claims = Object.freeze({});

function accessTokenOf({ value, verified }: UserTokenContent): AccessToken {
  const { issuedAt, expiresAt } = verified ?? { issuedAt: Date.now(), expiresAt: Date.now() };
  return new AccessToken({ value, issuedAt, expiresAt, trusted: verified !== undefined });
}

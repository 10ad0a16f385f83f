import { EMPTY, type Observable, of } from 'rxjs';
import type { UserContext } from '../../credentials/user-context.js';
import { MindsphereCredentials } from '../../token/mindsphere-credentials.js';
import type { Platform } from '../../platform/platform.interface.js';
import type { UserToken } from '../../users/user-token.js';
import type { AccessToken } from '../../token/access-token.js';
import { fakeAccessToken } from './fake-access-token.js';

/** Credentials that always have the same token; credentials derived from them are themselves. */
export class FakeCredentials extends MindsphereCredentials {
  readonly #token$: Observable<AccessToken>;
  readonly #tenant?: string;
  readonly #platform?: Platform;

  constructor(token: AccessToken) {
    super();
    this.#token$ = of(token);
    this.#tenant = token.tenant;
    this.#platform = token.platform;
  }

  /** The platform of the token. */
  override get platform(): Platform | undefined {
    return this.#platform;
  }

  /** These credentials, for every platform. */
  on(_platform?: Platform): this {
    return this;
  }

  /** The token, then completes. No network I/O, never fails. */
  override getToken(): Observable<AccessToken> {
    return this.#token$;
  }

  /** The token, then completes. No network I/O, never fails. */
  override get token$(): Observable<AccessToken> {
    return this.#token$;
  }

  /** Does nothing. */
  override invalidate(_token?: AccessToken | string): void {
    // There is no other token.
  }

  /** These credentials, for every tenant. */
  forUserTenant(_userTenant?: string, _hostTenant?: string): this {
    return this;
  }

  /** These credentials, for every user. */
  forUser(_user?: UserToken): this {
    return this;
  }

  /** These credentials, for every user context. */
  forUserContext(_userTenant?: string, _context?: UserContext, _hostTenant?: string): this {
    return this;
  }

  /** These credentials, for every subtenant. */
  forSubtenant(_subTenant?: string): this {
    return this;
  }

  /** The tenant of the token, and no other. No network I/O, never fails. */
  userTenants(): Observable<string> {
    return this.#tenant === undefined ? EMPTY : of(this.#tenant);
  }

  /** Marks the double in dumps. */
  override toJSON(): Record<string, unknown> {
    return { fake: true };
  }
}

/**
 * A double for `overrideProvider(AppCredentials)`, `TenantCredentials` or `MindsphereCredentials`: it emits the given
 * token, and so do credentials derived from it. No network I/O.
 */
export function fakeCredentials(token: AccessToken = fakeAccessToken()): FakeCredentials {
  return new FakeCredentials(token);
}

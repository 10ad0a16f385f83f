import { EMPTY, type Observable, of } from 'rxjs';
import type { UserContext } from '../../credentials/user-context.js';
import { MindsphereCredentials } from '../../token/mindsphere-credentials.js';
import type { Platform } from '../../platform/platform.interface.js';
import type { UserToken } from '../../users/user-token.js';
import type { AccessToken } from '../../token/access-token.js';
import { fakeAccessToken } from './fake-access-token.js';

/** Credentials that hold one token for ever, whoever they are derived for. */
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

  /** That of the token. */
  override get platform(): Platform | undefined {
    return this.#platform;
  }

  /** These very credentials, whatever the platform. */
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
    // There is nothing to fetch anew.
  }

  /** These very credentials, whatever the tenants. */
  forUserTenant(_userTenant?: string, _hostTenant?: string): this {
    return this;
  }

  /** These very credentials, whoever the user is. */
  forUser(_user?: UserToken): this {
    return this;
  }

  /** These very credentials, whatever the user context. */
  forUserContext(_userTenant?: string, _context?: UserContext, _hostTenant?: string): this {
    return this;
  }

  /** These very credentials, whatever the subtenant. */
  forSubtenant(_subTenant?: string): this {
    return this;
  }

  /** The tenant of the token, and no other. No network I/O, never fails. */
  userTenants(): Observable<string> {
    return this.#tenant === undefined ? EMPTY : of(this.#tenant);
  }

  /** That it is a double. */
  override toJSON(): Record<string, unknown> {
    return { fake: true };
  }
}

/**
 * A double for `overrideProvider(AppCredentials)`, `TenantCredentials` or `MindsphereCredentials`: it yields the given
 * token, also from what is derived of it. No network I/O.
 */
export function fakeCredentials(token: AccessToken = fakeAccessToken()): FakeCredentials {
  return new FakeCredentials(token);
}

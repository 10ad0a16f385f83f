import { EMPTY, type Observable, of } from 'rxjs';
import { MindsphereCredentials } from '../../credentials/mindsphere-credentials.js';
import type { UserToken } from '../../credentials/user-token.js';
import type { AccessToken } from '../../token/access-token.js';
import { fakeAccessToken } from './fake-access-token.js';

/** Credentials that hold one token for ever, whoever they are derived for. */
export class FakeCredentials extends MindsphereCredentials {
  readonly #token$: Observable<AccessToken>;
  readonly #tenant?: string;

  constructor(token: AccessToken) {
    super();
    this.#token$ = of(token);
    this.#tenant = token.tenant;
  }

  override getToken(): Observable<AccessToken> {
    return this.#token$;
  }

  override get token$(): Observable<AccessToken> {
    return this.#token$;
  }

  override invalidate(_token?: AccessToken): void {
    // There is nothing to fetch anew.
  }

  forUserTenant(_userTenant?: string, _hostTenant?: string): this {
    return this;
  }

  forUser(_user?: UserToken): this {
    return this;
  }

  forSubtenant(_subTenant?: string): this {
    return this;
  }

  /** The tenant of the token, and no other. */
  userTenants(): Observable<string> {
    return this.#tenant === undefined ? EMPTY : of(this.#tenant);
  }

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

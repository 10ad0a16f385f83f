import type { Observable } from 'rxjs';
import type { Platform } from '../platform/platform.interface.js';
import type { AccessToken } from '../token/access-token.js';
import type { TokenHandle } from '../token/token-cache.js';
import type { TokenState } from '../token/held-token.js';
import { MindsphereCredentials } from '../token/mindsphere-credentials.js';

/** Credentials whose tokens are fetched and cached by us. */
export abstract class TechnicalCredentials extends MindsphereCredentials {
  readonly #tokens: TokenHandle;

  /** @internal Objects come from injection or from the factory. */
  constructor(tokens: TokenHandle) {
    super();
    this.#tokens = tokens;
  }

  abstract override get platform(): Platform;

  /** @internal What is known of their token; `undefined` where they have no single one. No network I/O. */
  get state(): TokenState | undefined {
    return this.#tokens.state?.();
  }

  override getToken(): Observable<AccessToken> {
    return this.#tokens.one$;
  }

  override get token$(): Observable<AccessToken> {
    return this.#tokens.all$;
  }

  override invalidate(token?: AccessToken | string): void {
    const value = typeof token === 'string' ? withoutScheme(token) : token?.value;
    if (value !== '') this.#tokens.invalidate(value);
  }

  /** @internal */
  override replaceRejected(token: AccessToken, place: string): Observable<AccessToken | undefined> {
    return this.#tokens.replaceRejected(token, place);
  }

  /** @internal */
  override noteAccepted(token: AccessToken, place: () => string): void {
    this.#tokens.noteAccepted(token, place);
  }
}

/** The token of an `Authorization` value, or a bare token. */
function withoutScheme(authorization: string): string {
  return authorization.trim().replace(/^bearer(?: +|$)/i, '');
}

/** Credentials derived for other tenants, so that asking for the same ones again costs a look-up. */
export class DerivedCredentials<T extends object> {
  readonly #most: number;
  /** In the order in which they were made. */
  readonly #known = new Map<string, T>();

  /**
   * @param most how many are kept; beyond it the oldest is dropped. One that is asked for again is made anew, and shares
   * the cached token all the same.
   */
  constructor(most: number) {
    this.#most = most;
  }

  /** The credentials known for a tenant and, where it counts, its host tenant. */
  find(tenant: string, hostTenant?: string): T | undefined {
    return this.#known.get(keyOf(tenant, hostTenant));
  }

  remember(derived: T, tenant: string, hostTenant?: string): T {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= this.#most && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(keyOf(tenant, hostTenant), derived);
    return derived;
  }

  /** All that are kept. */
  get all(): T[] {
    return [...this.#known.values()];
  }
}

/** A tenant is a DNS label, so it holds no `/`: no two pairs share a key. */
function keyOf(tenant: string, hostTenant = ''): string {
  return `${hostTenant}/${tenant}`;
}

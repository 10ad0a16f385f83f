import type { Observable } from 'rxjs';
import type { Platform } from '../platform/platform.interface.js';
import type { AccessToken } from '../token/access-token.js';
import type { TokenHandle } from '../token/token-cache.js';
import type { TokenState } from '../token/token-state.js';
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

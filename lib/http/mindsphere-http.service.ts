import type { ResolvedOptions } from '../config/resolved-options.interface.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { Platform } from '../platform/platform.interface.js';
import { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import { CLASS_NAME } from '../util/class-name.js';
import { Gateways } from './gateways.js';
import { MindsphereHttpClient } from './mindsphere-http.client.js';
import type { Route } from './token-adapter.js';

/**
 * Calls the platform's APIs: an `HttpService`, a `fetch` and an Axios instance that add the token of the credentials they
 * are given, at the gateway of that token's platform and nowhere else but at `http.allowedOrigins`. A 401 makes them send
 * once more with a new token, unless nobody can renew the token (a user's) or the body is a stream. Redirects are
 * followed where a token may go; any other is the answer.
 */
export class MindsphereHttpService {
  /** @internal */
  static readonly [CLASS_NAME]: string = 'MindsphereHttpService';
  readonly #route: Route;
  readonly #clients = new WeakMap<MindsphereCredentials, MindsphereHttpClient>();

  /** @internal Objects come from injection. */
  constructor(options: ResolvedOptions) {
    this.#route = { gateways: new Gateways(options), limits: options.request };
  }

  /**
   * Calls APIs with the tokens of these credentials, which should be of the same registration: their tokens go to the
   * gateways of this one. The same object for the same credentials. No network I/O by itself. Throws `options_invalid`
   * where it is given no credentials.
   */
  as(credentials: MindsphereCredentials): MindsphereHttpClient {
    demandCredentials(credentials);
    const known = this.#clients.get(credentials);
    if (known !== undefined) return known;
    const client = new MindsphereHttpClient(credentials, this.#route);
    this.#clients.set(credentials, client);
    return client;
  }

  /**
   * The resolved URL of a platform's gateway, without a slash at its end. No network I/O. Throws `options_invalid` for a
   * name of no platform, `credentials_missing` for a platform that is not configured.
   *
   * @param platform default: the platform of the injected credentials.
   */
  gatewayUrl(platform?: Platform): string {
    return this.#route.gateways.urlOf(platform);
  }
}

/** An injected property that is read too early, or was never injected, is the usual cause. */
function demandCredentials(given: unknown): void {
  if (given instanceof MindsphereCredentials) return;
  throw new MindsphereCredentialsError(
    'options_invalid',
    `MindsphereHttpService.as() was given ${given === undefined ? 'undefined' : 'no credentials'}: pass an injected ` +
      'AppCredentials, TenantCredentials or MindsphereCredentials, or the user of @CurrentUserToken().',
  );
}

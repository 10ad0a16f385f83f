import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { AppCredentials } from './app.credentials.js';
import { publishedUser } from '../users/published-users.js';
import { runningRequest } from '../users/current-user.middleware.js';
import type { TokenVerifier } from '../users/token-verifier.js';
import { UserToken } from '../users/user-token.js';
import { RequestUserToken } from '../users/user-token-of-request.js';
import { CLASS_NAME } from '../util/class-name.js';

/**
 * The user of whichever request is running: a singleton, for services that shall not become request scoped. It needs
 * `CurrentUserMiddleware` on the routes that reach them. What a request starts goes on belonging to it, also after its
 * response; two requests never see each other's user.
 */
export class CurrentUser {
  /** @internal */
  static readonly [CLASS_NAME]: string = 'CurrentUser';
  readonly #app: AppCredentials;
  readonly #verifier: TokenVerifier;
  /** Without a request there is no user. The configured user tenant is only used by `AppCredentials` itself. */
  readonly #noUser = new UserToken(() => {
    throw noRequest();
  });

  /** @internal Objects come from injection. */
  constructor(app: AppCredentials, verifier: TokenVerifier) {
    this.#app = app;
    this.#verifier = verifier;
  }

  /** Whether a request is running here: not at start, in a `@Cron` method, or on a route without the middleware. */
  get inRequest(): boolean {
    return runningRequest.getStore() !== undefined;
  }

  /**
   * The user's token of the running request: ask at each use, do not keep it. On a route without the guard it is an
   * unverified handle, as the injected `UserToken` is; on Fastify `userToken.extract` then gets Node's own request. No
   * network I/O. Throws `token_missing` where no request is running.
   */
  get token(): UserToken {
    const request = runningRequest.getStore();
    if (request === undefined) throw noRequest();
    const own = this.#verifier;
    return publishedUser(request, own) ?? new RequestUserToken(request, own, own);
  }

  /**
   * App credentials for the tenant of the running request's user, as `AppCredentials.forUser(token)`: its token is
   * verified first, with or without the guard. No network I/O by itself, and it never throws. Uses fail as `forUser` says,
   * and with `token_missing` where no request is running.
   */
  appCredentials(): AppCredentials {
    return this.#app.forUser(this.inRequest ? this.token : this.#noUser);
  }
}

function noRequest(): MindsphereCredentialsError {
  const message = 'No request is running here, or CurrentUserMiddleware is not applied to its route.';
  return new MindsphereCredentialsError('token_missing', message);
}

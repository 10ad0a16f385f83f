import { defer } from 'rxjs';
import type { TokenHandle } from '../token/token-cache.js';
import { AppCredentials } from './app.credentials.js';
import type { CredentialsContext } from './credentials-context.js';
import type { UserToken } from '../users/user-token.js';

/**
 * App credentials of the current request: the documented way to run a deployed app. The user tenant is always the
 * verified tenant of the request's user, the host tenant the configured one, else the one in the user's `cid`. On a
 * route without the guard the token is verified at first use. Request-scoped, and so is what injects it.
 */
export class CurrentAppCredentials extends AppCredentials {
  /** @internal Objects come from injection. */
  constructor(context: CredentialsContext, base: AppCredentials, user: UserToken) {
    super(
      context,
      context.platform.app,
      undefined,
      tokensWhenUsed(() => base.forUser(user)),
    );
  }
}

/** Nest builds request-scoped providers before guards run, so the user is looked at only when a token is asked for. */
function tokensWhenUsed(make: () => AppCredentials): TokenHandle {
  let made: AppCredentials | undefined;
  const credentials = () => (made ??= make());
  return {
    one$: defer(() => credentials().getToken()),
    all$: defer(() => credentials().token$),
    invalidate: (token) => credentials().invalidate(token),
  };
}

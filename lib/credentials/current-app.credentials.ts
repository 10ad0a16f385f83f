import { defer } from 'rxjs';
import type { TokenHandle } from '../token/token-cache.js';
import { type ActingForUser, AppCredentials } from './app.credentials.js';
import type { UserToken } from '../users/user-token.js';
import { CLASS_NAME } from '../util/class-name.js';

/**
 * App credentials of the current request: the documented way to run a deployed app. The user tenant is always the
 * verified tenant of the request's user, the host tenant the configured one, else the one in the user's `cid`. On a
 * route without the guard the token is verified at first use. Request-scoped, and so is what injects it.
 */
export class CurrentAppCredentials extends AppCredentials {
  /** @internal */
  static override readonly [CLASS_NAME]: string = 'CurrentAppCredentials';
  /** @internal Objects come from injection. */
  constructor(base: AppCredentials, user: UserToken) {
    const acting = actingWhenUsed(() => base.forUser(user));
    super(base.context, base.context.platform.app, undefined, acting);
  }
}

/** Nest builds request-scoped providers before guards run, so the user is looked at only when a token is asked for. */
function actingWhenUsed(make: () => AppCredentials): ActingForUser {
  let made: AppCredentials | undefined;
  const credentials = () => (made ??= make());
  const tokens: TokenHandle = {
    one$: defer(() => credentials().getToken()),
    all$: defer(() => credentials().token$),
    invalidate: (token) => credentials().invalidate(token),
    replaceRejected: (token, place) => credentials().replaceRejected(token, place),
    noteAccepted: (token, place) => credentials().noteAccepted(token, place),
  };
  return { tokens, home: () => credentials().home, tenant: () => credentials().knownTenant };
}

import { defer, map, type Observable, of, switchMap, tap, throwError } from 'rxjs';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { Platform } from '../platform/platform.interface.js';
import type { TokenHandle } from '../token/token-cache.js';
import { refused } from '../verification/refused.js';
import type { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import type { TokenVerifier } from '../users/token-verifier.js';
import type { UserToken } from '../users/user-token.js';

/** The tokens of credentials that act for a user. */
export interface TokensForUser extends TokenHandle {
  /** The platform of the user's token, by the form of its `iss`; `undefined` where it has neither form. */
  readonly platform: () => Platform | undefined;
  /** The tenant of the user's token, where it was verified already. */
  readonly tenant: () => string | undefined;
}

/**
 * The tokens of credentials that act for a user. The user's token is taken now, verified at first use, and what was
 * found then stays.
 */
export function tokensForUser(
  user: UserToken,
  verifier: TokenVerifier,
  actFor: (verified: UserToken) => MindsphereCredentials,
): TokensForUser {
  const { jwt, failure } = presentedBy(user);
  let found: MindsphereCredentials | undefined;
  const verified$ = failure === undefined ? verifier.verify(jwt) : throwError(() => failure);
  const found$: Observable<MindsphereCredentials> = defer(() =>
    found === undefined
      ? verified$.pipe(
          map(actFor),
          tap((credentials) => (found = credentials)),
        )
      : of(found),
  );
  return {
    platform: () => verifier.platformOf(jwt),
    tenant: () => (found ?? verifier.recall(jwt))?.knownTenant,
    one$: found$.pipe(switchMap((credentials) => credentials.getToken())),
    all$: found$.pipe(switchMap((credentials) => credentials.token$)),
    replaceRejected: (token, place) => found?.replaceRejected(token, place) ?? of(undefined),
    noteAccepted: (token, place) => found?.noteAccepted(token, place),
    invalidate: (token) => {
      const recalled = verifier.recall(jwt);
      (found ?? (recalled && actFor(recalled)))?.invalidate(token);
    },
  };
}

/**
 * The token; an empty one, which no verifier accepts, with the error that says why there is none. It is thrown at the
 * first use, because `forUser` never throws.
 */
function presentedBy(user: UserToken): { readonly jwt: string; readonly failure: Error | undefined } {
  try {
    const value: unknown = user.value;
    return typeof value === 'string' ? { jwt: value, failure: undefined } : { jwt: '', failure: noUser() };
  } catch (failure) {
    return { jwt: '', failure: failure instanceof MindsphereCredentialsError ? failure : noUser() };
  }
}

function noUser(): Error {
  return refused(
    'token_malformed',
    'what was given is no UserToken, such as @CurrentUserToken() gives of a verified user',
  );
}

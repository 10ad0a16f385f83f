import { rawRequestOf } from './presented-token.js';
import type { UserToken } from './user-token.js';

interface Published {
  readonly user: UserToken;
  /** The verifier that vouches for the user; another registration's guard asks its own. */
  readonly verifier: object;
}

/**
 * Where guards leave what they have found: on the raw request. Nest builds request-scoped providers before guards run,
 * so an injected `UserToken` looks here at each reading. A property, because a weak map of all requests costs the
 * garbage collector several microseconds for each (measured); it holds no token, only objects that show none.
 */
const PUBLISHED = Symbol('mindsphere-credentials:published-user');

type Marked = { [PUBLISHED]?: Published };

/** Notes the verified user of a request. */
export function publishUser(request: unknown, user: UserToken, verifier: object): void {
  (rawRequestOf(request) as Marked)[PUBLISHED] = { user, verifier };
}

/** The verified user of a request, if a guard has found one; only that of one verifier, where one is given. */
export function publishedUser(request: unknown, verifier?: object): UserToken | undefined {
  const published = (rawRequestOf(request) as Marked)[PUBLISHED];
  return verifier === undefined || published?.verifier === verifier ? published?.user : undefined;
}

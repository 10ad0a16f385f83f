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

/** The latest first; one for each registration whose guard has run. */
type Marked = { [PUBLISHED]?: readonly Published[] };

/** Notes the verified user of a request. */
export function publishUser(request: unknown, user: UserToken, verifier: object): void {
  const raw = rawRequestOf(request) as Marked;
  const others = raw[PUBLISHED]?.filter((published) => published.verifier !== verifier) ?? [];
  raw[PUBLISHED] = [{ user, verifier }, ...others];
}

/** The verified user of a request, if a guard has found one; the one its own verifier found, where one is given. */
export function publishedUser(request: unknown, verifier?: object): UserToken | undefined {
  const all = (rawRequestOf(request) as Marked)[PUBLISHED];
  return (verifier === undefined ? all?.[0] : all?.find((published) => published.verifier === verifier))?.user;
}

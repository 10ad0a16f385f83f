import { rawRequestOf } from './presented-token.js';
import type { UserToken } from './user-token.js';

interface Published {
  readonly user: UserToken;
  /** The verifier that vouches for the user; another registration's guard asks its own. */
  readonly verifier: object;
}

/**
 * What guards have found, by the raw request: Nest builds request-scoped providers before guards run, so an injected
 * `UserToken` looks here at each reading. Entries live as long as their requests.
 */
const published = new WeakMap<object, Published>();

/** Notes the verified user of a request. */
export function publishUser(request: unknown, user: UserToken, verifier: object): void {
  published.set(rawRequestOf(request), { user, verifier });
}

/** The verified user of a request, if a guard has found one; only that of one verifier, where one is given. */
export function publishedUser(request: unknown, verifier?: object): UserToken | undefined {
  const found = published.get(rawRequestOf(request));
  return verifier === undefined || found?.verifier === verifier ? found?.user : undefined;
}

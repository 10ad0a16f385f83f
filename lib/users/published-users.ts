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

/** For requests that take no property. */
const ofFrozen = new WeakMap<object, readonly Published[]>();

/** Notes the verified user of a request. */
export function publishUser(request: unknown, user: UserToken, verifier: object): void {
  const raw: Marked = rawRequestOf(request);
  const others = allPublished(raw)?.filter((published) => published.verifier !== verifier) ?? [];
  const all = [{ user, verifier }, ...others];
  if (Object.isExtensible(raw)) raw[PUBLISHED] = all;
  else ofFrozen.set(raw, all);
}

/** The verified user of a request, if a guard has found one; the one its own verifier found, where one is given. */
export function publishedUser(request: unknown, verifier?: object): UserToken | undefined {
  const all = allPublished(rawRequestOf(request));
  return (verifier === undefined ? all?.[0] : all?.find((published) => published.verifier === verifier))?.user;
}

function allPublished(raw: Marked): readonly Published[] | undefined {
  return raw[PUBLISHED] ?? ofFrozen.get(raw);
}

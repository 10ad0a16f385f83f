import { rawRequestOf } from './presented-token.js';
import type { UserToken } from './user-token.js';

/** A user whom a verifier vouches for. */
export interface Publication {
  readonly user: UserToken;
  /** The verifier that vouches for the user; another registration's guard asks its own. */
  readonly verifier: object;
  /** When that ends, in epoch milliseconds: a connection may live longer than its user's token. */
  readonly until: number;
}

/**
 * Where guards leave what they have found: on the request, or whatever stands for it. Nest builds request-scoped
 * providers before guards run, so an injected `UserToken` looks here at each reading. A property, because a weak map of
 * all requests costs the garbage collector several microseconds for each (measured); it holds no token, only objects
 * that show none.
 */
const PUBLISHED = Symbol('mindsphere-credentials:published-user');

/** The latest first; one for each registration whose guard has run. */
type Marked = { [PUBLISHED]?: readonly Publication[] };

/** For objects that take no property. Its entries go with these objects. */
const ofFrozen = new WeakMap<object, readonly Publication[]>();

/** Notes a verified user on each of the objects that stand for a call. What is no object is skipped. */
export function publishUser(holders: readonly unknown[], publication: Publication): void {
  for (const holder of distinct(holders))
    setPublished(holder, [publication, ...othersThan(publication.verifier, holder)]);
}

/** Takes back what a verifier had vouched for: the call is not its user's any more. */
export function withdrawUser(holders: readonly unknown[], verifier: object): void {
  for (const holder of distinct(holders)) {
    if (allPublished(holder) !== undefined) setPublished(holder, othersThan(verifier, holder));
  }
}

/**
 * The verified user of a request, if a guard has found one and the user's token has not expired since; the one that its
 * own verifier found, where one is given.
 */
export function publishedUser(request: unknown, verifier?: object): UserToken | undefined {
  const all = allPublished(rawRequestOf(request));
  const latest = verifier === undefined ? all?.[0] : all?.find((published) => published.verifier === verifier);
  return latest !== undefined && Date.now() < latest.until ? latest.user : undefined;
}

/** The raw objects behind what stands for a call; in most calls there is one. */
function distinct(holders: readonly unknown[]): readonly Marked[] {
  const raw = holders.filter((holder) => typeof holder === 'object' && holder !== null).map(rawRequestOf);
  return raw.length < 2 ? raw : [...new Set(raw)];
}

function othersThan(verifier: object, holder: Marked): readonly Publication[] {
  return allPublished(holder)?.filter((published) => published.verifier !== verifier) ?? [];
}

function setPublished(holder: Marked, all: readonly Publication[]): void {
  if (!Object.isExtensible(holder)) ofFrozen.set(holder, all);
  // A plain assignment is fast; what is no request (a message's payload) must not show the property when it is copied.
  else if ('headers' in holder) holder[PUBLISHED] = all;
  else Object.defineProperty(holder, PUBLISHED, { value: all, configurable: true, enumerable: false, writable: true });
}

function allPublished(holder: Marked): readonly Publication[] | undefined {
  return holder[PUBLISHED] ?? ofFrozen.get(holder);
}

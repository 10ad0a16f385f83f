import { rawRequestOf } from './presented-token.js';
import type { UserToken } from './user-token.js';

/** A verified user, as published on a request. */
export interface Publication {
  readonly user: UserToken;
  /** The verifier that verified the user; guards of other registrations have other verifiers. */
  readonly verifier: object;
  /** Until when the token is valid, in epoch milliseconds: a connection may outlive its user's token. */
  readonly until: number;
}

/**
 * The property by which guards publish users on the request, or on the object that represents it in other transports.
 * Nest builds request-scoped providers before guards run, so an injected `UserToken` reads this property at each
 * access. It is a property because a `WeakMap` of all requests costs the garbage collector several microseconds for
 * each (measured). A dump of the request shows no token: the objects in it have their tokens in private fields.
 */
const PUBLISHED = Symbol('mindsphere-credentials:published-user');

/** The latest first; one for each registration whose guard has run. */
type Holder = { [PUBLISHED]?: readonly Publication[] };

/** For frozen objects, which take no new property. Entries are collected together with these objects. */
const ofFrozen = new WeakMap<object, readonly Publication[]>();

/** Publishes a verified user on each of the objects of one call. Values that are no objects are skipped. */
export function publishUser(holders: readonly unknown[], publication: Publication): void {
  for (const holder of distinct(holders))
    setPublished(holder, [publication, ...othersThan(publication.verifier, holder)]);
}

/** Removes the user that a verifier had published on the objects of a call. */
export function withdrawUser(holders: readonly unknown[], verifier: object): void {
  for (const holder of distinct(holders)) {
    if (allPublished(holder) !== undefined) setPublished(holder, othersThan(verifier, holder));
  }
}

/**
 * The verified user of a request, if a guard has published one whose token has not expired since.
 *
 * @param verifier whose user is wanted; default: the user that was published last.
 */
export function publishedUser(request: unknown, verifier?: object): UserToken | undefined {
  const all = allPublished(rawRequestOf(request));
  const latest = verifier === undefined ? all?.[0] : all?.find((published) => published.verifier === verifier);
  return latest !== undefined && Date.now() < latest.until ? latest.user : undefined;
}

/** The raw objects of a call, each once; in most calls there is one. */
function distinct(holders: readonly unknown[]): readonly Holder[] {
  const raw = holders.filter((holder) => typeof holder === 'object' && holder !== null).map(rawRequestOf);
  return raw.length < 2 ? raw : [...new Set(raw)];
}

function othersThan(verifier: object, holder: Holder): readonly Publication[] {
  return allPublished(holder)?.filter((published) => published.verifier !== verifier) ?? [];
}

function setPublished(holder: Holder, all: readonly Publication[]): void {
  if (!Object.isExtensible(holder)) ofFrozen.set(holder, all);
  // A plain assignment is fast. On other objects, such as the payload of a message, the property must not be copied.
  else if ('headers' in holder) holder[PUBLISHED] = all;
  else Object.defineProperty(holder, PUBLISHED, { value: all, configurable: true, enumerable: false, writable: true });
}

function allPublished(holder: Holder): readonly Publication[] | undefined {
  return holder[PUBLISHED] ?? ofFrozen.get(holder);
}

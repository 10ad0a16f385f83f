import { Backoff } from '../util/backoff.js';
import { elapsedSince, type Moment, now } from '../util/clock.js';
import { lruCache } from '../util/lru-cache.js';

/** Places beyond these are forgotten, the one that was used longest ago first. */
const MOST_PLACES = 100;
const PAUSES = { firstMs: 1_000, longestMs: 30_000 };
/** A replacement that no API has accepted is not replaced within this time; one that was, once. */
const FRESH_MS = 1_000;

/** One API that has rejected a token. */
interface Place {
  /** After the API has rejected a replacement as well: its 401s are not about the token. */
  readonly pause: Backoff;
  /** The token that replaced a rejected one; the API has not accepted it yet. */
  replacement?: string | undefined;
}

/** A token that replaced a rejected one. */
interface Replacement {
  readonly token: string;
  readonly at: Moment;
  readonly isAccepted: boolean;
}

/**
 * What APIs made of one credential's tokens (answers with status 401). A rejected token is replaced once. An API that
 * rejects the replacement, too, gets no other one for 1 s, doubling to 30 s: or a broken API would cause a token request
 * at each call. A place is an origin with the first parts of a path.
 */
export class RejectedTokens {
  readonly #places = lruCache<Place>(MOST_PLACES);
  /** The places that wait for a replacement. */
  readonly #waiting = new Set<string>();
  #latest?: Replacement;
  #beforeLatest?: Replacement;

  /** Whether a place has rejected a token that was not replaced yet. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Whether a new token may help a place that has rejected this one. If so, the place waits for it from now on. */
  mayBeReplaced(token: string, name: string): boolean {
    const place = this.#places.get(name);
    if (place !== undefined && place.pause.leftMs > 0) return false;
    if (place?.replacement === token || this.#isUntried(token)) {
      this.#pause(name);
      return false;
    }
    if (isFresh(this.#beforeLatest)) return false;
    this.#waiting.add(name);
    return true;
  }

  /** Takes note of a new token, which the places that wait are to be tried with. */
  renewed(token: string): void {
    if (!this.isWaiting) return;
    for (const name of this.#waiting) this.#place(name).replacement = token;
    this.#waiting.clear();
    if (this.#latest?.token === token) return;
    this.#beforeLatest = this.#latest;
    this.#latest = { token, at: now(), isAccepted: false };
  }

  /** Takes note that a place has accepted a token. */
  accepted(token: string, name: string): void {
    this.#places.delete(name);
    if (this.#latest?.token === token) this.#latest = { ...this.#latest, isAccepted: true };
  }

  /** Whether it has just replaced another token, and no API has accepted it yet. */
  #isUntried(token: string): boolean {
    return this.#latest?.token === token && !this.#latest.isAccepted && isFresh(this.#latest);
  }

  /** After the pause one more replacement is tried: the token may have been revoked meanwhile. */
  #pause(name: string): void {
    const place = this.#place(name);
    place.replacement = undefined;
    place.pause.begin();
  }

  #place(name: string): Place {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    // Without jitter: nothing is sent when the pause ends.
    const place: Place = { pause: new Backoff(() => 1, PAUSES) };
    this.#places.set(name, place);
    return place;
  }
}

function isFresh(replacement: Replacement | undefined): boolean {
  return replacement !== undefined && elapsedSince(replacement.at) < FRESH_MS;
}

import { Backoff } from '../util/backoff.js';
import { elapsedSince, type Moment, now } from '../util/clock.js';
import { lruCache } from '../util/lru-cache.js';

/** Beyond this number, the API that was used longest ago is forgotten. */
const MOST_PLACES = 100;
const PAUSES = { firstMs: 1_000, longestMs: 30_000 };
/** Within this time, a new token that no API has accepted is not replaced; an accepted one is replaced once. */
const FRESH_MS = 1_000;

/** One API that has rejected a token. */
interface Place {
  /** Begins when the API rejects a replacement as well: the cause of its 401s is not the token. */
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
 * Which APIs have rejected one credential's tokens (status 401). A rejected token is replaced once. Where an API rejects
 * the replacement, too, it gets no other one for 1 s, doubling to 30 s; otherwise a broken API would cause a token request
 * at each call. An API is known by its place: its origin with the first segments of the path.
 */
export class RejectedTokens {
  readonly #places = lruCache<Place>(MOST_PLACES);
  /** The APIs that need a replacement. */
  readonly #waiting = new Set<string>();
  #latest?: Replacement;
  #beforeLatest?: Replacement;

  /** Whether an API has rejected a token that was not replaced yet. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Whether a new token may help an API that has rejected this one. If so, the next new token is for it. */
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

  /** Notes a new token: APIs that have rejected another one are tried with it. */
  renewed(token: string): void {
    if (!this.isWaiting) return;
    for (const name of this.#waiting) this.#place(name).replacement = token;
    this.#waiting.clear();
    if (this.#latest?.token === token) return;
    this.#beforeLatest = this.#latest;
    this.#latest = { token, at: now(), isAccepted: false };
  }

  /** Notes that an API has accepted a token. */
  accepted(token: string, name: string): void {
    this.#places.delete(name);
    if (this.#latest?.token === token) this.#latest = { ...this.#latest, isAccepted: true };
  }

  /** Whether this token has just replaced another one, and no API has accepted it yet. */
  #isUntried(token: string): boolean {
    return this.#latest?.token === token && !this.#latest.isAccepted && isFresh(this.#latest);
  }

  /** Begins a pause, after which one more replacement is tried: the token may have been revoked meanwhile. */
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

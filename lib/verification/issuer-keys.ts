import { firstValueFrom, type Observable, ReplaySubject, takeUntil, throwIfEmpty } from 'rxjs';
import { Backoff } from '../util/backoff.js';
import { type KeySet, succeed, type VerificationKey } from './key-set.js';
import { KeySetFailure } from './key-set.client.js';
import { refused, unavailable } from './refused.js';

/** A set is read anew in the background from this part of its age on. */
const BACKGROUND_PART = 0.8;
/**
 * While the server fails, a set is used for so long beyond its age. It trades safety for availability: a key withdrawn
 * meanwhile goes on being trusted for this time.
 */
const STALE_LIMIT_MS = 3_600_000;

/** After a failure; it doubles up to the cooldown. */
const FIRST_PAUSE_MS = 5_000;

export interface KeyLimits {
  readonly keySetMaxAgeMs: number;
  readonly keySetCooldownMs: number;
}

/** Asked before each request for a set; throws where none may be made now. */
export type Permit = () => void;

/** The keys of one issuer, over time. Times are wall time, as those of the tokens they verify. */
export class IssuerKeys {
  readonly #fetch$: Observable<KeySet>;
  readonly #limits: KeyLimits;
  readonly #expected: boolean;
  readonly #pause: Backoff;
  /** Replays, so that nothing begins after the end. */
  readonly #closed = new ReplaySubject<void>(1);
  #keys?: KeySet;
  #readAt = 0;
  #unknownKeyAt?: number;
  #failure?: KeySetFailure;
  #flight?: Promise<KeySet>;

  /** @param expected whether the issuer is known to exist, whatever its server says. */
  constructor(fetch$: Observable<KeySet>, limits: KeyLimits, random: () => number, expected = false) {
    this.#expected = expected;
    this.#fetch$ = fetch$;
    this.#limits = limits;
    this.#pause = new Backoff(random, { firstMs: FIRST_PAUSE_MS, longestMs: limits.keySetCooldownMs });
  }

  /**
   * The key of an id, or `undefined` where the issuer has none. Reads the set where there is none or it is too old, and
   * once more where it does not know the id. Fails with `key_set_unavailable` or, for an absent issuer, `token_issuer`.
   */
  async keyOf(id: string, permit: Permit): Promise<VerificationKey | undefined> {
    const known = this.#keys;
    await this.#currentKeys(permit);
    const key = this.#keys?.get(id);
    const justRead = this.#keys !== known;
    if (key !== undefined || justRead) return key;
    return (await this.#keysForUnknown(permit)).get(id);
  }

  /** For a remembered token: whether the keys are still good to have verified it. Reads a new set in the background. */
  stillGood(now: number, permit: Permit): boolean {
    const age = this.#age(now);
    if (age > this.#limits.keySetMaxAgeMs * BACKGROUND_PART) this.#readInBackground(permit);
    return age <= this.#limits.keySetMaxAgeMs + STALE_LIMIT_MS;
  }

  close(): void {
    this.#closed.next();
  }

  async #currentKeys(permit: Permit): Promise<KeySet> {
    const age = this.#age(Date.now());
    if (this.#keys === undefined || age > this.#limits.keySetMaxAgeMs + STALE_LIMIT_MS) return this.#read(permit);
    if (age > this.#limits.keySetMaxAgeMs) return this.#read(permit).catch(() => this.#keys ?? new Map());
    if (age > this.#limits.keySetMaxAgeMs * BACKGROUND_PART) this.#readInBackground(permit);
    return this.#keys;
  }

  /** One more request for an id the set does not hold, at most one per cooldown; a request on its way is joined. */
  #keysForUnknown(permit: Permit): Promise<KeySet> {
    if (this.#flight !== undefined) return this.#flight;
    const sinceLast = this.#unknownKeyAt === undefined ? Infinity : Math.abs(Date.now() - this.#unknownKeyAt);
    const cooldownMs = this.#limits.keySetCooldownMs - sinceLast;
    if (cooldownMs > 0) return this.#decided(cooldownMs);
    return this.#read(() => {
      permit();
      this.#unknownKeyAt = Date.now();
    });
  }

  /** What is cached decides, unless the last attempt to read the set failed. */
  async #decided(cooldownMs: number): Promise<KeySet> {
    if (this.#failure !== undefined) throw this.#unreadable(this.#failure, cooldownMs);
    return this.#keys ?? new Map();
  }

  #readInBackground(permit: Permit): void {
    if (this.#flight !== undefined || this.#pause.leftMs > 0) return;
    this.#read(permit).catch(() => undefined);
  }

  async #read(permit: Permit): Promise<KeySet> {
    if (this.#flight !== undefined) return this.#flight;
    if (this.#failure !== undefined && this.#pause.leftMs > 0) throw this.#unreadable(this.#failure);
    permit();
    this.#flight = this.#fetchKeys().finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  async #fetchKeys(): Promise<KeySet> {
    const closed = () => new KeySetFailure('the module has been destroyed');
    try {
      const next = await firstValueFrom(this.#fetch$.pipe(takeUntil(this.#closed), throwIfEmpty(closed)));
      this.#keys = succeed(this.#keys ?? new Map(), next);
      this.#readAt = Date.now();
      this.#failure = undefined;
      this.#pause.end();
      return this.#keys;
    } catch (error) {
      this.#failure = error instanceof KeySetFailure ? error : new KeySetFailure('the server cannot be reached');
      this.#pause.begin();
      throw this.#unreadable(this.#failure);
    }
  }

  #unreadable(failure: KeySetFailure, waitMs = 0): Error {
    // A set read before proves that the issuer exists, whatever its server says now.
    const absent = failure.absent && !this.#expected && this.#keys === undefined;
    if (absent) return refused('token_issuer', 'its issuer does not exist');
    return unavailable(failure.message, Math.max(waitMs, this.#pause.leftMs));
  }

  /** A clock set back makes a set too old, never younger. */
  #age(now: number): number {
    return now < this.#readAt ? Infinity : now - this.#readAt;
  }
}

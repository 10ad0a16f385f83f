import { firstValueFrom, type Observable, takeUntil, throwIfEmpty } from 'rxjs';
import { Backoff } from '../util/backoff.js';
import { elapsedSince, type Moment, now } from '../util/clock.js';
import { HeldKeys } from './held-keys.js';
import type { VerificationKey } from './key-set.js';
import { type KeySetAnswer, KeySetFailure, type KeySetRequest } from './key-set.client.js';
import { KeySetRead, type Obstacle, type Permit } from './key-set-read.js';
import { quoted } from './refused.js';
import type { SignedToken } from './signed-token.js';

/** After a failure; it doubles up to `keySetCooldownMs`. */
const FIRST_PAUSE_MS = 5_000;
/** Unknown key ids cause one read in this time, so that a new key is accepted within 6 s while invented ones come. */
const UNKNOWN_KEY_INTERVAL_MS = 5_000;
/** The same where a token was verified since, because then the read does not count. */
const FOLLOWED_INTERVAL_MS = 1_000;
/** Tokens that one read has ruled out, of which this many are remembered. */
const MOST_RULED_OUT = 100;
/** Reads that a verified token may still follow: more than the rate limit permits in its window. */
const MOST_UNFOLLOWED = 32;

/** The limits of one set. */
export interface KeySetLimits {
  readonly keySetMaxAgeMs: number;
  readonly keySetCooldownMs: number;
}

/** Where a set comes from. */
export interface KeySetSource {
  readonly read: (request: KeySetRequest) => Observable<KeySetAnswer>;
  readonly limits: KeySetLimits;
  /** For so long it is remembered that the server has no such tenant. Default: as any failure. */
  readonly absentMs?: number;
  readonly random: () => number;
  /** Emits when the module is destroyed, also to those that subscribe later. */
  readonly closed$: Observable<unknown>;
}

/** What a set shows about a token. */
export type Finding =
  /** This key has signed it. */
  | { readonly key: VerificationKey }
  /** No key of this set has signed it. */
  | { readonly ruledOut: string }
  /** Only a read can decide, and none is possible now. */
  | { readonly undecided: Obstacle };

/** A successful read that an unknown key id caused. */
interface UnknownKeyRead {
  readonly at: Moment;
  /** Whether a token was verified since. */
  isFollowed: boolean;
  /** Digests of tokens whose key it did not find. */
  readonly ruledOut: Set<string>;
}

/** Why a set is read for a token. */
type Reason = 'none held' | 'too old' | 'unknown key' | 'other signature';

/** How a token waits for a read. */
export interface Waiting {
  readonly permit: Permit;
  /** After the beginning of the read; the deadline of the token counts in any case. */
  readonly longestMs: number;
}

/**
 * The key set of one OAuth server, over time. It is read for a token only where the answer may change the finding
 * about that token, and all tokens that need a read at the same time share it.
 */
export class TenantKeySet {
  readonly #source: KeySetSource;
  readonly #held: HeldKeys;
  readonly #pause: Backoff;
  #unknownKeyRead?: UnknownKeyRead;
  #failure?: KeySetFailure;
  #reading?: KeySetRead;
  #unfollowed: readonly KeySetRead[] = [];
  #inUse = false;

  constructor(source: KeySetSource) {
    const { keySetCooldownMs, keySetMaxAgeMs } = source.limits;
    this.#source = source;
    this.#held = new HeldKeys(keySetMaxAgeMs);
    this.#pause = new Backoff(source.random, { firstMs: FIRST_PAUSE_MS, longestMs: keySetCooldownMs });
  }

  /** Whether it has verified a token. */
  get inUse(): boolean {
    return this.#inUse;
  }

  /** Whether it was never read, and no token waits for it. */
  get isBlank(): boolean {
    return this.#held.isEmpty && this.#failure === undefined && this.#reading === undefined;
  }

  /** Whether the last read failed. */
  get isFailing(): boolean {
    return this.#failure !== undefined;
  }

  /** The key that has signed a token, where the set is new enough to be used as it is. No network I/O. */
  async heldSignerOf(token: SignedToken): Promise<VerificationKey | undefined> {
    const age = this.#held.age();
    return age === 'new' || age === 'ageing' ? this.#held.signerOf(token) : undefined;
  }

  /** Whether a key of this set, however old, has signed a token. No network I/O. */
  async hasSigned(token: SignedToken): Promise<boolean> {
    return (await this.#held.signerOf(token)) !== undefined;
  }

  /** Whether a key of this set has made a token's signature, but of other content or under another id. No network I/O. */
  async hasMadeSignatureOf(token: SignedToken): Promise<boolean> {
    return this.#held.haveMadeSignatureOf(token);
  }

  /** Finds out whether a key of this set has signed a token. Reads the set where only that can decide. */
  async find(token: SignedToken, waiting: Waiting): Promise<Finding> {
    const reason = await this.#reasonToRead(token);
    const obstacle = reason === undefined ? undefined : await this.#readFor(reason, token, waiting);
    const key = await this.#held.signerOf(token);
    if (obstacle === undefined) return key === undefined ? this.#ruleOut(token) : { key };
    if (key === undefined) return this.#isRuledOut(token) ? this.#ruleOut(token) : { undecided: obstacle };
    // While its server fails, a set that is too old is still used.
    return obstacle.byServer && this.#held.age() !== 'unusable' ? { key } : { undecided: obstacle };
  }

  /** A token was verified with this set: the reads for it do not count, and an old set is read in the background. */
  confirm(): void {
    this.#inUse = true;
    for (const read of this.#unfollowed) read.giveBack();
    this.#unfollowed = [];
    if (this.#unknownKeyRead !== undefined) this.#unknownKeyRead.isFollowed = true;
    if (this.#held.age() !== 'new') this.#readInBackground();
  }

  /** For a remembered token: whether the keys are still good to have verified it. Reads an old set in the background. */
  stillGood(timeMs: number): boolean {
    const age = this.#held.age(timeMs);
    if (age !== 'new') this.#readInBackground();
    return age !== 'unusable';
  }

  async #reasonToRead(token: SignedToken): Promise<Reason | undefined> {
    const age = this.#held.age();
    if (age === 'unusable') return 'none held';
    if (age === 'old') return 'too old';
    if (!this.#held.has(token.keyId)) return 'unknown key';
    // A server may put another key under an id that it has used before (protocol page, section 6).
    const mayBeReplaced = this.#held.ageMs() > this.#source.limits.keySetCooldownMs;
    return mayBeReplaced && !(await this.hasSigned(token)) ? 'other signature' : undefined;
  }

  /** Reads the set, or joins a read that is on its way. Returns why the set cannot decide about the token. */
  async #readFor(reason: Reason, token: SignedToken, waiting: Waiting): Promise<Obstacle | undefined> {
    const obstacle = this.#reading === undefined ? this.#obstacleTo(reason) : undefined;
    if (obstacle !== undefined) return obstacle;
    const reading = this.#reading ?? this.#begin(reason, waiting.permit);
    const { isLate } = reading;
    token.dependOn(reading.join());
    const failed = await reading.outcomeWithin(waiting.longestMs, token.leftMs);
    return failed ?? (isLate && !this.#held.has(token.keyId) ? this.#readTooEarly() : undefined);
  }

  /** What forbids a read before the rate limit is asked. */
  #obstacleTo(reason: Reason): Obstacle | undefined {
    if (this.#failure !== undefined && this.#pause.leftMs > 0) return this.#obstacleOf(this.#failure);
    return reason === 'unknown key' && this.#unknownKeyWaitMs() > 0 ? this.#readTooEarly() : undefined;
  }

  /**
   * A read that began before a token was presented does not rule out that its key exists: it may have been published
   * since. Clients throw a token away that is refused, so it is undecided until the next read.
   */
  #readTooEarly(): Obstacle {
    const retryAfterMs = Math.max(FOLLOWED_INTERVAL_MS, this.#unknownKeyWaitMs());
    return { why: 'its key id is unknown and the set was read a moment ago', retryAfterMs, byServer: false };
  }

  #unknownKeyWaitMs(): number {
    if (this.#unknownKeyRead === undefined) return 0;
    const { at, isFollowed } = this.#unknownKeyRead;
    const intervalMs = isFollowed ? FOLLOWED_INTERVAL_MS : UNKNOWN_KEY_INTERVAL_MS;
    return Math.max(0, Math.min(intervalMs, this.#source.limits.keySetCooldownMs) - elapsedSince(at));
  }

  /** Whether the last read for an unknown key id, a few seconds ago, has ruled out this very token or removed its key. */
  #isRuledOut(token: SignedToken): boolean {
    const read = this.#unknownKeyRead;
    if (read === undefined || elapsedSince(read.at) >= UNKNOWN_KEY_INTERVAL_MS) return false;
    return this.#held.hasRemoved(token.keyId) || read.ruledOut.has(token.digest);
  }

  #ruleOut(token: SignedToken): Finding {
    if (this.#held.has(token.keyId)) return { ruledOut: 'its signature does not match' };
    const { ruledOut } = this.#unknownKeyRead ?? {};
    if (ruledOut !== undefined && ruledOut.size < MOST_RULED_OUT) ruledOut.add(token.digest);
    return { ruledOut: `its issuer has no key ${quoted(token.keyId)}` };
  }

  #begin(reason: Reason, permit: Permit): KeySetRead {
    const reading = new KeySetRead(permit, (mayRepeat) => this.#request(reason, mayRepeat));
    this.#reading = reading;
    this.#unfollowed = [...this.#unfollowed.slice(1 - MOST_UNFOLLOWED), reading];
    void reading.outcome.finally(() => {
      this.#reading = undefined;
    });
    return reading;
  }

  /** A verified token needs it, so it is not limited but by the pause after a failure. */
  #readInBackground(): void {
    if (this.#reading === undefined && this.#pause.leftMs === 0) this.#begin('too old', () => undefined);
  }

  async #request(reason: Reason, mayRepeat: () => boolean): Promise<Obstacle | undefined> {
    const closed = () => new KeySetFailure('the module has been destroyed');
    const at = now();
    try {
      const answer$ = this.#source.read({ etag: this.#held.etag, mayRepeat });
      this.#held.update(await firstValueFrom(answer$.pipe(takeUntil(this.#source.closed$), throwIfEmpty(closed))));
      if (reason === 'unknown key') this.#unknownKeyRead = { at, isFollowed: false, ruledOut: new Set() };
      this.#failure = undefined;
      this.#pause.end();
      return undefined;
    } catch (error) {
      return this.#failed(error instanceof KeySetFailure ? error : new KeySetFailure('the server cannot be reached'));
    }
  }

  #failed(failure: KeySetFailure): Obstacle {
    this.#failure = failure;
    this.#pause.begin(failure.absent ? this.#source.absentMs : undefined);
    return this.#obstacleOf(failure);
  }

  #obstacleOf({ message, absent }: KeySetFailure): Obstacle {
    // A set that was read before proves that the tenant exists, whatever its server answers now.
    return { why: message, retryAfterMs: this.#pause.leftMs, byServer: true, absent: absent && this.#held.isEmpty };
  }
}

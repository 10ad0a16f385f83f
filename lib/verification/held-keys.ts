import { type KeySet, succeed, type VerificationKey } from './key-set.js';
import type { KeySetAnswer } from './key-set.client.js';
import type { SignedToken } from './signed-token.js';

/** From this part of its age on, a set is read again in the background. */
const BACKGROUND_PART = 0.8;
/**
 * While the server fails, a set is used for so long beyond its age. It trades safety for availability: a key withdrawn
 * meanwhile is still trusted for this time.
 */
const STALE_LIMIT_MS = 3_600_000;

/** Keys that are tried on one signature, which costs about 50 µs each. */
const MOST_TRIED = 5;

/** How old a set is: to be used; also to be read in the background; to be used only if its server fails; unusable. */
export type KeyAge = 'new' | 'ageing' | 'old' | 'unusable';

/** The keys of one set as they were read last. Times are wall time, as those of the tokens they verify. */
export class HeldKeys {
  #keys?: KeySet;
  #removedIds: ReadonlySet<string> = new Set();
  #etag?: string;
  #readAt = 0;

  constructor(private readonly maxAgeMs: number) {}

  /** Whether a set was ever read. */
  get isEmpty(): boolean {
    return this.#keys === undefined;
  }

  /** Of the set that is held. */
  get etag(): string | undefined {
    return this.#etag;
  }

  /** Takes in what a server has answered. Keys that stayed are the same objects; those that left are marked. */
  update({ content, etag }: KeySetAnswer): void {
    if (content !== undefined) this.#replace(content.keys);
    this.#etag = etag;
    this.#readAt = Date.now();
  }

  has(keyId: string): boolean {
    return this.#keys?.has(keyId) === true;
  }

  /** Whether the last answer lacked a key id that the one before it had. */
  hasRemoved(keyId: string): boolean {
    return this.#removedIds.has(keyId);
  }

  /** The key that has signed a token, however old the set is. */
  async signerOf(token: SignedToken): Promise<VerificationKey | undefined> {
    const key = this.#keys?.get(token.keyId);
    return key !== undefined && (await token.isSignedBy(key)) ? key : undefined;
  }

  /** Whether one of the keys has made a token's signature, but of other content or under another id. */
  async haveMadeSignatureOf(token: SignedToken): Promise<boolean> {
    if ((await this.signerOf(token)) !== undefined) return false;
    const keys = [...(this.#keys?.values() ?? [])].slice(0, MOST_TRIED);
    const verdicts = await Promise.all(keys.map((key) => token.hasSignatureOf(key)));
    return verdicts.includes(true);
  }

  age(timeMs: number = Date.now()): KeyAge {
    const ageMs = this.ageMs(timeMs);
    if (ageMs <= this.maxAgeMs * BACKGROUND_PART) return 'new';
    if (ageMs <= this.maxAgeMs) return 'ageing';
    return ageMs <= this.maxAgeMs + STALE_LIMIT_MS ? 'old' : 'unusable';
  }

  /** A clock set back makes a set too old, never younger. */
  ageMs(timeMs: number = Date.now()): number {
    return this.#keys === undefined || timeMs < this.#readAt ? Infinity : timeMs - this.#readAt;
  }

  #replace(next: KeySet): void {
    const former = this.#keys ?? new Map<string, VerificationKey>();
    this.#keys = succeed(former, next);
    this.#removedIds = new Set([...former.keys()].filter((id) => !next.has(id)));
  }
}

import { compactVerify } from 'jose';
import { elapsedSince, now } from '../util/clock.js';
import type { VerificationKey } from './key-set.js';

const RS256 = { algorithms: ['RS256'] };

/** A token whose claims were accepted and whose signature is in question. */
export class SignedToken {
  readonly #verdicts = new Map<VerificationKey, Promise<boolean>>();
  readonly #deadlineMs: number;
  readonly #began = now();
  #leaveReads: (() => void)[] = [];

  /** @param deadlineMs how long its verification may wait for servers in all. */
  constructor(
    readonly value: string,
    readonly keyId: string,
    readonly issuer: string,
    deadlineMs: number,
  ) {
    this.#deadlineMs = deadlineMs;
  }

  /** What is left of the time for its verification, in milliseconds. */
  get leftMs(): number {
    return Math.max(0, this.#deadlineMs - elapsedSince(this.#began));
  }

  /** Whether the key has signed it; computed once for each key. */
  isSignedBy(key: VerificationKey): Promise<boolean> {
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = verifySignature(this.value, key);
    this.#verdicts.set(key, verdict);
    return verdict;
  }

  /** It depends on a read, until it leaves. */
  dependOn(leave: () => void): void {
    this.#leaveReads.push(leave);
  }

  /** It depends on no read any more: it is verified or refused, or the set that was read has not signed it. */
  leaveReads(): void {
    const all = this.#leaveReads;
    this.#leaveReads = [];
    for (const leave of all) leave();
  }
}

async function verifySignature(token: string, key: VerificationKey): Promise<boolean> {
  try {
    await compactVerify(token, await key.crypto(), RS256);
    return true;
  } catch {
    return false;
  }
}

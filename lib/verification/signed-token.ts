import { constants, createHash, KeyObject, publicDecrypt } from 'node:crypto';
import { compactVerify } from 'jose';
import { elapsedSince, type Moment, now } from '../util/clock.js';
import { MODULUS_BITS, type VerificationKey } from './key-set.js';

const RS256 = { algorithms: ['RS256'] };
/** A signature is as long as the modulus (RFC 8017, section 8.2), here in base64url. */
const SIGNATURE_LENGTH = {
  least: Math.ceil(MODULUS_BITS.least / 6),
  most: Math.ceil(MODULUS_BITS.most / 6),
};

/** A token whose claims are accepted and whose signature is to be verified. */
export class SignedToken {
  readonly #verdicts = new Map<VerificationKey, Promise<boolean>>();
  readonly #deadlineMs: number;
  /** When it was presented. */
  readonly presentedAt: Moment = now();
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
    return Math.max(0, this.#deadlineMs - elapsedSince(this.presentedAt));
  }

  /** Whether an acceptable key may have signed it at all, by the length of its signature. */
  get mayBeSigned(): boolean {
    const length = this.value.length - this.value.lastIndexOf('.') - 1;
    return length >= SIGNATURE_LENGTH.least && length <= SIGNATURE_LENGTH.most;
  }

  /** Stands for the token where the token itself must not be kept. */
  get digest(): string {
    return createHash('sha256').update(this.value).digest('base64');
  }

  /** Whether the key has signed it; computed once for each key. */
  isSignedBy(key: VerificationKey): Promise<boolean> {
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = verifySignature(this.value, key);
    this.#verdicts.set(key, verdict);
    return verdict;
  }

  /**
   * Whether its signature was made with the key, of whatever content: then the token was changed afterwards, or names the
   * wrong key. The padding that the signature contains (RFC 8017, section 9.2) shows it.
   */
  async hasSignatureOf(key: VerificationKey): Promise<boolean> {
    const signature = Buffer.from(this.value.slice(this.value.lastIndexOf('.') + 1), 'base64url');
    try {
      const publicKey = KeyObject.from(await key.crypto());
      publicDecrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, signature);
      return true;
    } catch {
      return false;
    }
  }

  /** It depends on a read, until it leaves. */
  dependOn(leave: () => void): void {
    this.#leaveReads.push(leave);
  }

  /** It depends on no read any more: it is verified or refused, or no key of the set that was read has signed it. */
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

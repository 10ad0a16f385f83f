import type { KeyObject } from 'node:crypto';
import type { KeyPair } from './key-pool.js';

/** A key pair under the id it goes by in one key set. */
export interface SigningKey {
  readonly kid: string;
  readonly pair: KeyPair;
}

/** A key as it stands in a key set. */
export interface PublishedKey {
  readonly kty: 'RSA';
  readonly e: string;
  readonly use: 'sig';
  readonly kid: string;
  readonly alg: 'RS256';
  /** The public key once more, as PEM. */
  readonly value: string;
  /** The modulus in base64url, with the leading zero byte that the platform puts there. */
  readonly n: string;
}

/** Everything that a key ring consists of. */
export interface KeyRingState {
  readonly signing: SigningKey;
  /** Former signing keys, the last one first. */
  readonly retired: readonly SigningKey[];
  /** Keys in the set that never sign. */
  readonly others: readonly SigningKey[];
  /** Number in the id of the newest key. */
  readonly lastId: number;
}

/** Keys in a set that never sign. */
const OTHERS = 2;
/** Former signing keys that stay in the set. */
const RETIRED = 3;

/** The keys of one key set: one signs, some have signed before, some never will. Immutable but for {@link rotate}. */
export class KeyRing {
  readonly #position: number;
  readonly #takePair: () => KeyPair;
  #state: KeyRingState;

  /**
   * @param position place of the signing key in the set
   * @param takePair gives a key pair that is not in use
   */
  constructor(position: number, takePair: () => KeyPair, state: KeyRingState) {
    this.#position = position;
    this.#takePair = takePair;
    this.#state = state;
  }

  /** A new ring, whose first key has the id `key-id-{firstId}`. */
  static create(position: number, takePair: () => KeyPair, firstId: number): KeyRing {
    const keys = Array.from({ length: 1 + OTHERS }, (_, at) => ({ kid: keyId(firstId + at), pair: takePair() }));
    const [signing, ...others] = keys as [SigningKey, ...SigningKey[]];
    return new KeyRing(position, takePair, { signing, retired: [], others, lastId: firstId + OTHERS });
  }

  /** What it consists of at this moment. */
  get state(): KeyRingState {
    return this.#state;
  }

  /** The key that signs now. */
  get signing(): SigningKey {
    return this.#state.signing;
  }

  /** The public key of an id in the set. */
  find(kid: unknown): KeyObject | undefined {
    return this.keys().find((key) => key.kid === kid)?.pair.publicKey;
  }

  /** Signs with a new key from now on; the last three former ones stay in the set. */
  rotate(): void {
    const { signing, retired, others, lastId } = this.#state;
    const successor = { kid: keyId(lastId + 1), pair: this.#takePair() };
    this.#state = { signing: successor, retired: [signing, ...retired].slice(0, RETIRED), others, lastId: lastId + 1 };
  }

  /** The keys in the order of the set. */
  keys(): SigningKey[] {
    const { signing, retired, others } = this.#state;
    return [...retired, ...others].toSpliced(this.#position, 0, signing);
  }

  /** The set as the platform publishes it. */
  publish(): PublishedKey[] {
    return this.keys().map(toPublishedKey);
  }
}

function keyId(number: number): string {
  return `key-id-${number}`;
}

function toPublishedKey({ kid, pair }: SigningKey): PublishedKey {
  const { n = '', e = '' } = pair.publicKey.export({ format: 'jwk' });
  const value = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  return { kty: 'RSA', e, use: 'sig', kid, alg: 'RS256', value, n: withLeadingZero(n) };
}

function withLeadingZero(modulus: string): string {
  return Buffer.concat([Buffer.of(0), Buffer.from(modulus, 'base64url')]).toString('base64url');
}

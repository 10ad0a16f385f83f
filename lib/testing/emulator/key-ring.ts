import { type KeyObject, randomInt } from 'node:crypto';
import { type KeyPair, takeKeyPair } from './key-pool.js';

/** A key pair under the id it goes by in one emulator. */
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

/** Keys in a set that never sign. */
const DECOYS = 2;
/** Former signing keys that stay in the set. */
const RETIRED = 3;

/** The keys of one emulator: one signs, some have signed before, some never will. */
export class KeyRing {
  readonly #position: number;
  readonly #decoys: SigningKey[] = [];
  #retired: SigningKey[] = [];
  #signing: SigningKey;
  /** By chance, so that an application which knows the keys of an emulator before this one asks for these. */
  #lastId = randomInt(1_000_000, 1_000_000_000);

  constructor(position: number) {
    this.#position = position;
    this.#signing = { kid: this.#nextKeyId(), pair: takeKeyPair([]) };
    while (this.#decoys.length < DECOYS) this.#decoys.push(this.#make());
  }

  /** The key that signs now. */
  get signing(): SigningKey {
    return this.#signing;
  }

  /** The public key of an id in the set. */
  find(kid: unknown): KeyObject | undefined {
    return this.#all().find((key) => key.kid === kid)?.pair.publicKey;
  }

  /** Signs with a new key from now on; the last three former ones stay in the set. */
  rotate(): void {
    const successor = this.#make();
    this.#retired = [this.#signing, ...this.#retired].slice(0, RETIRED);
    this.#signing = successor;
  }

  /** The set, in its order. */
  publish(): PublishedKey[] {
    return this.#all().map(toPublishedKey);
  }

  #all(): SigningKey[] {
    const others = [...this.#retired, ...this.#decoys];
    return others.toSpliced(this.#position, 0, this.#signing);
  }

  #make(): SigningKey {
    const inUse = this.#all().map(({ pair }) => pair);
    return { kid: this.#nextKeyId(), pair: takeKeyPair(inUse) };
  }

  #nextKeyId(): string {
    this.#lastId += 1;
    return `key-id-${this.#lastId}`;
  }
}

function toPublishedKey({ kid, pair }: SigningKey): PublishedKey {
  const { n = '', e = '' } = pair.publicKey.export({ format: 'jwk' });
  const value = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  return { kty: 'RSA', e, use: 'sig', kid, alg: 'RS256', value, n: withLeadingZero(n) };
}

function withLeadingZero(modulus: string): string {
  return Buffer.concat([Buffer.of(0), Buffer.from(modulus, 'base64url')]).toString('base64url');
}

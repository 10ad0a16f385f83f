import { generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** A key pair with its id in one key set. */
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

/** The keys of one key set: one signs, some have signed before, some never sign. Only {@link rotate} changes them. */
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

/** One RSA key pair; its key id differs between emulators. */
export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const RSA = { modulusLength: 2048 } as const;

// Shared by all emulators of a process, because making an RSA key takes up to a tenth of a second.
const pool: KeyPair[] = [];

let cursor = 0;
let planned = 0;
let filling: Promise<void> = Promise.resolve();

/** Makes keys without blocking until there are `count` and one to rotate to; callers at the same time share the work. */
export function fillKeyPool(count: number): Promise<void> {
  const missing = count + 1 - planned;
  if (missing <= 0) return filling;
  planned += missing;
  filling = Promise.all([filling, generateKeys(missing)]).then(() => undefined);
  return filling;
}

/**
 * A pair that is not among `taken`, another one for each call, so that emulators started one after the other sign with
 * different keys. Makes a pair, blocking, only if all are taken.
 */
export function takeKeyPair(taken: readonly KeyPair[]): KeyPair {
  for (let tries = 0; tries < pool.length; tries += 1) {
    const candidate = pool[cursor++ % pool.length];
    if (candidate && !taken.includes(candidate)) return candidate;
  }
  const made = generateKeyPairSync('rsa', RSA);
  pool.push(made);
  return made;
}

async function generateKeys(count: number): Promise<void> {
  const generate = promisify(generateKeyPair);
  pool.push(...(await Promise.all(Array.from({ length: count }, () => generate('rsa', RSA)))));
}

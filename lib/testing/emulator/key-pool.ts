import { generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** One RSA key pair; which key id it goes by is each emulator's own affair. */
export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const RSA = { modulusLength: 2048 } as const;

// Making an RSA key takes up to a tenth of a second: all emulators of a process draw from these.
const pool: KeyPair[] = [];
const POOL_SIZE = 4;

let cursor = 0;
let filling: Promise<void> | undefined;

/** Makes the first keys, without blocking; later calls wait for the same work. */
export function fillKeyPool(): Promise<void> {
  filling ??= generateKeys(POOL_SIZE);
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

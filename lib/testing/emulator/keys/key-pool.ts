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

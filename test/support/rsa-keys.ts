import { createPrivateKey, createPublicKey, generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/*
 * RSA key pairs for tests, 2048 bits each. Making one takes up to a tenth of a second of CPU, and every worker process
 * would need a dozen: they are made once, before the first spec, and kept below node_modules/ for the next runs. What runs
 * without vitest may use them as well.
 */

/** A key pair. */
export interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const FILE = fileURLToPath(new URL('../../node_modules/.built/rsa-keys.json', import.meta.url));
/** The names of those that are kept; any other name gets a pair of this process. */
const NAMES = [
  'genuine',
  'decoy',
  'globex',
  'platform',
  'attacker',
  'stub',
  'stub-decoy',
  'stub-xcelerator',
  'key-server-0',
  'key-server-1',
  'key-server-2',
  'key-server-3',
  'strict-0',
  'strict-1',
  'strict-2',
  'strict-3',
  'strict-4',
];

let kept: Record<string, string> | undefined;
const pairs = new Map<string, Pair>();

/** The pair of this name, the same one each time; another name is another pair. */
export function rsaPair(name: string): Pair {
  const known = pairs.get(name);
  if (known !== undefined) return known;
  const pem = keptPairs()[name];
  const pair = pem === undefined ? newPair() : pairOf(pem);
  pairs.set(name, pair);
  return pair;
}

/** A pair that no other call gets. */
export const newPair = (modulusLength = 2_048): Pair => generateKeyPairSync('rsa', { modulusLength });

/** Makes all pairs, on all cores at once, unless a run before has: a global setup of vitest. */
export default async function makePairs(): Promise<void> {
  if (NAMES.every((name) => name in keptPairs())) return;
  const make = promisify(generateKeyPair);
  const made = await Promise.all(NAMES.map(() => make('rsa', { modulusLength: 2_048 })));
  const pems = made.map(({ privateKey }) => privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const unfinished = `${FILE}.${process.pid}`;
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(unfinished, JSON.stringify(Object.fromEntries(NAMES.map((name, at) => [name, pems[at]]))), {
    mode: 0o600,
  });
  renameSync(unfinished, FILE);
}

function keptPairs(): Record<string, string> {
  kept ??= existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, string>) : {};
  return kept;
}

function pairOf(pem: string): Pair {
  const privateKey = createPrivateKey(pem);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

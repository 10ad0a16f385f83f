import { createPrivateKey, createPublicKey, type JsonWebKey } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import type { KeyRingState, SigningKey } from './key-ring.js';

/** Key rings by their names. */
export type SavedRings = Readonly<Record<string, KeyRingState>>;

const VERSION = 1;
const OWNER_ONLY = 0o600;
const OTHERS_MASK = 0o077;

interface SavedKey {
  readonly kid: string;
  readonly key: JsonWebKey;
}

interface SavedState {
  readonly signing: SavedKey;
  readonly retired: readonly SavedKey[];
  readonly others: readonly SavedKey[];
  readonly lastId: number;
}

/** The file in which an emulator keeps its private keys. Whoever can read it can sign tokens for the emulator. */
export class KeyFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The saved rings; `undefined` where there is no file, or an empty one.
   *
   * @throws Error for a file that others can read, or that holds something else
   */
  read(): SavedRings | undefined {
    const content = this.#content();
    if (content === undefined || content.trim() === '') return undefined;
    try {
      const { version, rings } = JSON.parse(content) as { version: unknown; rings: Record<string, SavedState> };
      if (version !== VERSION) throw new TypeError('unknown version');
      return Object.fromEntries(Object.entries(rings).map(([name, state]) => [name, revive(state)]));
    } catch {
      // The cause could quote a private key.
      throw new Error(`${this.#path} does not hold keys of an emulator; delete it, or name another file`);
    }
  }

  /** Saves the rings, whole or not at all. */
  write(rings: SavedRings): void {
    const saved = Object.fromEntries(Object.entries(rings).map(([name, state]) => [name, dump(state)]));
    const temporary = `${this.#path}.${process.pid}.tmp`;
    writeFileSync(temporary, `${JSON.stringify({ version: VERSION, rings: saved })}\n`, { mode: OWNER_ONLY });
    renameSync(temporary, this.#path);
  }

  #content(): string | undefined {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    if (!found) return undefined;
    if (process.platform !== 'win32' && (found.mode & OTHERS_MASK) !== 0) {
      throw new Error(
        `${this.#path} holds private keys and must be readable by its owner alone: chmod 600 ${this.#path}`,
      );
    }
    return readFileSync(this.#path, 'utf8');
  }
}

function dump({ signing, retired, others, lastId }: KeyRingState): SavedState {
  return { signing: dumpKey(signing), retired: retired.map(dumpKey), others: others.map(dumpKey), lastId };
}

function dumpKey({ kid, pair }: SigningKey): SavedKey {
  return { kid, key: pair.privateKey.export({ format: 'jwk' }) };
}

function revive({ signing, retired, others, lastId }: SavedState): KeyRingState {
  if (!Number.isSafeInteger(lastId)) throw new TypeError('lastId is not a number');
  return { signing: reviveKey(signing), retired: retired.map(reviveKey), others: others.map(reviveKey), lastId };
}

function reviveKey({ kid, key }: SavedKey): SigningKey {
  const privateKey = createPrivateKey({ key, format: 'jwk' });
  return { kid, pair: { privateKey, publicKey: createPublicKey(privateKey) } };
}

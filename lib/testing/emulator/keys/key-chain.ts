import { createPrivateKey, createPublicKey, type JsonWebKey, randomInt } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { EmulatorOptionError } from '../options/checks.js';
import type { EmulatedPlatform } from '../platforms/emulated-platform.js';
import type { EmulatorSettings } from '../options/emulator-options.interface.js';
import { fillKeyPool, KeyRing, type KeyRingState, type SigningKey, takeKeyPair } from './key-ring.js';

/** Keys of one ring before its first rotation. */
const KEYS_PER_RING = 3;
/** Name of the ring that all tenants without own keys share. */
const SHARED = '';

/**
 * All keys of an emulator: a ring for each platform, and one for each tenant that has keys of its own. No two rings
 * share a key; all begin with the same key id, since ids are the same at unrelated servers of the real platforms, too.
 */
export class KeyChain {
  readonly #position: number;
  readonly #ownKeys: readonly string[];
  readonly #file: KeyFile | undefined;
  readonly #rings = new Map<string, KeyRing>();
  /** Random, so that an application that has cached the keys of an earlier emulator reads these. */
  readonly #firstId = randomInt(1_000_000, 1_000_000_000);

  private constructor({ keysFile, ownKeys, signingKeyPosition }: EmulatorSettings) {
    this.#position = signingKeyPosition;
    this.#ownKeys = ownKeys;
    this.#file = keysFile === undefined ? undefined : new KeyFile(keysFile);
  }

  /**
   * Makes the keys, or reads them from the file where there is one.
   *
   * @throws Error for a file that cannot be read or written, holds something else, or is readable by others
   */
  static async open(settings: EmulatorSettings): Promise<KeyChain> {
    const chain = new KeyChain(settings);
    const tenants = [SHARED, ...settings.ownKeys];
    const names = settings.platforms.flatMap(({ profile }) => tenants.map((tenant) => ringName(profile.name, tenant)));
    chain.#restore(chain.#file?.read() ?? {});
    const missing = names.filter((name) => !chain.#rings.has(name));
    if (missing.length > 0) {
      await fillKeyPool(missing.length * KEYS_PER_RING);
      for (const name of missing) chain.#rings.set(name, chain.#create());
      chain.#save();
    }
    return chain;
  }

  /** The keys of a tenant's OAuth server; its name is in lower case. */
  ringOf(platform: EmulatedPlatform, tenant: string): KeyRing {
    const owner = this.#ownKeys.includes(tenant) ? tenant : SHARED;
    const ring = this.#rings.get(ringName(platform, owner));
    if (!ring) throw new Error(`The emulator does not emulate ${platform}`);
    return ring;
  }

  /** Signs with new keys from now on: those of a platform, or all. */
  rotate(platform?: EmulatedPlatform): void {
    for (const [name, ring] of this.#rings) {
      if (platform === undefined || name.startsWith(ringName(platform, SHARED))) ring.rotate();
    }
    this.#save();
  }

  #create(): KeyRing {
    return KeyRing.create(this.#position, this.#takePair, this.#firstId);
  }

  readonly #takePair = () => {
    const taken = [...this.#rings.values()].flatMap((ring) => ring.keys().map(({ pair }) => pair));
    return takeKeyPair(taken);
  };

  #restore(saved: SavedRings): void {
    for (const [name, state] of Object.entries(saved)) {
      this.#rings.set(name, new KeyRing(this.#position, this.#takePair, state));
    }
  }

  #save(): void {
    this.#file?.write(Object.fromEntries([...this.#rings].map(([name, ring]) => [name, ring.state])));
  }
}

function ringName(platform: EmulatedPlatform, tenant: string): string {
  return `${platform}/${tenant}`;
}

/** Key rings by their names. */
type SavedRings = Readonly<Record<string, KeyRingState>>;

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

/** The file in which an emulator keeps its private keys. A process that can read it can sign tokens for the emulator. */
class KeyFile {
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
    if (!found.isFile()) throw new EmulatorOptionError('keysFile', 'must name a file');
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

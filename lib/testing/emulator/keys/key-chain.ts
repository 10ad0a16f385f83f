import { randomInt } from 'node:crypto';
import type { EmulatedPlatform } from '../platforms/emulated-platform.js';
import type { EmulatorSettings } from '../options/emulator-options.interface.js';
import { KeyFile, type SavedRings } from './key-file.js';
import { fillKeyPool, takeKeyPair } from './key-pool.js';
import { KeyRing } from './key-ring.js';

/** Keys of one ring before its first rotation. */
const KEYS_PER_RING = 3;
/** A platform's keys, which all tenants share that have none of their own. */
const SHARED = '';

/**
 * All keys of an emulator: a ring for each platform, and one for each tenant that has keys of its own. No two rings share a
 * key; all begin with the same key id, since ids are the same at unrelated servers of the real platforms, too.
 */
export class KeyChain {
  readonly #position: number;
  readonly #ownKeys: readonly string[];
  readonly #file: KeyFile | undefined;
  readonly #rings = new Map<string, KeyRing>();
  /** By chance, so that an application which knows the keys of an emulator before this one asks for these. */
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
    if (!ring) throw new Error(`The emulator does not play ${platform}`);
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

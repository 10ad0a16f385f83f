import type { TokenStoreEntry } from '../store/token-store.interface.js';
import { isValues } from '../util/json.js';
import { elapsedSince, type Moment, now } from '../util/clock.js';
import type { TokenOrder } from '../token/token-endpoint.interface.js';
import type { TokenGrant } from '../token/token-source.interface.js';
import type { EntryKey } from './entry-key.js';
import { EntryRefused } from './entry-refused.js';
import type { GuardedStore } from './guarded-store.js';
import type { Patience } from './patience.js';
import type { SharingRecord } from './sharing-record.js';
import { entryOf, readEntry } from './token-entry.js';

/** Where the token of one order and secret may stand: one place for each key, the first one to write. */
export type EntryPlaces = readonly EntryPlace[];

interface EntryPlace {
  readonly key: EntryKey;
  readonly name: string;
}

/** Encrypted tokens in the store. Nothing here rejects. */
export class SharedEntries {
  readonly #keys: readonly EntryKey[];
  readonly #store: GuardedStore;
  readonly #record: SharingRecord;

  constructor(keys: readonly EntryKey[], store: GuardedStore, record: SharingRecord) {
    this.#keys = keys;
    this.#store = store;
    this.#record = record;
  }

  placesOf({ identity }: TokenOrder, secret: string): EntryPlaces {
    return this.#keys.map((key) => ({ key, name: key.nameOf([...identity, secret]) }));
  }

  /** The tokens that are there, those of the first key first; `undefined` where the store is not to be had. */
  async find(places: EntryPlaces, order: TokenOrder, patience?: Patience): Promise<readonly TokenGrant[] | undefined> {
    const asked = now();
    const found = await this.#get(places, patience);
    return found?.flatMap((entry, index) => this.#grantOf(entry, places[index], order, asked) ?? []);
  }

  async put(places: EntryPlaces, grant: TokenGrant, received: Moment): Promise<void> {
    const [place] = places;
    const ttlMs = Math.floor(grant.lifeMs - elapsedSince(received));
    if (place === undefined || ttlMs < 1) return;
    const entry = place.key.seal(place.name, entryOf(grant, received));
    const use = () => this.#store.attempt({ operation: 'set', use: (store) => store.set(place.name, entry, ttlMs) });
    if ((await use()) !== undefined) this.#record.count('stored');
  }

  /** Removes an entry if it holds this very token. */
  async remove(places: EntryPlaces, token: string): Promise<void> {
    if (places.length === 0) return;
    const found = await this.#get(places);
    for (const [index, entry] of (found ?? []).entries()) {
      const place = places[index];
      const text = textOf(entry);
      if (place === undefined || typeof text !== 'string' || !holds(place, text, token)) continue;
      void this.#store.attempt({ operation: 'delete', use: (store) => store.delete(place.name, text) });
    }
  }

  async #get(places: EntryPlaces, patience?: Patience): Promise<readonly unknown[] | undefined> {
    const answer = await this.#store.attempt<readonly unknown[]>({
      operation: 'get',
      use: (store) => Promise.all(places.map(({ name }) => store.get(name))),
      patience,
    });
    return answer?.value;
  }

  #grantOf(entry: unknown, place: EntryPlace | undefined, order: TokenOrder, asked: Moment): TokenGrant | undefined {
    if (place === undefined || entry === undefined || entry === null) return undefined;
    try {
      const text = place.key.open(place.name, textOf(entry));
      return readEntry(text, order, { asked, ttlMs: ttlOf(entry) });
    } catch (error) {
      this.#record.refused(error instanceof EntryRefused ? error.reason : 'malformed');
      return undefined;
    }
  }
}

function holds({ key, name }: EntryPlace, text: string, token: string): boolean {
  try {
    return key.open(name, text).includes(JSON.stringify(token));
  } catch {
    return false;
  }
}

function textOf(entry: unknown): unknown {
  return isValues(entry) ? (entry as Partial<TokenStoreEntry>).value : entry;
}

function ttlOf(entry: unknown): number | undefined {
  const ttlMs = isValues(entry) ? entry['ttlMs'] : undefined;
  return typeof ttlMs === 'number' && ttlMs >= 0 ? ttlMs : undefined;
}

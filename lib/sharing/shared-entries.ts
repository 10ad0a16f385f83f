import type { Reporter } from '../telemetry/reporter.js';
import type { TokenStore, TokenStoreEntry } from '../store/token-store.interface.js';
import { isValues } from '../util/json.js';
import { elapsedSince, type Moment, now } from '../util/clock.js';
import type { TokenOrder } from '../token/token-endpoint.interface.js';
import type { TokenGrant } from '../token/token-source.interface.js';
import type { EntryKey } from './entry-key.js';
import { EntryRefused } from './entry-refused.js';
import type { GuardedStore } from './guarded-store.js';
import type { Patience } from './patience.js';
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
  readonly #reporter: Reporter;

  constructor(keys: readonly EntryKey[], store: GuardedStore, reporter: Reporter) {
    this.#keys = keys;
    this.#store = store;
    this.#reporter = reporter;
  }

  placesOf({ identity }: TokenOrder, secret: string): EntryPlaces {
    return this.#keys.map((key) => ({ key, name: key.nameOf([...identity, secret]) }));
  }

  /** The tokens that are there, those of the first key first; `undefined` where the store is not to be had. */
  async find(places: EntryPlaces, order: TokenOrder, patience?: Patience): Promise<readonly TokenGrant[] | undefined> {
    const asked = now();
    const found = await this.#get(places, patience);
    if (found === undefined) return undefined;
    const grants = await Promise.all(found.map((entry, index) => this.#grantOf(entry, places[index], order, asked)));
    return grants.filter((grant) => grant !== undefined);
  }

  /** Puts a token; whether it was stored. */
  async put(places: EntryPlaces, grant: TokenGrant, received: Moment): Promise<boolean> {
    const [place] = places;
    if (place === undefined) return false;
    const entry = await place.key.seal(place.name, entryOf(grant, received));
    const ttlMs = Math.floor(grant.lifeMs - elapsedSince(received));
    if (ttlMs < 1) return false;
    const use = (store: TokenStore) => store.set(place.name, entry, ttlMs);
    return (await this.#store.attempt({ operation: 'set', use })) !== undefined;
  }

  /** Removes an entry if it holds this very token. */
  async remove(places: EntryPlaces, token: string): Promise<void> {
    if (places.length === 0) return;
    const found = await this.#get(places);
    await Promise.all((found ?? []).map((entry, index) => this.#removeIfItHolds(token, entry, places[index])));
  }

  async #removeIfItHolds(token: string, entry: unknown, place: EntryPlace | undefined): Promise<void> {
    const value = valueOf(entry);
    if (place === undefined || typeof value !== 'string' || !(await holds(place, value, token))) return;
    await this.#store.attempt({ operation: 'delete', use: (store) => store.delete(place.name, value) });
  }

  async #get(places: EntryPlaces, patience?: Patience): Promise<readonly unknown[] | undefined> {
    const answer = await this.#store.attempt<readonly unknown[]>({
      operation: 'get',
      use: (store) => Promise.all(places.map(({ name }) => store.get(name))),
      patience,
    });
    return answer?.value;
  }

  async #grantOf(
    entry: unknown,
    place: EntryPlace | undefined,
    order: TokenOrder,
    asked: Moment,
  ): Promise<TokenGrant | undefined> {
    if (place === undefined || entry === undefined || entry === null) return undefined;
    try {
      const content = await place.key.open(place.name, valueOf(entry));
      return readEntry(content, order, { asked, ttlMs: ttlOf(entry) });
    } catch (error) {
      this.#reporter.storeEntryRefused(error instanceof EntryRefused ? error.reason : 'malformed');
      return undefined;
    }
  }
}

function holds({ key, name }: EntryPlace, value: string, token: string): Promise<boolean> {
  return key.open(name, value).then(
    (content) => content.includes(JSON.stringify(token)),
    () => false,
  );
}

function valueOf(entry: unknown): unknown {
  return isValues(entry) ? (entry as Partial<TokenStoreEntry>).value : entry;
}

function ttlOf(entry: unknown): number | undefined {
  const ttlMs = isValues(entry) ? entry['ttlMs'] : undefined;
  return typeof ttlMs === 'number' && ttlMs >= 0 ? ttlMs : undefined;
}

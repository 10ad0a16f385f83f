import type { Reporter } from '../telemetry/reporter.js';
import type { TokenStore, TokenStoreEntry } from '../store/token-store.interface.js';
import { isValues, NO_VALUES, parseValues } from '../util/json.js';
import { elapsedSince, type Moment, now } from '../util/clock.js';
import type { TokenGrant, TokenOrder } from '../token/token-source.interface.js';
import { type EntryKey, EntryRefused } from './entry-key.js';
import type { GuardedStore, StoreDeadline } from './guarded-store.js';
import { readGrant } from '../token/token-answer.js';

/** Where the token of one order and secret may be stored: one place for each key; the first one is written to. */
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

  /** The tokens found, those of the first key first; `undefined` where the store is unavailable. */
  async find(
    places: EntryPlaces,
    order: TokenOrder,
    deadline?: StoreDeadline,
  ): Promise<readonly TokenGrant[] | undefined> {
    const asked = now();
    const found = await this.#get(places, deadline);
    if (found === undefined) return undefined;
    const grants = await Promise.all(found.map((entry, index) => this.#grantOf(entry, places[index], order, asked)));
    return grants.filter((grant) => grant !== undefined);
  }

  /** Stores a token; `false` where it was not stored. */
  async put(places: EntryPlaces, grant: TokenGrant, received: Moment): Promise<boolean> {
    const [place] = places;
    if (place === undefined) return false;
    const entry = await place.key.seal(place.name, entryOf(grant, received));
    const ttlMs = Math.floor(grant.lifeMs - elapsedSince(received));
    if (ttlMs < 1) return false;
    const use = (store: TokenStore) => store.set(place.name, entry, ttlMs);
    return (await this.#store.attempt({ operation: 'set', use })) !== undefined;
  }

  /** Removes the entries that hold this token. */
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

  async #get(places: EntryPlaces, deadline?: StoreDeadline): Promise<readonly unknown[] | undefined> {
    const answer = await this.#store.attempt<readonly unknown[]>({
      operation: 'get',
      use: (store) => Promise.all(places.map(({ name }) => store.get(name))),
      deadline,
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

/** When an entry was requested, and how long the store would still have kept it by its own clock. */
interface EntryAge {
  readonly asked: Moment;
  readonly ttlMs?: number;
}

/** A token as it is stored, before encryption. */
function entryOf({ value, lifeMs, scope }: TokenGrant, received: Moment): string {
  return JSON.stringify({ value, lifeMs, scope, receivedAt: received.wall });
}

/**
 * The token of an entry, checked as if the token endpoint had just sent it: a token from the store must not be trusted more
 * than one from the platform. Throws {@link EntryRefused}.
 */
function readEntry(content: string, order: TokenOrder, age: EntryAge): TokenGrant {
  const { value, lifeMs, scope, receivedAt } = parseValues(content) ?? NO_VALUES;
  if (typeof lifeMs !== 'number' || typeof receivedAt !== 'number') throw new EntryRefused('malformed');
  const grant = checked({ value, lifeMs, scope }, order);
  const usedMs = usedOf(lifeMs, receivedAt, age);
  if (!(usedMs < grant.lifeMs)) throw new EntryRefused('expired');
  return { ...grant, usedMs };
}

function checked({ value, lifeMs, scope }: { value: unknown; lifeMs: number; scope: unknown }, order: TokenOrder) {
  const { url, expected } = order;
  // A token is stored under a subtenant's name only after the endpoint's answer has named that subtenant.
  const name = expected.rules.claims.subtenant;
  const limited = name === undefined ? {} : { [name]: expected.subtenant };
  const answer = { access_token: value, token_type: 'Bearer', expires_in: lifeMs / 1_000, scope, ...limited };
  try {
    return readGrant({ status: 200, headers: {}, body: JSON.stringify(answer) }, url, expected, 0);
  } catch {
    throw new EntryRefused('unacceptable');
  }
}

/** How much of its life is used: the larger value of the instances' wall clocks and of the store's clock. */
function usedOf(lifeMs: number, receivedAt: number, { asked, ttlMs = lifeMs }: EntryAge): number {
  return Math.max(0, asked.wall - receivedAt, lifeMs - ttlMs) + elapsedSince(asked);
}

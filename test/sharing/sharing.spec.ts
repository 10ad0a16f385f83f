import { MindsphereCredentials } from 'nestjs-mindsphere-credentials';
import { describe, expect, it, vi } from 'vitest';
import { failureOf, fakeTime, TENANT, tokenOf, until } from '../support/application.js';
import { type InstanceOptions, instances, KEY, NEW_KEY, onlyEntry, stored, valueOf } from '../support/instances.js';
import { fails, never, withoutLock } from '../support/memory-store.js';
import { passing } from '../support/passing.js';
import { json } from '../support/stub-platform.js';

const MINUTE = 60_000;
const down = json({ error: 'down' }, 503);
const refused = json({ error: 'unauthorized' }, 401);

/** Starts something that takes this for chance once it has started. Nest needs the real one to start. */
async function drawing<T>(chance: number, start: () => Promise<T>): Promise<T> {
  const original = Math.random;
  let isStarted = false;
  // What starts takes this function along.
  Math.random = () => (isStarted ? chance : original());
  const started = await start().finally(() => (Math.random = original));
  isStarted = true;
  return started;
}

describe('instances with one store', () => {
  it('share one request', async () => {
    const { platform, store, startOne } = await instances();
    const first = await startOne();
    const value = await valueOf(first);
    await stored(store);
    const second = await startOne();
    expect(await valueOf(second)).toBe(value);
    expect(platform.app.count).toBe(1);
    expect(second.events).toEqual(['store_token_taken']);
    expect(first.events).toEqual(['token_requested', 'token_received', 'store_token_stored']);
  });

  it('share one request that is under way: the others wait for what its sender brings', async () => {
    const { platform, startOne } = await instances();
    const all = await Promise.all(Array.from({ length: 8 }, () => startOne()));
    const release = platform.app.hold();
    const values = Promise.all(all.map(valueOf));
    await platform.app.arrived();
    setTimeout(release, 100);
    expect(new Set(await values).size).toBe(1);
    expect(platform.app.count).toBe(1);
  });

  it('without a lock send at most one request each', async () => {
    const { platform, store, startOne } = await instances();
    const all = await Promise.all(Array.from({ length: 4 }, () => startOne({ through: withoutLock(store) })));
    await Promise.all(all.map(valueOf));
    expect(platform.app.count).toBeLessThanOrEqual(4);
    await stored(store);
    const late = await startOne({ through: withoutLock(store) });
    await valueOf(late);
    expect(late.events).toEqual(['store_token_taken']);
  });

  it('answer from memory without a use of the store', async () => {
    const { store, startOne } = await instances();
    const one = await startOne();
    await valueOf(one);
    await stored(store);
    await until(() => store.calls.release === 1);
    const before = { ...store.calls };
    for (let call = 0; call < 100; call += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one call after the other
      await valueOf(one);
    }
    expect(store.calls).toEqual(before);
  });

  it.each([
    ['user tenant', { app: { userTenant: 'other' } }],
    ['host tenant', { app: { hostTenant: 'host2' } }],
    ['app version', { app: { appVersion: '2.0.0' } }],
    ['app name', { app: { appName: 'otherapp' } }],
    ['client id', { app: { keyStoreClientId: 'another' } }],
    ['secret', { app: { keyStoreClientSecret: 'another' } }],
    ['scheme', { app: { authKeyScheme: 'Bearer' } }],
    ['key', { keys: [NEW_KEY] }],
    ['kind', { app: false, tenant: TENANT }],
  ] satisfies [string, InstanceOptions][])('share nothing if they differ in the %s', async (_, options) => {
    const { platform, store, startOne } = await instances();
    await valueOf(await startOne());
    await stored(store);
    const { module } = await startOne(options);
    await tokenOf(module.get(MindsphereCredentials));
    expect(platform.app.count + platform.tenant.count).toBe(2);
  });

  it('find the token under either key while keys rotate', async () => {
    const { platform, store, startOne } = await instances();
    const value = await valueOf(await startOne({ keys: [KEY] }));
    await stored(store);
    expect(await valueOf(await startOne({ keys: [KEY, NEW_KEY] }))).toBe(value);
    expect(await valueOf(await startOne({ keys: [NEW_KEY, KEY] }))).toBe(value);
    expect(platform.app.count).toBe(1);
  });

  it('lock each other out while some already write with the new key', async () => {
    const { platform, startOne } = await instances();
    const orders = [
      [KEY, NEW_KEY],
      [NEW_KEY, KEY],
      [KEY, NEW_KEY],
      [NEW_KEY, KEY],
    ];
    const all = await Promise.all(orders.map((keys) => startOne({ keys })));
    const release = platform.app.hold();
    const values = Promise.all(all.map(valueOf));
    await platform.app.arrived();
    setTimeout(release, 100);
    expect(new Set(await values).size).toBe(1);
    expect(platform.app.count).toBe(1);
  });
});

describe('a shared token', () => {
  it('keeps its age: it is renewed with its whole life in mind', async () => {
    const { platform, store, startOne } = await instances();
    fakeTime();
    const first = await drawing(0, startOne);
    const token = await tokenOf(first.credentials);
    await stored(store);
    vi.advanceTimersByTime(20 * MINUTE);
    const second = await drawing(0, startOne);
    const shared = await tokenOf(second.credentials);
    expect(shared.value).toBe(token.value);
    expect(Math.abs(shared.expiresAt.getTime() - token.expiresAt.getTime())).toBeLessThan(50);
    vi.advanceTimersByTime(4 * MINUTE);
    await valueOf(second);
    expect(platform.app.count).toBe(1);
    vi.advanceTimersByTime(2 * MINUTE);
    expect(await valueOf(second)).toBe(token.value);
    await until(() => platform.app.count === 2);
  });

  it('is not taken if it would be due for renewal at once', async () => {
    const { platform, store, startOne } = await instances();
    fakeTime();
    await valueOf(await startOne());
    await stored(store);
    vi.advanceTimersByTime(25 * MINUTE);
    await passing(valueOf(await startOne()));
    expect(platform.app.count).toBe(2);
  });

  it('leaves the store when it expires', async () => {
    const { store, startOne } = await instances();
    fakeTime();
    await valueOf(await startOne());
    await stored(store);
    const left = onlyEntry(store).until - performance.now();
    expect(left).toBeGreaterThan(29 * MINUTE);
    expect(left).toBeLessThanOrEqual(30 * MINUTE);
  });

  it.each([
    ['tells the life left', true],
    ['tells only the text', false],
  ])('of which a store %s is never taken after its end by the wall clock', async (_, tellsLife) => {
    const { platform, store, startOne } = await instances();
    fakeTime();
    store.tellsLife = tellsLife;
    await valueOf(await startOne());
    await stored(store);
    // A store that forgets nothing.
    for (const entry of store.entries.values()) entry.until = Infinity;
    vi.advanceTimersByTime(31 * MINUTE);
    const late = await startOne();
    await passing(valueOf(late));
    expect(platform.app.count).toBe(2);
    expect(late.events).toContain('store_entry_refused');
  });

  it('is not taken after its end by an instance whose clock is an hour behind, where the store reports the life left', async () => {
    const { platform, store, startOne } = await instances();
    fakeTime();
    await valueOf(await startOne());
    await stored(store);
    vi.advanceTimersByTime(29 * MINUTE);
    vi.setSystemTime(Date.now() - 60 * MINUTE);
    await passing(valueOf(await startOne()));
    expect(platform.app.count).toBe(2);
  });

  it('is renewed by its sharers at different times, and never later than refresh.aheadMs says', async () => {
    const { platform, store, startOne } = await instances();
    fakeTime();
    const punctual = await drawing(0, startOne);
    await valueOf(punctual);
    await stored(store);
    const early = await drawing(0.999, startOne);
    await valueOf(early);
    vi.advanceTimersByTime(24.5 * MINUTE);
    await valueOf(punctual);
    expect(platform.app.count).toBe(1);
    await valueOf(early);
    await until(() => platform.app.count === 2);
    await until(() => store.calls.release === 2);
    vi.advanceTimersByTime(MINUTE);
    await valueOf(punctual);
    await until(() => punctual.events.includes('store_token_taken'));
    expect(platform.app.count).toBe(2);
  });
});

describe('invalidate', () => {
  it('removes the token from the store, and the next one is fetched', async () => {
    const { platform, store, startOne } = await instances();
    const one = await startOne();
    const token = await tokenOf(one.credentials);
    await stored(store);
    one.credentials.invalidate(token);
    await until(() => store.entries.size === 0);
    expect(await valueOf(one)).not.toBe(token.value);
    expect(platform.app.count).toBe(2);
  });

  it('leaves the entry alone where it holds another token by now', async () => {
    const { platform, store, startOne } = await instances();
    const one = await startOne();
    const other = await startOne();
    const token = await tokenOf(one.credentials);
    await stored(store);
    await valueOf(other);
    one.credentials.invalidate(token);
    await until(() => store.entries.size === 0);
    const next = await valueOf(one);
    await stored(store);
    other.credentials.invalidate(token);
    expect(await valueOf(other)).toBe(next);
    expect(store.calls.delete).toBe(1);
    expect(platform.app.count).toBe(2);
  });

  it('is not undone by a store that still has the token', async () => {
    const { platform, store, startOne } = await instances();
    const one = await startOne();
    const token = await tokenOf(one.credentials);
    await stored(store);
    store.before = (method) => (method === 'delete' ? fails() : Promise.resolve());
    one.credentials.invalidate(token);
    expect(await valueOf(one)).not.toBe(token.value);
    expect(platform.app.count).toBe(2);
  });

  it('without a token, before anything was asked for, passes the store by', async () => {
    const { platform, store, startOne } = await instances();
    await valueOf(await startOne());
    await stored(store);
    const other = await startOne();
    other.credentials.invalidate();
    await valueOf(other);
    expect(platform.app.count).toBe(2);
  });

  it('without a token, passes the store by until a token was fetched', async () => {
    const { platform, store, startOne } = await instances();
    const shared = await valueOf(await startOne());
    await stored(store);
    const other = await startOne();
    other.credentials.invalidate();
    platform.app.next(down);
    expect(await failureOf(other.credentials.getToken())).toMatchObject({ code: 'token_request_failed' });
    const fetched = await valueOf(other);
    expect(fetched).not.toBe(shared);
    await until(() => store.calls.set === 2);
    expect(await valueOf(await startOne())).toBe(fetched);
    expect(platform.app.count).toBe(3);
  });

  it('asks the store once, however often the same token is given', async () => {
    const { store, startOne } = await instances();
    const one = await startOne();
    const token = await tokenOf(one.credentials);
    await stored(store);
    const { get } = store.calls;
    for (let call = 0; call < 50; call += 1) one.credentials.invalidate(token);
    await until(() => store.entries.size === 0);
    expect(store.calls.get).toBe(get + 1);
  });
});

describe('a store that fails', () => {
  it.each([['get'], ['set'], ['tryLock'], ['release']])('at %s is never an error', async (broken) => {
    const { platform, store, startOne } = await instances();
    store.before = (method) => (method === broken ? fails() : Promise.resolve());
    await valueOf(await startOne());
    expect(platform.app.count).toBe(1);
  });

  it.each([['get'], ['tryLock']])('by hanging at %s costs 500 ms, once', async (broken) => {
    const { platform, store, startOne } = await instances();
    const one = await startOne();
    fakeTime();
    store.before = (method) => (method === broken ? never() : Promise.resolve());
    const { ms } = await passing(valueOf(one));
    expect(ms).toBeGreaterThanOrEqual(500);
    expect(ms).toBeLessThan(800);
    one.credentials.invalidate();
    expect((await passing(valueOf(one))).ms).toBeLessThan(200);
    expect(platform.app.count).toBe(2);
  });

  it.each([['set'], ['release']])('by hanging at %s costs nothing', async (broken) => {
    const { store, startOne } = await instances();
    const one = await startOne();
    fakeTime();
    store.before = (method) => (method === broken ? never() : Promise.resolve());
    expect((await passing(valueOf(one))).ms).toBeLessThan(200);
  });

  it('by being slow costs 500 ms for all of its uses together', async () => {
    const { store, startOne } = await instances();
    const one = await startOne();
    fakeTime();
    store.before = () => new Promise((resolve) => void setTimeout(resolve, 400));
    expect((await passing(valueOf(one))).ms).toBeLessThan(800);
  });

  it('changes nothing for a token in memory', async () => {
    const { store, startOne } = await instances();
    const one = await startOne();
    const value = await valueOf(one);
    store.before = never;
    expect(await valueOf(one)).toBe(value);
  });
});

describe('an entry', () => {
  const entries: [string, (entry: { value: string }) => unknown, string?][] = [
    ['garbage', () => 'garbage'],
    ['empty', () => ''],
    ['a number', () => 42],
    ['an object', () => ({ value: { nested: true }, ttlMs: 'long' })],
    ['a list', () => ['v1']],
    ['tampered', ({ value }) => `${value.slice(0, -6)}AAAAAA`],
    ['cut', ({ value }) => value.slice(0, 60)],
  ];

  it.each(entries)('that is %s is a miss, and is counted', async (_, change) => {
    const { platform, store, startOne } = await instances();
    await valueOf(await startOne());
    await stored(store);
    const { name, value, until: end } = onlyEntry(store);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a broken store gives
    const wrong = change({ value }) as string;
    const get = store.get.bind(store);
    store.get = async (key) => {
      const entry = await get(key);
      return entry === undefined ? entry : wrong;
    };
    store.entries.set(name, { value, until: end });
    const other = await startOne();
    await valueOf(other);
    expect(platform.app.count).toBe(2);
    expect(other.events).toContain('store_entry_refused');
    expect(other.events).not.toContain('store_token_taken');
  });

  it('of another tenant, put in the place of this one, is a miss: nobody gets a foreign token', async () => {
    const { platform, store, startOne } = await instances();
    const other = await startOne({ app: { userTenant: 'other' } });
    await valueOf(other);
    await stored(store);
    const foreign = onlyEntry(store);
    store.entries.clear();
    await valueOf(await startOne());
    await stored(store);
    const own = onlyEntry(store);
    store.entries.set(own.name, { value: foreign.value, until: foreign.until });
    const victim = await startOne();
    expect((await tokenOf(victim.credentials)).tenant).toBe('acme');
    expect(platform.app.count).toBe(3);
    expect(victim.events).toContain('store_entry_refused');
  });

  it('shows neither token nor tenant nor client', async () => {
    const { store, startOne } = await instances();
    const value = await valueOf(await startOne());
    await stored(store);
    const text = JSON.stringify([...store.entries, ...store.locks]);
    const [header = '', payload = '', signature = ''] = value.split('.');
    for (const secret of [header, payload, signature, 'acme', 'host1', 'myapp', 'app-s3cr3t', KEY]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret).toString('base64url'));
    }
  });
});

describe('the holder of the lock', () => {
  it('that never comes back delays the others by 3 s at most', async () => {
    const { platform, store, startOne } = await instances();
    const all = [await startOne(), await startOne()];
    fakeTime();
    const tried = store.tryLock.bind(store);
    let name = '';
    store.tryLock = async (key, ttlMs) => {
      // Somebody else, who is killed right after, was faster.
      if (name === '') {
        name = key;
        store.locks.set(key, { owner: Symbol('killed'), until: performance.now() + ttlMs });
      }
      return tried(key, ttlMs);
    };
    const { ms } = await passing(Promise.all(all.map(valueOf)));
    expect(ms).toBeGreaterThan(2_900);
    expect(ms).toBeLessThan(4_000);
    expect(platform.app.count).toBe(1);
  });

  it('that is followed by others who never come back either is waited for 6 s at most', async () => {
    const { platform, store, startOne } = await instances();
    const one = await startOne();
    fakeTime();
    store.tryLock = () => Promise.resolve(undefined);
    const { ms } = await passing(valueOf(one));
    expect(ms).toBeGreaterThan(5_900);
    expect(ms).toBeLessThan(6_600);
    expect(platform.app.count).toBe(1);
  });

  it('that fails gives the lock back, and the next one tries', async () => {
    const { platform, store, startOne } = await instances();
    const [first, second] = [await startOne(), await startOne()];
    const release = platform.app.hold();
    platform.app.next(down);
    const failing = failureOf(first.credentials.getToken());
    await platform.app.arrived();
    const waiting = valueOf(second);
    await until(() => store.calls.tryLock > 1);
    release();
    expect((await failing).status).toBe(503);
    await waiting;
    expect(platform.app.count).toBe(2);
  });

  it('that is refused lets each of the others find out once, and none of them again', async () => {
    const { platform, startOne } = await instances();
    platform.app.always(refused);
    const all = await Promise.all([startOne(), startOne(), startOne()]);
    await Promise.all(all.map(({ credentials }) => failureOf(credentials.getToken())));
    await Promise.all(all.map(({ credentials }) => failureOf(credentials.getToken())));
    expect(platform.app.count).toBe(3);
  });

  it('looks once more: the last one may have brought a token between the look and the lock', async () => {
    const { platform, store, startOne } = await instances();
    const [late, fast] = [await startOne(), await startOne()];
    let first: Promise<string> | undefined;
    store.before = async (method) => {
      if (method !== 'tryLock' || first !== undefined) return;
      first = valueOf(fast);
      await first;
      await until(() => store.calls.release === 1 && store.locks.size === 0);
    };
    expect(await valueOf(late)).toBe(await first);
    expect(platform.app.count).toBe(1);
  });

  it('is nobody whose request would only repeat a remembered refusal', async () => {
    const { platform, store, startOne } = await instances();
    platform.app.always(refused);
    const one = await startOne();
    await failureOf(one.credentials.getToken());
    await until(() => store.calls.release === 1);
    const { get, tryLock } = store.calls;
    await failureOf(one.credentials.getToken());
    expect(store.calls).toMatchObject({ get: get + 1, tryLock });
    expect(platform.app.count).toBe(1);
  });

  it('that is closed gives the lock back at once', async () => {
    const { platform, store, startOne } = await instances();
    const one = await startOne();
    platform.app.hold();
    const failing = failureOf(one.credentials.getToken());
    await platform.app.arrived();
    expect(store.locks.size).toBe(1);
    await one.module.close();
    expect((await failing).code).toBe('module_destroyed');
    await until(() => store.locks.size === 0);
  });

  it('whose lock came too late to be of use gives it back', async () => {
    const { store, startOne } = await instances();
    const one = await startOne();
    fakeTime();
    let late: () => void = () => undefined;
    store.before = (method) => (method === 'tryLock' ? new Promise((resolve) => (late = resolve)) : Promise.resolve());
    await passing(valueOf(one));
    vi.advanceTimersByTime(2_000);
    late();
    await until(() => store.calls.release === 1);
    expect(store.locks.size).toBe(0);
  });
});

describe('after the module is destroyed', () => {
  it('the store is not used any more', async () => {
    const { store, startOne } = await instances();
    const one = await startOne();
    const token = await tokenOf(one.credentials);
    await stored(store);
    await until(() => store.calls.release === 1);
    await one.module.close();
    const before = { ...store.calls };
    one.credentials.invalidate(token);
    await failureOf(one.credentials.getToken());
    expect(store.calls).toEqual(before);
  });
});

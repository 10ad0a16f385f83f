import { describe, expect, it, vi } from 'vitest';
import { GuardedStore } from '../../lib/sharing/guarded-store.js';
import type { MindsphereCredentialsEvent } from '../../lib/telemetry/credentials-event.interface.js';
import { MindsphereCredentialsEvents } from '../../lib/telemetry/mindsphere-credentials.events.js';
import { Reporter } from '../../lib/telemetry/reporter.js';
import { fakeTime, until } from '../support/application.js';
import { fails, MemoryStore, never } from '../support/memory-store.js';
import { passing } from '../support/passing.js';

function lab(random = () => 1) {
  fakeTime();
  const store = new MemoryStore();
  const events: MindsphereCredentialsEvent[] = [];
  const source = new MindsphereCredentialsEvents();
  source.events$.subscribe((event) => void events.push(event));
  const guarded = new GuardedStore(store, new Reporter(source), random);
  const get = () => guarded.attempt({ operation: 'get', use: (each) => each.get('key') });
  return { store, guarded, get, events };
}

describe('a store', () => {
  it('that hangs costs 500 ms', async () => {
    const { store, get, events } = lab();
    store.before = never;
    const { value, ms } = await passing(get());
    expect(value).toBeUndefined();
    expect(ms).toBeGreaterThanOrEqual(500);
    expect(ms).toBeLessThanOrEqual(530);
    expect(events).toMatchObject([{ type: 'store_unavailable', operation: 'get', reason: 'timeout', pauseMs: 1_000 }]);
  });

  it('that fails costs nothing, at once or later, whatever it throws', async () => {
    const { store, guarded } = lab();
    store.before = fails;
    const synchronous = () => {
      throw new Error('not connected');
    };
    expect(await guarded.attempt({ operation: 'get', use: () => store.get('key') })).toBeUndefined();
    vi.advanceTimersByTime(1_000);
    expect(await guarded.attempt({ operation: 'get', use: synchronous })).toBeUndefined();
  });

  it('that has failed is left alone for 1 s, then tried by one use, twice as long each time, up to 30 s', async () => {
    const { store, get, events } = lab();
    store.before = fails;
    await get();
    const pauses = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000];
    for (const [index, pauseMs] of pauses.entries()) {
      expect(events[index]).toMatchObject({ type: 'store_unavailable', pauseMs });
      vi.advanceTimersByTime(pauseMs - 1);
      // oxlint-disable-next-line no-await-in-loop -- one pause after the other
      await Promise.all([get(), get()]);
      expect(store.calls.get).toBe(index + 1);
      vi.advanceTimersByTime(1);
      // oxlint-disable-next-line no-await-in-loop -- one pause after the other
      await Promise.all([get(), get(), get()]);
      expect(store.calls.get).toBe(index + 2);
    }
  });

  it('is left alone for at least half of that, by chance', async () => {
    const { store, get, events } = lab(() => 0);
    store.before = fails;
    await get();
    expect(events).toMatchObject([{ pauseMs: 500 }]);
  });

  it('that answers again is used again, and told of once', async () => {
    const { store, get, events } = lab();
    store.before = fails;
    await get();
    store.before = () => Promise.resolve();
    vi.advanceTimersByTime(1_000);
    expect(await get()).toEqual({ value: undefined });
    await Promise.all([get(), get()]);
    expect(store.calls.get).toBe(4);
    expect(events.map(({ type }) => type)).toEqual(['store_unavailable', 'store_recovered']);
  });

  it('on which many wait when it fails counts as failed once', async () => {
    const { store, get, events } = lab();
    store.before = never;
    const uses = Array.from({ length: 20 }, () => passing(get()));
    await Promise.all(uses);
    expect(events.map(({ type }) => type)).toEqual(['store_unavailable']);
  });

  it('whose answer waits in this busy process is not late', async () => {
    const { store, get } = lab();
    let answer: () => void = () => undefined;
    store.before = () => new Promise((resolve) => (answer = resolve));
    const use = get();
    // The timer is due first, as after a long computation; the answer is read in the same turn.
    vi.advanceTimersByTime(900);
    answer();
    expect(await use).toEqual({ value: undefined });
  });

  it('is not used after the end, but to give locks back', async () => {
    const { store, guarded, get } = lab();
    const lock = await store.tryLock('key', 1_000);
    guarded.close();
    await get();
    expect(store.calls.get).toBe(0);
    await guarded.attempt({ operation: 'release', use: async () => lock?.release() });
    await until(() => store.calls.release === 1);
  });
});

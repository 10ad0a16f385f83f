import { describe, expect, it, vi } from 'vitest';
import { fakeTime, until } from '../support/application.js';
import { type Instance, instances, stored, valueOf } from '../support/instances.js';
import { fails } from '../support/memory-store.js';
import { pass } from '../support/passing.js';

const MINUTE = 60_000;
const STEP_MS = 50;

/** Eight instances that share a token, which is now due for renewal, and a store that is down. */
async function dueWithoutStore() {
  const { platform, store, startOne } = await instances();
  const all = await Promise.all(Array.from({ length: 8 }, () => startOne()));
  fakeTime();
  const [first] = all;
  const value = await valueOf(first!);
  await stored(store);
  for (const each of all) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await valueOf(each)).toBe(value);
  }
  expect(platform.app.count).toBe(1);
  vi.advanceTimersByTime(26 * MINUTE);
  store.before = fails;
  return { platform, store, all, value };
}

const valuesOf = (all: readonly Instance[]) => Promise.all(all.map(valueOf));

describe('the renewal of a token that is still good, while the store is down', () => {
  it('waits for the store: eight instances make one request once it is back', async () => {
    const { platform, store, all, value } = await dueWithoutStore();
    // Nobody waits for it.
    expect(new Set(await valuesOf(all))).toEqual(new Set([value]));
    await pass(3_000, STEP_MS);
    expect(platform.app.count).toBe(1);
    store.before = () => Promise.resolve();
    await pass(5_000, STEP_MS);
    await until(() => platform.app.count > 1);
    expect(platform.app.count).toBeLessThanOrEqual(3);
    const renewed = await valuesOf(all);
    expect(renewed).not.toContain(value);
  });

  it('does without it after 9 s', async () => {
    const { platform, all } = await dueWithoutStore();
    await valuesOf(all);
    await pass(8_500, STEP_MS);
    expect(platform.app.count).toBe(1);
    await pass(1_500, STEP_MS);
    await until(() => platform.app.count === 9);
  });

  it('does not wait where the token was rejected', async () => {
    const { platform, all } = await dueWithoutStore();
    const [one] = all;
    one!.credentials.invalidate();
    await valueOf(one!);
    expect(platform.app.count).toBe(2);
  });
});

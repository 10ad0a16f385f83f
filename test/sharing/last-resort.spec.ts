import { describe, expect, it, vi } from 'vitest';
import { failureOf, fakeTime, tokenOf, until } from '../support/application.js';
import { instances, stored, valueOf } from '../support/instances.js';
import { json } from '../support/stub-platform.js';

const MINUTE = 60_000;
const down = json({ error: 'down' }, 503);
const refused = json({ error: 'unauthorized' }, 401);

/** Instances whose holder has a token of 30 minutes in the store, 26 minutes later. */
async function dueToken() {
  const { platform, store, startOne } = await instances();
  fakeTime();
  const holder = await startOne();
  const first = await tokenOf(holder.credentials);
  await stored(store);
  vi.advanceTimersByTime(26 * MINUTE);
  return { platform, store, startOne, holder, first };
}

describe('a shared token', () => {
  it.each([
    ['down', down],
    ['refusing', refused],
  ])('that is due is served until its end by an instance that starts while the platform is %s', async (_, answer) => {
    const { platform, startOne, first } = await dueToken();
    platform.app.always(answer);
    const { credentials, events } = await startOne();
    const heard: string[] = [];
    credentials.token$.subscribe({ next: ({ value }) => heard.push(value), error: (error) => heard.push(error.code) });
    const served = await tokenOf(credentials);
    expect(served.value).toBe(first.value);
    expect(Math.abs(served.expiresAt.getTime() - first.expiresAt.getTime())).toBeLessThan(50);
    expect(heard).toEqual(answer === down ? [first.value] : [first.value, 'token_request_failed']);
    expect(events.filter((type) => type === 'store_token_taken')).toHaveLength(1);
    // As with a token of its own: no call waits for the platform, and attempts are spaced out.
    const asked = platform.app.count;
    for (let call = 0; call < 20; call += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one call after the other
      expect((await tokenOf(credentials)).value).toBe(first.value);
    }
    expect(platform.app.count).toBe(asked);
    vi.advanceTimersByTime(4 * MINUTE + 1);
    expect(await failureOf(credentials.getToken())).toMatchObject({ code: 'token_request_failed' });
  });

  it('that is due gives way to a new one as soon as there is one', async () => {
    const { platform, startOne, first } = await dueToken();
    platform.app.next(down);
    const second = await startOne();
    expect(await valueOf(second)).toBe(first.value);
    vi.advanceTimersByTime(1_001);
    const heard: string[] = [];
    second.credentials.token$.subscribe(({ value }) => heard.push(value));
    await until(() => heard.length === 2);
    expect(heard[0]).toBe(first.value);
    expect(await valueOf(second)).toBe(heard[1]);
    expect(platform.app.count).toBe(3);
  });

  it('is not asked for by an instance that has a valid one of its own', async () => {
    const { platform, holder, first } = await dueToken();
    const { credentials, events } = holder;
    platform.app.always(down);
    const heard: string[] = [];
    const subscription = credentials.token$.subscribe(({ value }) => heard.push(value));
    await until(() => credentials.state?.lastErrorCode !== undefined);
    expect(platform.app.count).toBe(2);
    expect(await tokenOf(credentials)).toBe(first);
    expect(heard).toEqual([first.value]);
    expect(events).not.toContain('store_token_taken');
    subscription.unsubscribe();
  });

  it('that was taken back is no last resort', async () => {
    const { platform, store, holder, first } = await dueToken();
    const { credentials } = holder;
    const kept = new Map(store.entries);
    credentials.invalidate(first);
    await until(() => store.entries.size === 0);
    for (const [name, entry] of kept) store.entries.set(name, entry);
    platform.app.always(down);
    expect(await failureOf(credentials.getToken())).toMatchObject({ code: 'token_request_failed', status: 503 });
  });

  it.each(['by its name', 'with whatever is shared'])(
    'that is taken back %s during the request is no last resort',
    async (how) => {
      const { platform, startOne, first } = await dueToken();
      platform.app.always(down);
      const { credentials } = await startOne();
      const release = platform.app.hold();
      const outcome = failureOf(credentials.getToken());
      await platform.app.arrived(2);
      credentials.invalidate(how === 'by its name' ? first : undefined);
      release();
      expect(await outcome).toMatchObject({ code: 'token_request_failed', status: 503 });
    },
  );
});

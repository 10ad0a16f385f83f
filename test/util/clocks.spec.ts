import { AppCredentials } from 'nestjs-mindsphere-credentials';
import { describe, expect, it, vi } from 'vitest';
import { largestJitter, Stage } from '../system/faults/stage.js';
import { short } from '../support/length.js';
import { APP, startPlatform, startWith } from '../support/application.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const LIFE = 1_799 * SECOND;

/** An application that has just received its first token. */
async function withToken() {
  const platform = await startPlatform();
  largestJitter();
  const module = await startWith({ ...platform.urls, app: APP, tenant: false });
  const credentials = module.get(AppCredentials);
  const stage = new Stage(platform);
  const [call] = await stage.settled(stage.call(credentials));
  return { platform, credentials, stage, first: call!.token! };
}

type Made = Awaited<ReturnType<typeof withToken>>;

/** Moves the wall clock alone: it is set, or the machine sleeps, which the monotonic one does not notice. */
const jump = (minutes: number) => vi.setSystemTime(Date.now() + minutes * MINUTE);

/** A caller every 10 s. Each gets a token, and none an expired one. */
async function callFor(timeMs: number, { stage, credentials }: Made): Promise<void> {
  for (let passed = 0; passed < timeMs; passed += 10 * SECOND) {
    // oxlint-disable-next-line no-await-in-loop -- one caller after the other
    const [call] = await stage.settled(stage.call(credentials));
    expect(call!.error).toBeUndefined();
    // oxlint-disable-next-line no-await-in-loop -- one caller after the other
    await stage.pass(10 * SECOND);
  }
  expect(stage.expired).toBe(0);
}

/** Requests that an hour costs. */
const IN_AN_HOUR = 3;

describe('a wall clock that jumps', () => {
  it.each([
    ['10 min ahead', [10]],
    ['10 min back', [-10]],
    ['a day back', [-1_440]],
    ['ahead and back', [10, -10]],
    ['back and ahead', [-10, 10]],
  ])('%s costs at most one extra request, and nobody an expired token', async (_, jumps) => {
    for (const after of short([22, 29.5], [1, 15, 22, 26, 29.5])) {
      // oxlint-disable-next-line no-await-in-loop -- one life after the other
      const made = await withToken();
      // oxlint-disable-next-line no-await-in-loop
      await callFor(after * MINUTE, made);
      for (const minutes of jumps) {
        jump(minutes);
        // oxlint-disable-next-line no-await-in-loop
        await callFor(MINUTE, made);
      }
      // oxlint-disable-next-line no-await-in-loop
      await callFor((60 - after - jumps.length) * MINUTE, made);
      expect(made.platform.app.count, `after ${after} min`).toBeLessThanOrEqual(IN_AN_HOUR + 1);
      made.stage.end();
    }
  });

  it('is the anchor of the next token all the same: it lives as long as any', async () => {
    const made = await withToken();
    jump(40);
    await callFor(10 * SECOND, made);
    expect(made.platform.app.count).toBe(2);
    await callFor(LIFE - 5 * MINUTE - 10 * SECOND, made);
    expect(made.platform.app.count).toBe(2);
    await callFor(20 * SECOND, made);
    expect(made.platform.app.count).toBe(3);
  });

  it('while a request is on its way does not count against its token', async () => {
    const { platform, credentials, stage, first } = await withToken();
    credentials.invalidate(first);
    const release = platform.app.hold();
    const call = stage.call(credentials);
    await platform.app.arrived(2);
    jump(25);
    release();
    await stage.settled(call);
    expect(call.token!.expiresAt.getTime() - Date.now()).toBe(LIFE);
    await stage.pass(20 * MINUTE);
    expect((await stage.settled(stage.call(credentials)))[0]!.token!.value).toBe(call.token!.value);
    expect(platform.app.count).toBe(2);
  });
});

describe('a machine that sleeps', () => {
  it('beyond the end of the token gives nobody that token, at the cost of one request', async () => {
    const { platform, credentials, stage, first } = await withToken();
    jump(120);
    const calls = await stage.settled(...Array.from({ length: 20 }, () => stage.call(credentials)));
    for (const { token } of calls) expect(token!.value).not.toBe(first.value);
    expect([platform.app.count, stage.expired]).toEqual([2, 0]);
  });

  it.each([120, 27])('for %i min has the token of who listens renewed within 30 s of its waking', async (minutes) => {
    const { platform, credentials, stage, first } = await withToken();
    const heard: string[] = [];
    credentials.token$.subscribe(({ value }) => heard.push(value));
    await stage.pass(MINUTE);
    jump(minutes);
    await stage.pass(30 * SECOND);
    expect(heard).toEqual([first.value, expect.any(String)]);
    expect(platform.app.count).toBe(2);
  });

  it('forgets no refusal too early, and keeps none for longer than it slept', async () => {
    const { platform, credentials, stage, first } = await withToken();
    credentials.invalidate(first);
    platform.app.next((exchange) => platform.token({ status: 401 })(exchange));
    await stage.settled(stage.call(credentials));
    jump(-10);
    const [again] = await stage.settled(stage.call(credentials));
    expect([again!.error?.status, platform.app.count]).toEqual([401, 2]);
    jump(10);
    jump(1);
    const [later] = await stage.settled(stage.call(credentials));
    expect([later!.error, platform.app.count]).toEqual([undefined, 3]);
  });
});

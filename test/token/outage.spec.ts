import { AppCredentials } from 'nestjs-mindsphere-credentials';
import { describe, expect, it } from 'vitest';
import { APP, startPlatform, startWith } from '../support/application.js';
import { Chance } from '../system/chaos/chance.js';
import { jitterBy, Stage } from '../system/faults/stage.js';
import { json } from '../support/stub-platform.js';

const SECOND = 1_000;
const AHEAD = 300 * SECOND;
const LIFE = 1_799 * SECOND;
const down = json({}, 503);
/** Lengths that a pause may have at most. */
const NOMINAL = [1, 2, 4, 8, 16, 20, 20, 20, 20].map((seconds) => seconds * SECOND);

/** An application with a token whose renewal is due now; its chance is drawn from this seed. */
async function atRenewal(seed: number) {
  const platform = await startPlatform();
  const chance = new Chance(seed);
  jitterBy(() => chance.next());
  const module = await startWith({ ...platform.urls, app: APP, tenant: false, request: { retries: 0 } });
  const credentials = module.get(AppCredentials);
  const stage = new Stage(platform);
  await stage.settled(stage.call(credentials));
  await stage.pass(LIFE - AHEAD);
  return { platform, credentials, stage };
}

const pausesOf = (times: readonly number[]) => times.slice(1).map((time, at) => time - times[at]!);

describe('renewals while the server is down and a token is valid', () => {
  /** Pauses between renewals for somebody who listens. */
  async function pausesFor(seed: number): Promise<number[]> {
    const { credentials, stage } = await atRenewal(seed);
    const times = stage.timesOf(down);
    const failures: unknown[] = [];
    credentials.token$.subscribe({ error: (failure: unknown) => failures.push(failure) });
    await stage.pass(150 * SECOND);
    stage.end();
    expect(failures).toEqual([]);
    return pausesOf(times).slice(0, NOMINAL.length);
  }

  it('space out: 1 s, doubling to 20 s, half of it by chance', async () => {
    const chance = new Chance(3);
    const pauses = await pausesFor(3);
    expect(pauses).toHaveLength(NOMINAL.length);
    for (const [at, nominal] of NOMINAL.entries()) {
      // a timer knows no parts of a millisecond
      expect(Math.abs(pauses[at]! - nominal * (0.5 + chance.next() / 2))).toBeLessThanOrEqual(1);
    }
  });

  it('differ between instances with different seeds', async () => {
    const [one, other] = [await pausesFor(1), await pausesFor(2)];
    for (const at of NOMINAL.keys()) expect(one[at]).not.toBe(other[at]);
  });

  it('space out for callers, too, who get the token at once all the while', async () => {
    const { credentials, stage } = await atRenewal(4);
    const times = stage.timesOf(down);
    for (let passed = 0; passed < 100 * SECOND; passed += 200) {
      const call = stage.call(credentials);
      expect([call.waitMs, call.error]).toEqual([0, undefined]);
      // oxlint-disable-next-line no-await-in-loop -- one caller after the other
      await stage.pass(200);
    }
    expect(stage.expired).toBe(0);
    for (const [at, pause] of pausesOf(times).entries()) {
      const nominal = NOMINAL[at] ?? 20 * SECOND;
      expect(pause).toBeGreaterThanOrEqual(nominal / 2);
      expect(pause).toBeLessThanOrEqual(nominal + 200);
    }
    expect(times.length).toBeGreaterThan(6);
  });
});

describe('after an outage', () => {
  it.each([5, 33, 70, 141])('of %i s, who listens hears of a new token within 30 s', async (seconds) => {
    const { platform, credentials, stage } = await atRenewal(seconds);
    const heard: string[] = [];
    platform.app.always(down);
    credentials.token$.subscribe(({ value }) => heard.push(value));
    await stage.pass(seconds * SECOND);
    expect(heard).toHaveLength(1);
    platform.app.always();
    await stage.pass(30 * SECOND);
    expect(heard).toHaveLength(2);
  });
});

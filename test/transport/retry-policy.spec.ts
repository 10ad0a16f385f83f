import { AppCredentials } from 'nestjs-mindsphere-credentials';
import { defer, firstValueFrom, throwError } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { MindsphereCredentialsError } from '../../lib/errors/mindsphere-credentials.error.js';
import { retryTransient } from '../../lib/transport/retry-policy.js';
import { APP, failureOf, fakeTime, startPlatform, startWith, tokenOf, until } from '../support/application.js';
import { Chance } from '../system/chaos/chance.js';
import { jitterBy, Stage } from '../system/faults/stage.js';
import { hang, html, json, reset } from '../support/stub-platform.js';

const LIMITS = { deadlineMs: 100_000, retries: 3, retryDelayMs: 250, maxRetryAfterMs: 60_000 };

/** The times at which attempts are made, where each one fails like this. */
async function attemptTimes(details: object, random: () => number, limits = LIMITS): Promise<number[]> {
  fakeTime();
  const start = Date.now();
  const times: number[] = [];
  const attempt$ = defer(() => {
    times.push(Date.now() - start);
    return throwError(() => new MindsphereCredentialsError('token_request_failed', 'test', details));
  });
  const failed = failureOf(defer(() => attempt$.pipe(retryTransient(limits, random))));
  for (let step = 0; step < 2_000; step += 1) vi.advanceTimersByTime(50);
  await failed;
  vi.useRealTimers();
  return times;
}

const delays = (times: number[]) => times.slice(1).map((time, at) => time - times[at]!);

describe('the backoff', () => {
  it('doubles, and its full jitter goes up to the whole', async () => {
    expect(delays(await attemptTimes({ retryable: true }, () => 1))).toEqual([250, 500, 1_000]);
    expect(delays(await attemptTimes({ retryable: true }, () => 0.4))).toEqual([100, 200, 400]);
    // a timer of 0 ms fires after 1 ms at the latest
    expect(Math.max(...delays(await attemptTimes({ retryable: true }, () => 0)))).toBeLessThanOrEqual(1);
  });

  it('waits as long as Retry-After demands, and never less', async () => {
    expect(delays(await attemptTimes({ retryable: true, retryAfterMs: 7_000 }, () => 0))).toEqual([
      7_000, 7_000, 7_000,
    ]);
    expect(delays(await attemptTimes({ retryable: true, retryAfterMs: 7_000 }, () => 1))[0]).toBe(7_250);
  });

  it('ends at once where Retry-After is longer than is honoured, or the deadline would pass', async () => {
    const patient = { ...LIMITS, retries: 1 };
    expect(await attemptTimes({ retryable: true, retryAfterMs: 60_000 }, () => 0, patient)).toEqual([0, 60_000]);
    expect(await attemptTimes({ retryable: true, retryAfterMs: 60_001 }, () => 0, patient)).toEqual([0]);
    const shortLimits = { ...LIMITS, deadlineMs: 10_000 };
    expect(await attemptTimes({ retryable: true, retryAfterMs: 9_999 }, () => 0, shortLimits)).toEqual([0, 10_000 - 1]);
    expect(await attemptTimes({ retryable: true, retryAfterMs: 10_000 }, () => 0, shortLimits)).toEqual([0]);
  });

  it('is not for what will not change', async () => {
    expect(await attemptTimes({ retryable: false }, () => 0)).toEqual([0]);
  });
});

/** Times between the requests of an application that draws its chance from this seed. */
async function requestDelays(seed: number): Promise<number[]> {
  const platform = await startPlatform();
  const chance = new Chance(seed);
  jitterBy(() => chance.next());
  const request = { retryDelayMs: 1_000, deadlineMs: 60_000 };
  const module = await startWith({ ...platform.urls, app: APP, tenant: false, request });
  const stage = new Stage(platform);
  const times = stage.timesOf(json({}, 503));
  await stage.settled(stage.call(module.get(AppCredentials)));
  stage.end();
  return delays(times);
}

describe('the backoff of an application', () => {
  it('is drawn by chance, each delay up to the whole of its length', async () => {
    const chance = new Chance(7);
    const expected = [1_000, 2_000, 4_000].map((longest) => Math.floor(chance.next() * longest));
    expect(await requestDelays(7)).toEqual(expected);
  });

  it('differs between instances with different seeds', async () => {
    const all = [await requestDelays(1), await requestDelays(2), await requestDelays(1)];
    expect(all[1]).not.toEqual(all[0]);
    for (const at of [0, 1, 2]) expect(all[1]![at]).not.toBe(all[0]![at]);
    expect(all[2]).toEqual(all[0]);
  });
});

async function credentialsWith(request: object) {
  const platform = await startPlatform();
  const module = await startWith({ ...platform.urls, app: APP, tenant: false, request });
  return { platform, credentials: module.get(AppCredentials) };
}

describe('token requests', () => {
  it.each([
    ['408', json({}, 408)],
    ['429', json({}, 429)],
    ['500', html('<h1>oops</h1>', 500)],
    ['502', html('', 502)],
    ['503', json({}, 503)],
    ['a reset', reset()],
  ])('are made again after %s', async (_, answer) => {
    const { platform, credentials } = await credentialsWith({ retryDelayMs: 1 });
    platform.app.next(answer, answer);
    await tokenOf(credentials);
    expect(platform.app.count).toBe(3);
  });

  it.each([400, 401, 403, 404, 302])('are final after status %i', async (status) => {
    const { platform, credentials } = await credentialsWith({ retryDelayMs: 1 });
    platform.app.next(json({ error: 'no', error_description: 'never' }, status));
    expect(await failureOf(credentials.getToken())).toMatchObject({
      code: 'token_request_failed',
      status,
      retryable: false,
      attempts: 1,
      error: 'no',
      errorDescription: 'never',
      endpoint: `${platform.origin}/api/technicaltokenmanager/v3/oauth/token`,
    });
    expect(platform.app.count).toBe(1);
  });

  it('have the number of attempts', async () => {
    const { platform, credentials } = await credentialsWith({ retryDelayMs: 1, retries: 2 });
    platform.app.always(json({}, 503));
    expect(await failureOf(credentials.getToken())).toMatchObject({ status: 503, retryable: true, attempts: 3 });
    expect(platform.app.count).toBe(3);
  });

  it.each([
    ['seconds', () => '20'],
    ['a date', () => new Date(Date.now() + 20_000).toUTCString()],
  ])('honour Retry-After, as %s', async (_, retryAfter) => {
    const { platform, credentials } = await credentialsWith({ deadlineMs: 60_000, retryDelayMs: 0 });
    fakeTime();
    vi.setSystemTime(new Date('2026-01-01T00:00:00Z'));
    platform.app.next(json({}, 429, { 'retry-after': retryAfter() }));
    const token = firstValueFrom(credentials.getToken());
    await platform.app.arrived();
    await platform.app.only.over;
    // the attempt's own timer is gone; deadline, waiting and backoff remain
    await until(() => vi.getTimerCount() === 3);
    vi.advanceTimersByTime(19_999);
    expect([platform.app.count, vi.getTimerCount()]).toEqual([1, 3]);
    vi.advanceTimersByTime(1);
    await token;
    expect(platform.app.count).toBe(2);
  });

  it.each([
    ['seconds', () => '11'],
    ['a date', () => new Date(Date.now() + 11_000).toUTCString()],
  ])('are not made again where Retry-After, as %s, is longer than maxRetryAfterMs', async (_, retryAfter) => {
    const { platform, credentials } = await credentialsWith({ deadlineMs: 60_000, maxRetryAfterMs: 10_000 });
    fakeTime();
    vi.setSystemTime(new Date('2026-01-01T00:00:00Z'));
    platform.app.always(json({}, 503, { 'retry-after': retryAfter() }));
    expect(await failureOf(credentials.getToken())).toMatchObject({ status: 503, attempts: 1, retryAfterMs: 10_000 });
    expect(platform.app.count).toBe(1);
  });

  it('end at the deadline, whatever the attempts do', async () => {
    const { platform, credentials } = await credentialsWith({ timeoutMs: 4_000, deadlineMs: 9_000, retryDelayMs: 0 });
    fakeTime();
    platform.app.always(hang());
    const failure = failureOf(credentials.getToken());
    await platform.app.arrived();
    vi.advanceTimersByTime(4_001);
    await platform.app.arrived(2);
    vi.advanceTimersByTime(4_001);
    await platform.app.arrived(3);
    vi.advanceTimersByTime(1_000);
    expect(await failure).toMatchObject({ code: 'token_request_failed', retryable: true, attempts: 3 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('do not wait for a secret function for ever', async () => {
    const secret = () => new Promise<string>(() => undefined);
    const platform = await startPlatform();
    const app = { ...APP, keyStoreClientSecret: secret };
    const module = await startWith({ ...platform.urls, app, request: { deadlineMs: 50 } });
    const failure = await failureOf(module.get(AppCredentials).getToken());
    expect(failure).toMatchObject({ code: 'token_request_failed', attempts: 0 });
    expect(platform.count).toBe(0);
  });
});

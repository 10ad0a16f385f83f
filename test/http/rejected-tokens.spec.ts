import { Readable } from 'node:stream';
import { MindsphereHttpService, type AppCredentials } from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { fakeTime } from '../support/application.js';
import { short } from '../support/length.js';
import { json, type Answer } from '../support/stub-platform.js';
import { ASSETS, bearerOf, errorOf, startLab } from './lab.js';

/** Within 2 s. */
const CALLS = short(60, 300);
const BROKEN = '/api/broken/v3/things';
const refused = json({ errors: [{ code: 'unauthorized' }] }, 401);

/** A platform with one API that answers every call with 401, and others that answer. */
async function startWithBroken(options = {}) {
  const lab = await startLab(options);
  const answer: Answer = (exchange) =>
    (exchange.request.url.startsWith('/api/broken') ? refused : json({ found: true }))(exchange);
  lab.api.always(answer);
  fakeTime();
  return lab;
}

type Lab = Awaited<ReturnType<typeof startWithBroken>>;

/** So many calls spread over 2 s, so many at once. All must fail with 401. */
async function callsWithin2s({ client }: Pick<Lab, 'client'>, count: number, atOnce: number, url = () => BROKEN) {
  const statuses: unknown[] = [];
  for (let made = 0; made < count; made += atOnce) {
    const calls = Array.from({ length: atOnce }, () => errorOf(client.get(url())));
    // oxlint-disable-next-line no-await-in-loop -- one burst after the other
    statuses.push(...(await Promise.all(calls)).map((error) => (error as { status?: number }).status));
    vi.advanceTimersByTime((1_999 * atOnce) / count);
  }
  expect(new Set(statuses)).toEqual(new Set([401]));
}

describe('an API that keeps answering 401', () => {
  it.each([
    ['one after the other', 1],
    ['20 at once', 20],
  ])('costs at most 3 token requests for many calls within 2 s, %s', async (_, atOnce) => {
    const lab = await startWithBroken();
    await callsWithin2s(lab, CALLS, atOnce);
    expect(lab.platform.app.count).toBeLessThanOrEqual(3);
  });

  it('costs no more where each call names another API', async () => {
    const lab = await startWithBroken();
    let named = 0;
    await callsWithin2s(lab, CALLS, 1, () => `/api/broken${(named += 1)}/v3/things`);
    expect(lab.platform.app.count).toBeLessThanOrEqual(3);
  });

  it('costs a few where another API accepts the tokens in between', async () => {
    const lab = await startWithBroken();
    for (let call = 0; call < CALLS; call += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await errorOf(lab.client.get(`/api/broken${call}`));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await firstValueFrom(lab.client.get(ASSETS));
      vi.advanceTimersByTime(2_000 / CALLS);
    }
    expect(lab.platform.app.count).toBeLessThanOrEqual(7);
  });

  it('costs no more where the body is a stream, which cannot be sent again', async () => {
    const lab = await startWithBroken();
    for (let call = 0; call < CALLS; call += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await errorOf(lab.client.post(BROKEN, Readable.from(['x'])));
      vi.advanceTimersByTime(2_000 / CALLS);
    }
    expect(lab.platform.app.count).toBeLessThanOrEqual(3);
  });

  it('is tried with a new token after 1 s, doubling to 30 s', async () => {
    const { client, platform } = await startWithBroken();
    const requests: number[] = [];
    for (let second = 0; second <= 130; second += 1) {
      const before = platform.app.count;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await errorOf(client.get(BROKEN));
      // oxlint-disable-next-line no-await-in-loop -- the second call finds out that the replacement is rejected, too
      await errorOf(client.get(BROKEN));
      if (platform.app.count > before) requests.push(second);
      vi.advanceTimersByTime(1_000);
    }
    expect(requests).toEqual([0, 1, 3, 7, 15, 31, 61, 91, 121]);
  });

  it('leaves healthy APIs alone: they go on with a token from the cache', async () => {
    const { client, platform, api } = await startWithBroken();
    await firstValueFrom(client.get(ASSETS));
    await errorOf(client.get(BROKEN));
    platform.app.always(json({}, 429));
    vi.advanceTimersByTime(2_000);
    await errorOf(client.get(BROKEN));
    for (let call = 0; call < 5; call += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await firstValueFrom(client.get(ASSETS))).status).toBe(200);
    }
    expect(api.requests.at(-1)!.url).toBe(ASSETS);
  });

  it('keeps the old token in the cache until the new one is there', async () => {
    const { client, platform, api, app } = await startWithBroken();
    const old = await firstValueFrom(app.getToken());
    const release = platform.app.next(json({}, 400)).hold();
    const failing = errorOf(client.get(BROKEN));
    await platform.app.arrived(2);
    expect((await firstValueFrom(app.getToken())).value).toBe(old.value);
    await firstValueFrom(client.get(ASSETS));
    release();
    await failing;
    expect((await firstValueFrom(app.getToken())).value).toBe(old.value);
    await firstValueFrom(client.get(ASSETS));
    expect(bearerOf(api.requests.at(-1)!)).toBe(old.value);
  });

  it('is asked with a new token at once after it has accepted one', async () => {
    const { client, platform, api } = await startLab();
    const once = json({ found: true });
    api.next(refused, once, refused, once);
    await firstValueFrom(client.get(BROKEN));
    await firstValueFrom(client.get(BROKEN));
    expect([api.count, platform.app.count]).toEqual([4, 3]);
  });

  it('is counted for each tenant by itself, whichever object stands for it', async () => {
    const { module, app, platform } = await startWithBroken();
    const http = module.get(MindsphereHttpService);
    const of = (tenant: string): AppCredentials => app.forUserTenant(tenant);
    for (let call = 0; call < 10; call += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await errorOf(http.as(of('tenant1')).get(BROKEN));
    }
    expect(platform.app.count).toBe(2);
    await errorOf(http.as(of('tenant2')).get(BROKEN));
    expect(platform.app.count).toBe(4);
  });
});

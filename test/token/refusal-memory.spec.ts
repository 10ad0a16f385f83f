import { AppCredentials, TenantCredentials } from 'nestjs-mindsphere-credentials';
import { describe, expect, it, vi } from 'vitest';
import { APP, failureOf, fakeTime, startPlatform, startWith, TENANT, tokenOf } from '../support/application.js';
import { json, redirect } from '../support/stub-platform.js';

const refused = json({ error: 'unauthorized', error_description: 'Bad credentials' }, 401);
const tooMany = (retryAfter?: string) => json({}, 429, retryAfter === undefined ? {} : { 'retry-after': retryAfter });

async function refusing(options: Partial<Parameters<typeof startWith>[0]> = {}) {
  const platform = await startPlatform();
  const module = await startWith({ ...platform.urls, app: APP, tenant: TENANT, request: { retries: 0 }, ...options });
  const credentials = module.get(AppCredentials);
  fakeTime();
  platform.app.always(refused);
  return { platform, module, credentials };
}

/** Seconds of virtual time, from the last request on, until a call makes a request again. */
async function secondsOfSilence({ platform, credentials }: Awaited<ReturnType<typeof refusing>>): Promise<number> {
  const before = platform.app.count;
  for (let half = 0; half < 200; half += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one call after the other
    await failureOf(credentials.getToken());
    if (platform.app.count > before) return half / 2;
    vi.advanceTimersByTime(500);
  }
  throw new Error('no request was made again');
}

describe('after a refusal', () => {
  it('10,000 calls get the error without a request', async () => {
    const { platform, credentials } = await refusing();
    const failures = await Promise.all(Array.from({ length: 10_000 }, () => failureOf(credentials.getToken())));
    const later = await failureOf(credentials.getToken());
    expect(
      new Set([...failures, later].map(({ status, errorDescription }) => `${status} ${errorDescription}`)),
    ).toEqual(new Set(['401 Bad credentials']));
    expect(platform.app.count).toBe(1);
  });

  it.each([400, 401, 403])('with status %i, callers wait 1 s, doubling to 30 s', async (status) => {
    const made = await refusing();
    made.platform.app.always(json({}, status));
    await failureOf(made.credentials.getToken());
    const silences: number[] = [];
    // oxlint-disable-next-line no-await-in-loop -- one silence after the other
    while (silences.length < 7) silences.push(await secondsOfSilence(made));
    expect(silences).toEqual([1, 2, 4, 8, 16, 30, 30]);
  });

  it('a success makes it start with 1 s again', async () => {
    const made = await refusing();
    await failureOf(made.credentials.getToken());
    await secondsOfSilence(made);
    made.platform.app.always();
    vi.advanceTimersByTime(2_000);
    await tokenOf(made.credentials);
    made.platform.app.always(refused);
    vi.setSystemTime(Date.now() + 3_600_000);
    await failureOf(made.credentials.getToken());
    expect(await secondsOfSilence(made)).toBe(1);
  });

  it('a token is there as soon as the time is over', async () => {
    const { platform, credentials } = await refusing();
    await failureOf(credentials.getToken());
    platform.app.always();
    vi.advanceTimersByTime(999);
    expect(await failureOf(credentials.getToken())).toMatchObject({ status: 401 });
    vi.advanceTimersByTime(1);
    await tokenOf(credentials);
  });

  it('invalidate() lets the next call ask at once', async () => {
    const { platform, credentials } = await refusing();
    await failureOf(credentials.getToken());
    platform.app.always();
    credentials.invalidate();
    await tokenOf(credentials);
    expect(platform.app.count).toBe(2);
  });

  it('a changed secret lets the next call ask at once', async () => {
    let secret = 'old';
    const { platform, credentials } = await refusing({ app: { ...APP, keyStoreClientSecret: async () => secret } });
    await failureOf(credentials.getToken());
    await failureOf(credentials.getToken());
    expect(platform.app.count).toBe(1);
    platform.app.always();
    secret = 'new';
    await tokenOf(credentials);
    expect(platform.app.count).toBe(2);
  });

  it('a changed secret starts with 1 s again', async () => {
    let secret = 'old';
    const made = await refusing({ app: { ...APP, keyStoreClientSecret: () => secret } });
    await failureOf(made.credentials.getToken());
    // oxlint-disable-next-line no-await-in-loop -- one silence after the other
    for (let refusal = 0; refusal < 4; refusal += 1) await secondsOfSilence(made);
    secret = 'new';
    await failureOf(made.credentials.getToken());
    expect(await secondsOfSilence(made)).toBe(1);
  });

  it.each([
    ['maxRetryAfterMs is 0', {}],
    ['the server says Retry-After: 0', { 'retry-after': '0' }],
  ])('callers wait 1 s all the same where %s', async (_, headers) => {
    const made = await refusing({ request: { retries: 0, maxRetryAfterMs: 0 } });
    made.platform.app.always(json({}, 401, headers));
    await failureOf(made.credentials.getToken());
    expect(await secondsOfSilence(made)).toBe(1);
  });

  it('other credentials are not held up', async () => {
    const { platform, module, credentials } = await refusing();
    await failureOf(credentials.getToken());
    await tokenOf(module.get(TenantCredentials));
    await failureOf(credentials.forUserTenant('globex').getToken());
    expect(platform.app.count).toBe(2);
  });
});

describe('after a 429', () => {
  it('callers wait for Retry-After', async () => {
    const made = await refusing();
    made.platform.app.always(tooMany('17'));
    await failureOf(made.credentials.getToken());
    expect(await secondsOfSilence(made)).toBe(17);
  });

  it('callers wait no longer than maxRetryAfterMs', async () => {
    const made = await refusing({ request: { retries: 0, maxRetryAfterMs: 5_000 } });
    made.platform.app.always(tooMany('86400'));
    await failureOf(made.credentials.getToken());
    expect(await secondsOfSilence(made)).toBe(5);
  });

  it('callers wait 1 s where the server does not say', async () => {
    const made = await refusing();
    made.platform.app.always(tooMany());
    await failureOf(made.credentials.getToken());
    expect(await secondsOfSilence(made)).toBe(1);
  });
});

describe('failures that may pass, or that say nothing of the credentials', () => {
  it.each([
    ['503', json({}, 503)],
    ['a redirect', redirect('http://127.0.0.1:1/')],
    ['nonsense', json([])],
  ])('are not remembered: %s', async (_, answer) => {
    const { platform, credentials } = await refusing();
    platform.app.always(answer);
    await failureOf(credentials.getToken());
    platform.app.always();
    await tokenOf(credentials);
    expect(platform.app.count).toBe(2);
  });
});

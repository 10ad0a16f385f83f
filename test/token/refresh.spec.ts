import { AppCredentials } from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { APP, failureOf, fakeTime, startPlatform, startWith, tokenOf, until } from '../support/application.js';
import { hang, json, type StubPlatform } from '../support/stub-platform.js';

const MINUTE = 60_000;
const LIFE = 1_799_000;

async function appCredentials(options: Partial<Parameters<typeof startWith>[0]> = {}) {
  const platform = await startPlatform();
  const module = await startWith({ ...platform.urls, app: APP, tenant: false, request: { retries: 0 }, ...options });
  return { platform, module, credentials: module.get(AppCredentials) };
}

/** Time is fake from here on, and a token has just been received. */
async function withToken(options: Partial<Parameters<typeof startWith>[0]> = {}, lifeSeconds = 1_800) {
  const made = await appCredentials(options);
  made.platform.lifeSeconds = lifeSeconds;
  fakeTime();
  const first = await tokenOf(made.credentials);
  return { ...made, first };
}

const refused = json({ error: 'unauthorized', error_description: 'Bad credentials' }, 401);
const down = json({ error: 'down' }, 503);

function settled(platform: StubPlatform, count: number): Promise<void> {
  return until(() => platform.app.count === count).then(() => platform.app.requests.at(-1)!.over);
}

describe('a valid cached token', () => {
  it('is answered at once, without a request', async () => {
    const { platform, credentials, first } = await withToken();
    vi.advanceTimersByTime(LIFE - 5 * MINUTE - 1_000);
    let seen: string | undefined;
    credentials.getToken().subscribe((token) => (seen = token.value));
    expect(seen).toBe(first.value);
    expect(platform.app.count).toBe(1);
  });

  it('emits one value and completes', async () => {
    const { credentials } = await withToken();
    const events: string[] = [];
    credentials.getToken().subscribe({ next: () => events.push('next'), complete: () => events.push('complete') });
    expect(events).toEqual(['next', 'complete']);
  });

  it('gives its authorization', async () => {
    const { credentials, first } = await withToken();
    expect(await firstValueFrom(credentials.getAuthorization())).toBe(`Bearer ${first.value}`);
  });

  it('is judged by what the monotonic clock says where the wall clock was set back', async () => {
    const { platform, credentials, first } = await withToken();
    vi.advanceTimersByTime(LIFE + 1);
    vi.setSystemTime(Date.now() - 60 * MINUTE);
    expect((await tokenOf(credentials)).value).not.toBe(first.value);
    expect(platform.app.count).toBe(2);
  });

  it('is judged by what the wall clock says where the machine slept', async () => {
    const { platform, credentials, first } = await withToken();
    vi.setSystemTime(Date.now() + LIFE + 1);
    expect((await tokenOf(credentials)).value).not.toBe(first.value);
    expect(platform.app.count).toBe(2);
  });
});

describe('ahead of expiry', () => {
  it('the cached token is answered at once and one new one is fetched behind it', async () => {
    const { platform, credentials, first } = await withToken();
    vi.advanceTimersByTime(LIFE - 5 * MINUTE + 1_000);
    const release = platform.app.hold();
    for (let caller = 0; caller < 50; caller += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one caller after the other
      expect((await tokenOf(credentials)).value).toBe(first.value);
    }
    release();
    await settled(platform, 2);
    await until(() => platform.app.count === 2);
    await expect.poll(async () => (await tokenOf(credentials)).value).not.toBe(first.value);
    expect(platform.app.count).toBe(2);
  });

  it('a failing renewal leaves the cached token in service until its expiry', async () => {
    const { platform, credentials, first } = await withToken();
    platform.app.always(refused);
    for (let left = 5 * MINUTE - 1_000; left > 1_000; left -= 20_000) {
      vi.setSystemTime(first.issuedAt.getTime() + LIFE - left);
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      expect((await tokenOf(credentials)).value).toBe(first.value);
    }
    vi.setSystemTime(first.issuedAt.getTime() + LIFE);
    expect(await failureOf(credentials.getToken())).toMatchObject({ code: 'token_request_failed', status: 401 });
  });

  it('the renewal is not aborted by the leaving of the caller that started it', async () => {
    const { platform, credentials, first } = await withToken();
    vi.advanceTimersByTime(LIFE - 4 * MINUTE);
    const release = platform.app.hold();
    credentials.getToken().subscribe().unsubscribe();
    await platform.app.arrived(2);
    release();
    await expect.poll(async () => (await tokenOf(credentials)).value).not.toBe(first.value);
    expect(platform.app.count).toBe(2);
  });
});

describe('near expiry', () => {
  const nearEnd = async (left = 20_000, options = {}) => {
    const made = await withToken(options);
    vi.advanceTimersByTime(LIFE - left);
    return made;
  };

  it('callers wait for the new token', async () => {
    const { platform, credentials, first } = await nearEnd();
    const release = platform.app.hold();
    const seen: string[] = [];
    credentials.getToken().subscribe((token) => seen.push(token.value));
    await platform.app.arrived(2);
    expect(seen).toEqual([]);
    release();
    await until(() => seen.length === 1);
    expect(seen[0]).not.toBe(first.value);
  });

  it('callers get the old token after a final error', async () => {
    const { platform, credentials, first } = await nearEnd();
    platform.app.next(refused);
    expect((await tokenOf(credentials)).value).toBe(first.value);
    expect(platform.app.count).toBe(2);
  });

  it('callers get the old token once the deadline has passed', async () => {
    const { platform, credentials, first } = await nearEnd(25_000, { request: { deadlineMs: 5_000, retries: 0 } });
    platform.app.next(hang());
    let seen: string | undefined;
    credentials.getToken().subscribe((token) => (seen = token.value));
    await platform.app.arrived(2);
    vi.advanceTimersByTime(4_999);
    expect(seen).toBeUndefined();
    vi.advanceTimersByTime(1);
    await until(() => seen !== undefined);
    expect(seen).toBe(first.value);
  });

  it('callers get the old token 2 s before its end at the latest', async () => {
    const { platform, credentials, first } = await nearEnd(8_000);
    platform.app.next(hang());
    let seen: string | undefined;
    credentials.getToken().subscribe((token) => (seen = token.value));
    await platform.app.arrived(2);
    vi.advanceTimersByTime(5_999);
    expect(seen).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(seen).toBe(first.value);
  });

  it('callers in the last 2 s get the old token at once while a new one is fetched', async () => {
    const { platform, credentials, first } = await nearEnd(1_500);
    const release = platform.app.hold();
    expect((await tokenOf(credentials)).value).toBe(first.value);
    await platform.app.arrived(2);
    release();
  });

  it('an expired token is never answered', async () => {
    const { platform, credentials, first } = await nearEnd(0);
    platform.app.next(down);
    expect(await failureOf(credentials.getToken())).toMatchObject({ code: 'token_request_failed', status: 503 });
    expect((await tokenOf(credentials)).value).not.toBe(first.value);
  });
});

describe('short lives', () => {
  it.each([1, 2, 8, 60])('a token of %i s is used for half of its life before the next is fetched', async (seconds) => {
    const { platform, credentials, first } = await withToken({}, seconds + 1);
    const life = first.expiresAt.getTime() - first.issuedAt.getTime();
    expect(life).toBe(seconds * 1_000);
    vi.advanceTimersByTime(life / 2 - 1);
    expect((await tokenOf(credentials)).value).toBe(first.value);
    expect(platform.app.count).toBe(1);
    vi.advanceTimersByTime(2);
    expect((await tokenOf(credentials)).value).toBe(first.value);
    await settled(platform, 2);
  });

  it('callers wait in the last quarter', async () => {
    const { platform, credentials, first } = await withToken({}, 41);
    vi.advanceTimersByTime(30_001);
    expect((await tokenOf(credentials)).value).not.toBe(first.value);
    expect(platform.app.count).toBe(2);
  });
});

describe('many callers on a cold cache', () => {
  it.each([
    ['one object', (credentials: AppCredentials) => credentials],
    ['objects of their own', (credentials: AppCredentials) => credentials.forUserTenant(APP.userTenant)],
  ])('cause one request through %s, with an asynchronous secret', async (_, derive) => {
    const secret = vi.fn<() => Promise<string>>(async () => APP.keyStoreClientSecret);
    const { platform, credentials } = await appCredentials({ app: { ...APP, keyStoreClientSecret: secret } });
    const release = platform.app.hold();
    const tokens = Array.from({ length: 1_000 }, () => tokenOf(derive(credentials)));
    await platform.app.arrived();
    release();
    const values = new Set((await Promise.all(tokens)).map(({ value }) => value));
    expect({ values: values.size, requests: platform.app.count }).toEqual({ values: 1, requests: 1 });
    expect(secret).toHaveBeenCalledTimes(1);
  });

  it('keep the request when they leave, and it fills the cache', async () => {
    const { platform, credentials } = await appCredentials();
    const release = platform.app.hold();
    const callers = Array.from({ length: 10 }, () => credentials.getToken().subscribe());
    await platform.app.arrived();
    for (const caller of callers) caller.unsubscribe();
    release();
    await platform.app.only.over;
    await tokenOf(credentials);
    expect(platform.app.count).toBe(1);
  });

  it('all get its error, which is not remembered', async () => {
    const { platform, credentials } = await appCredentials();
    platform.app.next(down);
    const release = platform.app.hold();
    const failures = Array.from({ length: 100 }, () => failureOf(credentials.getToken()));
    await platform.app.arrived();
    release();
    for (const failure of await Promise.all(failures)) expect(failure.code).toBe('token_request_failed');
    expect(platform.app.count).toBe(1);
    expect((await tokenOf(credentials)).value).toBeTypeOf('string');
  });

  it('may ask again from within the error, and meet a new request', async () => {
    const { platform, credentials } = await appCredentials();
    platform.app.next(down);
    const value = await new Promise((resolve) => {
      credentials
        .getToken()
        .subscribe({ error: () => credentials.getToken().subscribe((token) => resolve(token.value)) });
    });
    expect(value).toBeTypeOf('string');
    expect(platform.app.count).toBe(2);
  });
});

describe('invalidate', () => {
  it('makes the next call ask anew', async () => {
    const { platform, credentials } = await appCredentials();
    const first = await tokenOf(credentials);
    credentials.invalidate(first);
    expect((await tokenOf(credentials)).value).not.toBe(first.value);
    credentials.invalidate();
    await tokenOf(credentials);
    expect(platform.app.count).toBe(3);
  });

  it('leaves a token alone that has been replaced already', async () => {
    const { platform, credentials } = await appCredentials();
    const first = await tokenOf(credentials);
    credentials.invalidate(first);
    const second = await tokenOf(credentials);
    for (let caller = 0; caller < 100; caller += 1) credentials.invalidate(first);
    expect((await tokenOf(credentials)).value).toBe(second.value);
    expect(platform.app.count).toBe(2);
  });

  it('takes the token from callers who wait for a better one, too', async () => {
    const { platform, credentials, first } = await withToken();
    vi.advanceTimersByTime(LIFE - 20_000);
    platform.app.next(refused);
    const release = platform.app.hold();
    const failure = failureOf(credentials.getToken());
    await platform.app.arrived(2);
    credentials.invalidate(first);
    release();
    expect(await failure).toMatchObject({ status: 401 });
  });
});

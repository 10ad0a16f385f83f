import { type AccessToken, AppCredentials } from 'nestjs-mindsphere-credentials';
import { describe, expect, it, vi } from 'vitest';
import { backgroundTimer } from '../../lib/util/clock.js';
import { APP, failureOf, fakeTime, startPlatform, startWith, tokenOf, until } from '../support/application.js';
import { hang, headerOf, json } from '../support/stub-platform.js';

/* Moments that mutation testing has shown to be unguarded. */

const LIFE = 1_799_000;
const down = json({}, 503);

async function made(options: Partial<Parameters<typeof startWith>[0]> = {}) {
  const platform = await startPlatform();
  const module = await startWith({ ...platform.urls, app: APP, tenant: false, request: { retries: 0 }, ...options });
  fakeTime();
  return { platform, credentials: module.get(AppCredentials) };
}

function listenTo(credentials: AppCredentials) {
  const heard: { values: string[]; error?: unknown } = { values: [] };
  const subscription = credentials.token$.subscribe({
    next: (token: AccessToken) => heard.values.push(token.value),
    error: (error: unknown) => (heard.error = error),
  });
  return Object.assign(heard, { subscription });
}

describe('a listener', () => {
  it('is not greeted with a token that has expired meanwhile', async () => {
    const { platform, credentials } = await made();
    const first = await tokenOf(credentials);
    vi.advanceTimersByTime(LIFE);
    const heard = listenTo(credentials);
    expect(heard.values).toEqual([]);
    await until(() => heard.values.length === 1);
    expect(heard.values[0]).not.toBe(first.value);
    expect(platform.app.count).toBe(2);
  });

  it('hears nothing of expiry while a request is under way, and of the token that comes of it', async () => {
    const { platform, credentials } = await made();
    const heard = listenTo(credentials);
    await until(() => heard.values.length === 1);
    platform.app.always(down);
    vi.advanceTimersByTime(LIFE - 300_000);
    await until(() => platform.app.count === 2);
    await until(() => vi.getTimerCount() === 1);
    platform.app.always();
    const release = platform.app.hold();
    vi.setSystemTime(Date.now() + 298_000);
    credentials.getToken().subscribe();
    await platform.app.arrived(3);
    vi.advanceTimersByTime(2_001);
    expect(heard.error).toBeUndefined();
    release();
    await until(() => heard.values.length === 2);
    expect(heard.error).toBeUndefined();
  });

  it('gets the failure once the token has expired during the request', async () => {
    const { platform, credentials } = await made();
    const heard = listenTo(credentials);
    await until(() => heard.values.length === 1);
    platform.app.always(down);
    const release = platform.app.hold();
    vi.advanceTimersByTime(LIFE - 300_000);
    await platform.app.arrived(2);
    vi.setSystemTime(Date.now() + 300_000);
    expect(heard.error).toBeUndefined();
    release();
    await until(() => heard.error !== undefined);
    expect(heard.error).toMatchObject({ status: 503 });
  });

  it('may leave while it waits for its first token', async () => {
    const { platform, credentials } = await made();
    const release = platform.app.hold();
    const heard = listenTo(credentials);
    heard.subscription.unsubscribe();
    await platform.app.arrived();
    release();
    await platform.app.only.over;
    await tokenOf(credentials);
    expect([heard.values, platform.app.count]).toEqual([[], 1]);
  });

  it('gets an error where the secret cannot be read, though a token is valid', async () => {
    let secret = APP.keyStoreClientSecret;
    const { credentials } = await made({ app: { ...APP, keyStoreClientSecret: () => secret } });
    const heard = listenTo(credentials);
    await until(() => heard.values.length === 1);
    secret = '' as typeof secret;
    vi.advanceTimersByTime(LIFE - 300_000);
    await until(() => heard.error !== undefined);
    expect(heard.error).toMatchObject({ code: 'options_invalid' });
  });
});

describe('a caller who waits near expiry', () => {
  it('does not get the old token once the machine has slept through its end', async () => {
    const { platform, credentials } = await made({ request: { retries: 0, timeoutMs: 60_000, deadlineMs: 60_000 } });
    const first = await tokenOf(credentials);
    vi.advanceTimersByTime(LIFE - 20_000);
    const release = platform.app.hold();
    const seen: string[] = [];
    credentials.getToken().subscribe((token) => seen.push(token.value));
    await platform.app.arrived(2);
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(18_500);
    expect(seen).toEqual([]);
    release();
    await until(() => seen.length === 1 || platform.app.count > 2);
    expect(seen).not.toContain(first.value);
  });

  it('gets the failure once the machine has slept through its end', async () => {
    const { platform, credentials } = await made();
    await tokenOf(credentials);
    vi.advanceTimersByTime(LIFE - 20_000);
    platform.app.always(down);
    const release = platform.app.hold();
    const failure = failureOf(credentials.getToken());
    await platform.app.arrived(2);
    vi.setSystemTime(Date.now() + 3_600_000);
    release();
    expect(await failure).toMatchObject({ status: 503 });
  });
});

describe('a short life', () => {
  it('causes no renewal before its half', async () => {
    const { platform, credentials } = await made();
    platform.lifeSeconds = 61;
    await tokenOf(credentials);
    vi.advanceTimersByTime(29_999);
    await tokenOf(credentials);
    await tokenOf(credentials.forUserTenant('globex'));
    await platform.app.arrived(2);
    expect(platform.app.requests.map(({ body }) => String(body).includes('acme'))).toEqual([true, false]);
  });
});

describe('tokens held', () => {
  it('are counted with those that somebody listens to', async () => {
    const { platform, credentials } = await made({ cache: { maxTokens: 2 } });
    listenTo(credentials.forUserTenant('t1'));
    await tokenOf(credentials.forUserTenant('t1'));
    await tokenOf(credentials.forUserTenant('t2'));
    await tokenOf(credentials.forUserTenant('t3'));
    await tokenOf(credentials.forUserTenant('t3'));
    expect(platform.app.count).toBe(3);
    await tokenOf(credentials.forUserTenant('t2'));
    expect(platform.app.count).toBe(4);
  });

  it('may be forgotten before there was one', async () => {
    const { platform, credentials } = await made();
    expect(() => credentials.invalidate()).not.toThrow();
    expect(() => credentials.invalidate(undefined)).not.toThrow();
    const token = await tokenOf(credentials);
    credentials.invalidate();
    expect(() => credentials.invalidate(token)).not.toThrow();
    expect(platform.app.count).toBe(1);
  });
});

describe('a request that is waited for', () => {
  it('keeps the process alive until the last caller has left', async () => {
    const { platform, credentials } = await made();
    platform.app.always(hang());
    const callers = [credentials.getToken().subscribe(), credentials.getToken().subscribe()];
    await platform.app.arrived();
    const timers = vi.getTimerCount();
    callers[0]?.unsubscribe();
    expect(vi.getTimerCount()).toBe(timers);
    callers[1]?.unsubscribe();
    expect(vi.getTimerCount()).toBe(timers - 1);
  });

  it('says who asks', async () => {
    const { platform, credentials } = await made();
    await tokenOf(credentials);
    expect(headerOf(platform.app.only, 'user-agent')).toBe('nestjs-mindsphere-credentials');
    expect(headerOf(platform.app.only, 'accept')).toBe('application/json');
  });
});

describe('a timer', () => {
  it('longer than Node can count does not fire at once', async () => {
    let fired = false;
    const subscription = backgroundTimer(2 ** 31).subscribe(() => (fired = true));
    await new Promise((resolve) => setTimeout(resolve, 30));
    subscription.unsubscribe();
    expect(fired).toBe(false);
  });
});

import { type AccessToken, AppCredentials } from 'nestjs-mindsphere-credentials';
import { describe, expect, it, vi } from 'vitest';
import { APP, fakeTime, startPlatform, startWith, tokenOf, until } from '../support/application.js';
import { json } from '../support/stub-platform.js';

const LIFE = 1_799_000;
const AHEAD = 300_000;

async function listening() {
  const platform = await startPlatform();
  const module = await startWith({ ...platform.urls, app: APP, tenant: false, request: { retries: 0 } });
  const credentials = module.get(AppCredentials);
  fakeTime();
  return { platform, module, credentials, listen: () => listenTo(credentials) };
}

function listenTo(credentials: AppCredentials) {
  const heard: { tokens: AccessToken[]; error?: unknown; completed: boolean } = { tokens: [], completed: false };
  const subscription = credentials.token$.subscribe({
    next: (token) => heard.tokens.push(token),
    error: (error: unknown) => (heard.error = error),
    complete: () => (heard.completed = true),
  });
  return { heard, subscription };
}

/** Lets time pass in small steps, with real answers in between, until the condition holds or the time is over. */
async function passTime(timeMs: number, enough: () => boolean): Promise<void> {
  for (const end = Date.now() + timeMs; Date.now() < end && !enough(); vi.advanceTimersByTime(100)) {
    for (let turn = 0; turn < 5; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one turn of the event loop after the other
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const refused = json({ error: 'unauthorized' }, 401);
const down = json({}, 503);

describe('token$', () => {
  it('is the same Observable each time', async () => {
    const { credentials } = await listening();
    expect(credentials.token$).toBe(credentials.token$);
  });

  it('emits the current token and every later one, fetched ahead of expiry', async () => {
    const { platform, listen } = await listening();
    const { heard } = listen();
    for (let count = 1; count <= 4; count += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one token after the other
      await until(() => heard.tokens.length === count);
      vi.advanceTimersByTime(LIFE - AHEAD - 1);
      expect(platform.app.count).toBe(count);
      vi.advanceTimersByTime(1);
    }
    await until(() => platform.app.count === 5);
  });

  it('shares the requests of getToken() and of other listeners', async () => {
    const { platform, credentials, listen } = await listening();
    const first = listen();
    const second = listen();
    const token = await tokenOf(credentials);
    expect(first.heard.tokens.concat(second.heard.tokens)).toEqual([token, token]);
    credentials.invalidate();
    await until(() => first.heard.tokens.length === 2 && second.heard.tokens.length === 2);
    expect(platform.app.count).toBe(2);
  });

  it('asks no more once nobody listens', async () => {
    const { platform, listen } = await listening();
    const { heard, subscription } = listen();
    await until(() => heard.tokens.length === 1);
    subscription.unsubscribe();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(LIFE - AHEAD);
    await passTime(1_000, () => platform.app.count > 1);
    expect(platform.app.count).toBe(1);
    vi.advanceTimersByTime(LIFE);
    await passTime(1_000, () => platform.app.count > 1);
    expect(platform.app.count).toBe(1);
  });

  it('is silent about failures that may pass while the token is valid', async () => {
    const { platform, listen } = await listening();
    const { heard } = listen();
    await until(() => heard.tokens.length === 1);
    platform.app.next(down, down);
    vi.advanceTimersByTime(LIFE - AHEAD);
    await passTime(30_000, () => heard.tokens.length === 2);
    expect(platform.app.count).toBe(4);
    expect(heard).toMatchObject({ tokens: [{}, {}], completed: false });
    expect(heard.error).toBeUndefined();
  });

  it('fails with a final refusal, and may be subscribed again', async () => {
    const { platform, listen } = await listening();
    const { heard } = listen();
    await until(() => heard.tokens.length === 1);
    platform.app.next(refused);
    vi.advanceTimersByTime(LIFE - AHEAD);
    await until(() => heard.error !== undefined);
    expect(heard.error).toMatchObject({ code: 'token_request_failed', status: 401 });
    const again = listen();
    expect(again.heard.tokens).toHaveLength(1);
  });

  it('fails at expiry without a new token', async () => {
    const { platform, listen } = await listening();
    const { heard } = listen();
    await until(() => heard.tokens.length === 1);
    platform.app.always(down);
    const expiresAt = heard.tokens[0]!.expiresAt.getTime();
    vi.advanceTimersByTime(LIFE - AHEAD);
    await passTime(AHEAD - 100, () => heard.error !== undefined);
    expect(heard.error).toBeUndefined();
    await passTime(20_000, () => heard.error !== undefined);
    expect(heard.error).toMatchObject({ code: 'token_request_failed', status: 503 });
    expect(Date.now() - expiresAt).toBeLessThan(1_000);
  });

  it('completes at module destroy and leaves no timer', async () => {
    const { module, listen } = await listening();
    const { heard } = listen();
    await until(() => heard.tokens.length === 1);
    await module.close();
    expect(heard.completed).toBe(true);
    expect(heard.error).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('emits the held token before it reports that the next one cannot be fetched', async () => {
    let secret = () => APP.keyStoreClientSecret as string;
    const platform = await startPlatform();
    const app = { ...APP, keyStoreClientSecret: () => secret() };
    const module = await startWith({ ...platform.urls, app, tenant: false, request: { retries: 0 } });
    const credentials = module.get(AppCredentials);
    fakeTime();
    await tokenOf(credentials);
    vi.advanceTimersByTime(LIFE - AHEAD + 1_000);
    secret = () => {
      throw new Error('the vault is closed');
    };
    const { heard } = listenTo(credentials);
    expect(heard.tokens).toHaveLength(1);
    expect(heard.error).toMatchObject({ code: 'options_invalid' });
  });
});

import { setImmediate } from 'node:timers/promises';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AppCredentials,
  getCredentialsToken,
  MindsphereCredentials,
  MindsphereCredentialsFactory,
  MindsphereCredentialsModule,
  TenantCredentials,
  TokenVerifier,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { APP, failureOf, fakeTime, startPlatform, startWith, TENANT, tokenOf, until } from '../support/application.js';
import { drip, hang, json } from '../support/stub-platform.js';

const LIFE = 1_799_000;
const AHEAD = 300_000;

/** An application whose time is faked. */
async function started(options: Partial<Parameters<typeof startWith>[0]> = {}) {
  const platform = await startPlatform();
  const module = await startWith({ ...platform.urls, app: APP, tenant: TENANT, ...options });
  fakeTime();
  return { platform, module, credentials: module.get(AppCredentials) };
}

/** What a caller is told, and when. */
function outcomeOf(credentials: MindsphereCredentials) {
  const told: { code?: string; completed: boolean } = { completed: false };
  credentials.token$.subscribe({
    error: (error: { code: string }) => (told.code = error.code),
    complete: () => (told.completed = true),
  });
  return told;
}

describe('module destroy, while', () => {
  it.each([
    ['an answer is waited for', hang()],
    ['a body drips', drip()],
  ])('%s: aborts the request, clears every timer, tells who waits', async (_, answer) => {
    const { platform, module, credentials } = await started();
    platform.app.always(answer);
    const failure = failureOf(credentials.getToken());
    const listener = outcomeOf(credentials);
    await platform.app.arrived();
    await module.close();
    expect((await failure).code).toBe('module_destroyed');
    expect(listener).toEqual({ completed: true });
    expect(vi.getTimerCount()).toBe(0);
    await platform.app.only.over;
  });

  it('the next attempt is waited for: makes none', async () => {
    const { platform, module, credentials } = await started({ request: { retryDelayMs: 5_000, deadlineMs: 60_000 } });
    platform.app.always(json({}, 503));
    const failure = failureOf(credentials.getToken());
    await platform.app.arrived();
    await platform.app.only.over;
    // deadline, waiting caller, backoff
    await until(() => vi.getTimerCount() === 3);
    await module.close();
    expect((await failure).code).toBe('module_destroyed');
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(60_000);
    expect(platform.app.count).toBe(1);
  });

  it('a secret is waited for: sends none', async () => {
    let give: (secret: string) => void = () => undefined;
    const secret = () => new Promise<string>((resolve) => (give = resolve));
    const { platform, module, credentials } = await started({ app: { ...APP, keyStoreClientSecret: secret } });
    const failure = failureOf(credentials.getToken());
    await module.close();
    expect((await failure).code).toBe('module_destroyed');
    give(APP.keyStoreClientSecret);
    for (let turn = 0; turn < 50; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one turn of the event loop after the other
      await setImmediate();
    }
    expect([platform.count, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('a renewal pauses between two failures: makes no other, and completes token$ without an error', async () => {
    const { platform, module, credentials } = await started({ request: { retries: 0 } });
    await tokenOf(credentials);
    platform.app.always(json({}, 503));
    const listener = outcomeOf(credentials);
    vi.advanceTimersByTime(LIFE - AHEAD);
    await platform.app.arrived(2);
    await until(() => vi.getTimerCount() === 1);
    await module.close();
    expect(listener).toEqual({ completed: true });
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(LIFE);
    expect(platform.app.count).toBe(2);
  });

  it('many credentials are in use: all of them end', async () => {
    const { platform, module, credentials } = await started();
    const tenants = Array.from({ length: 20 }, (_, at) => credentials.forUserTenant(`t${at}`));
    platform.app.always(hang());
    const failures = tenants.map((each) => failureOf(each.getToken()));
    const listeners = tenants.map(outcomeOf);
    await platform.app.arrived(20);
    await module.close();
    for (const { code } of await Promise.all(failures)) expect(code).toBe('module_destroyed');
    for (const listener of listeners) expect(listener).toEqual({ completed: true });
    expect(vi.getTimerCount()).toBe(0);
    await Promise.all(platform.app.requests.map(({ over }) => over));
  });

  it('key sets are read: aborts that, too', async () => {
    const { platform, module } = await started();
    platform.keys.always(hang());
    const failure = failureOf(module.get(TokenVerifier).verify(platform.userToken()));
    await platform.keys.arrived();
    await module.close();
    expect((await failure).code).toBe('module_destroyed');
    await platform.keys.only.over;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('after module destroy', () => {
  it('every call fails with module_destroyed, though there was a token, and asks nobody', async () => {
    const { platform, module, credentials } = await started();
    const verifier = module.get(TokenVerifier);
    const factory = module.get(MindsphereCredentialsFactory);
    const jwt = platform.userToken();
    const user = await firstValueFrom(verifier.verify(jwt));
    const before = credentials.forUser(user);
    const all = [credentials, module.get(TenantCredentials), module.get(MindsphereCredentials), before];
    await Promise.all(all.map(tokenOf));
    await module.close();
    const requests = platform.count;
    const later = [
      ...all,
      credentials.forUserTenant('globex'),
      credentials.forUser(user),
      module.get(TenantCredentials).forSubtenant('plant'),
      factory.app(APP),
      factory.tenant(TENANT),
    ];
    for (const each of later) {
      for (const call of [each.getToken(), each.getAuthorization(), each.token$]) {
        // oxlint-disable-next-line no-await-in-loop -- one call after the other
        expect((await failureOf(call)).code).toBe('module_destroyed');
      }
      expect(() => each.invalidate()).not.toThrow();
    }
    expect((await failureOf(verifier.verify(jwt))).code).toBe('module_destroyed');
    expect([platform.count - requests, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('a second one is no fault', async () => {
    const { module } = await started();
    await module.close();
    await expect(module.close()).resolves.toBeUndefined();
  });

  it('other registrations go on', async () => {
    const { platform, module } = await started();
    const other = await startWith({ ...platform.urls, app: APP, tenant: false });
    await module.close();
    expect((await tokenOf(other.get(AppCredentials))).tenant).toBe('acme');
  });
});

describe('app.close()', () => {
  it('ends global and named registrations alike', async () => {
    const platform = await startPlatform();
    @Global()
    @Module({
      imports: [
        MindsphereCredentialsModule.forRoot({ ...platform.urls, app: APP, isGlobal: true }),
        MindsphereCredentialsModule.forRoot({ ...platform.urls, app: APP, name: 'plant' }),
      ],
    })
    class Root {}
    const app = await NestFactory.createApplicationContext(Root, { logger: false });
    onTestFinished(() => app.close());
    platform.app.always(hang());
    const all = [app.get(AppCredentials), app.get<AppCredentials>(getCredentialsToken(AppCredentials, 'plant'))];
    const failures = all.map((credentials) => failureOf(credentials.getToken()));
    await platform.app.arrived(2);
    await app.close();
    for (const { code } of await Promise.all(failures)) expect(code).toBe('module_destroyed');
    await Promise.all(platform.app.requests.map(({ over }) => over));
  });
});

import {
  AppCredentials,
  type MindsphereCredentialsEvent,
  MindsphereCredentialsEvents,
  MindsphereCredentialsModule,
  TenantCredentials,
  TokenVerifier,
} from 'nestjs-mindsphere-credentials';
import { config, firstValueFrom } from 'rxjs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  APP,
  failureOf,
  fakeTime,
  start,
  startPlatform,
  startWith,
  TENANT,
  tokenOf,
  until,
} from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { eventsOf, ofType, typesOf } from '../support/event-log.js';
import { leaksOf, partsOf, spellings } from '../support/leaks.js';
import { json } from '../support/stub-platform.js';

const MINUTE = 60_000;
const refused = json({ error: 'unauthorized', error_description: 'Bad credentials' }, 401);
const down = json({ error: 'down' }, 503);

async function lab(options: Partial<Parameters<typeof startWith>[0]> = {}) {
  const platform = await startPlatform();
  const module = await startWith({ ...platform.urls, app: APP, tenant: TENANT, request: { retries: 0 }, ...options });
  return { platform, module, app: module.get(AppCredentials), events: eventsOf(module) };
}

describe('a token request', () => {
  it('is reported when it begins and when the token is received', async () => {
    const { app, events } = await lab();
    const before = Date.now();
    await tokenOf(app);
    expect(events).toEqual([
      { type: 'token_requested', at: expect.any(Number), platform: 'mindsphere', credentials: 'app', tenant: 'acme' },
      {
        type: 'token_received',
        at: expect.any(Number),
        platform: 'mindsphere',
        credentials: 'app',
        tenant: 'acme',
        durationMs: expect.any(Number),
        attempts: 1,
        lifeMs: 1_799_000,
      },
    ]);
    const [received] = ofType(events, 'token_received');
    expect(received!.durationMs).toBeGreaterThan(0);
    expect(received!.durationMs).toBeLessThan(20_000);
    expect(events.every(({ at }) => at >= before && at <= Date.now())).toBe(true);
  });

  it('names the subtenant', async () => {
    const { module, events } = await lab();
    await tokenOf(module.get(TenantCredentials).forSubtenant('plant1'));
    const subject = { platform: 'mindsphere', credentials: 'tenant', tenant: 'acme', subtenant: 'plant1' };
    expect(events).toMatchObject([
      { type: 'token_requested', ...subject },
      { type: 'token_received', ...subject },
    ]);
  });

  it('is reported once for all callers that wait, and not for a token from the cache', async () => {
    const { app, events } = await lab();
    await Promise.all(Array.from({ length: 50 }, () => tokenOf(app)));
    await Promise.all(Array.from({ length: 50 }, () => tokenOf(app)));
    expect(typesOf(events)).toEqual(['token_requested', 'token_received']);
  });

  it('is reported at each further attempt, with the reason and the delay', async () => {
    const { platform, app, events } = await lab({ request: { retries: 2, retryDelayMs: 5 } });
    platform.app.next(down, json({}, 429));
    await tokenOf(app);
    expect(events).toMatchObject([
      { type: 'token_requested' },
      { type: 'token_retried', attempt: 1, code: 'token_request_failed', status: 503, retryable: true, tenant: 'acme' },
      { type: 'token_retried', attempt: 2, code: 'token_request_failed', status: 429, retryable: true },
      { type: 'token_received', attempts: 3 },
    ]);
    for (const { delayMs, attempt } of ofType(events, 'token_retried')) {
      expect(delayMs).toBeGreaterThanOrEqual(0);
      expect(delayMs).toBeLessThanOrEqual(5 * attempt);
    }
  });

  it('is reported once where it is rejected, however often the remembered rejection is repeated', async () => {
    const { platform, app, events } = await lab();
    platform.app.always(refused);
    for (let call = 0; call < 20; call += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one call after the other
      expect(await failureOf(app.getToken())).toMatchObject({ status: 401 });
    }
    expect(platform.app.count).toBe(1);
    expect(events).toMatchObject([
      { type: 'token_requested' },
      {
        type: 'token_refused',
        code: 'token_request_failed',
        status: 401,
        retryable: false,
        attempts: 1,
        tenant: 'acme',
      },
    ]);
    expect(ofType(events, 'token_refused')[0]!.durationMs).toBeGreaterThan(0);
  });

  it('that runs into the deadline has failed', async () => {
    const { platform, app, events } = await lab({ request: { retries: 0, deadlineMs: 60, timeoutMs: 600 } });
    const release = platform.app.hold();
    await failureOf(app.getToken());
    release();
    expect(events).toMatchObject([
      { type: 'token_requested' },
      { type: 'token_refused', code: 'token_request_failed', retryable: true, attempts: 1 },
    ]);
  });

  it('that cannot begin for want of a secret has failed, without having begun', async () => {
    const app = { ...APP, keyStoreClientSecret: () => Promise.reject(new Error('no vault')) };
    const made = await lab({ app });
    await failureOf(made.app.getToken());
    expect(made.events).toMatchObject([{ type: 'token_refused', code: 'options_invalid', attempts: 0 }]);
  });
});

describe('a failed renewal', () => {
  it('reports once that the held token is still served, not for each call', async () => {
    const { platform, app, events } = await lab();
    fakeTime();
    await tokenOf(app);
    vi.advanceTimersByTime(1_799_000 - 4 * MINUTE);
    platform.app.always(down);
    await tokenOf(app);
    await until(() => typesOf(events).includes('token_served_stale'));
    await Promise.all(Array.from({ length: 100 }, () => tokenOf(app)));
    expect(typesOf(events).slice(2)).toEqual(['token_requested', 'token_refused', 'token_served_stale']);
    expect(events.at(-1)).toMatchObject({
      platform: 'mindsphere',
      credentials: 'app',
      tenant: 'acme',
      code: 'token_request_failed',
      status: 503,
      retryable: true,
      lifeLeftMs: 4 * MINUTE,
    });
    vi.advanceTimersByTime(2_000);
    await tokenOf(app);
    await until(() => ofType(events, 'token_served_stale').length === 2);
    expect(platform.app.count).toBe(3);
  });

  it('is not reported as served where no valid token is held', async () => {
    const { platform, app, events } = await lab();
    platform.app.always(down);
    await failureOf(app.getToken());
    expect(typesOf(events)).toEqual(['token_requested', 'token_refused']);
  });
});

describe('a key set', () => {
  const verdict = (verifier: TokenVerifier, jwt: string) =>
    firstValueFrom(verifier.verify(jwt)).then(
      () => 'ok',
      (error: { code: string }) => error.code,
    );

  it('is reported when it is read, with the configured tenant', async () => {
    const { platform, module, events } = await lab({ verification: { keySetTenant: false } });
    expect(await verdict(module.get(TokenVerifier), platform.userToken())).toBe('ok');
    expect(events).toEqual([
      {
        type: 'key_set_read',
        at: expect.any(Number),
        platform: 'mindsphere',
        outcome: 'ok',
        durationMs: expect.any(Number),
        tenant: 'acme',
      },
    ]);
  });

  it('is reported when it cannot be read', async () => {
    const { platform, module, events } = await lab({ verification: { keySetTenant: false } });
    platform.keys.next(down);
    expect(await verdict(module.get(TokenVerifier), platform.userToken())).toBe('key_set_unavailable');
    expect(events).toMatchObject([
      { type: 'key_set_read', outcome: 'failed', status: 503, tenant: 'acme' },
      { type: 'user_token_refused', code: 'key_set_unavailable' },
    ]);
  });

  it('of an unknown issuer is reported without its name, until one of its tokens was verified', async () => {
    fakeTime();
    const { platform, module, events } = await lab({ verification: { keySetTenant: false, keySetMaxAgeMs: MINUTE } });
    const verifier = module.get(TokenVerifier);
    const [header, claims] = platform.userToken({ ten: 'invented' }).split('.');
    expect(await verdict(verifier, `${header}.${claims}.${'A'.repeat(342)}`)).toBe('token_signature');
    expect(JSON.stringify(events)).not.toContain('invented');
    expect(ofType(events, 'key_set_read')).toMatchObject([{ outcome: 'ok', tenant: undefined }]);
    expect(await verdict(verifier, platform.userToken({ ten: 'invented' }))).toBe('ok');
    vi.advanceTimersByTime(2 * MINUTE);
    expect(await verdict(verifier, platform.userToken({ ten: 'invented' }))).toBe('ok');
    expect(ofType(events, 'key_set_read').at(-1)).toMatchObject({ outcome: 'ok', tenant: 'invented' });
  });

  it('of the platform is reported with its name, where it cannot be read and where entries are left out', async () => {
    const { platform, module, events } = await lab();
    platform.keys.next(down);
    expect(await verdict(module.get(TokenVerifier), platform.userToken())).toBe('ok');
    expect(ofType(events, 'key_set_read')).toMatchObject([{ tenant: 'core', status: 503 }, { tenant: 'acme' }]);

    const key = testKey('key-id-1');
    const server = await KeyServer.start(key);
    server.publish([{ kty: 'RSA', kid: 'weak', n: 'AQAB', e: 'AQAB' }, key]);
    const other = await startWith({ ...server.platform.urls, app: APP, tenant: false });
    const itsEvents = eventsOf(other);
    expect(await verdict(other.get(TokenVerifier), server.token(key))).toBe('ok');
    expect(ofType(itsEvents, 'key_set_read')).toMatchObject([{ tenant: 'core', outcome: 'ok', ignoredKeys: 1 }]);
  });

  it('and a rejected user are reported by code alone', async () => {
    const { platform, module, events } = await lab();
    const verifier = module.get(TokenVerifier);
    const request = (...authorization: string[]) => ({ headers: { authorization: authorization[0] }, rawHeaders: [] });
    expect(await verdict(verifier, platform.userToken({ exp: 1 }))).toBe('token_expired');
    expect(() => verifier.presented(request('Bearer '))).toThrow('malformed');
    expect(() => verifier.presented(request())).toThrow('no bearer token');
    expect(events).toEqual([
      { type: 'user_token_refused', at: expect.any(Number), platform: 'mindsphere', code: 'token_expired' },
      { type: 'user_token_refused', at: expect.any(Number), code: 'token_malformed' },
    ]);
  });

  it("and a user whom the application's rule rejects are reported at each call", async () => {
    let allowed = true;
    const { platform, module, events } = await lab({ verification: { allowedTenants: () => allowed } });
    const jwt = platform.userToken();
    expect(await verdict(module.get(TokenVerifier), jwt)).toBe('ok');
    allowed = false;
    expect(await verdict(module.get(TokenVerifier), jwt)).toBe('token_tenant');
    expect(ofType(events, 'user_token_refused')).toMatchObject([{ code: 'token_tenant' }]);
  });
});

describe('events', () => {
  it('are not made where nobody has subscribed', () => {
    const events = new MindsphereCredentialsEvents();
    const make = vi.fn<() => MindsphereCredentialsEvent>(() => ({
      type: 'user_token_refused',
      at: 0,
      code: 'token_type',
    }));
    events.emit(make);
    expect(make).not.toHaveBeenCalled();
    const listener = events.events$.subscribe();
    events.emit(make);
    expect(make).toHaveBeenCalledTimes(1);
    listener.unsubscribe();
    events.emit(make);
    expect(make).toHaveBeenCalledTimes(1);
  });

  it('of a running application have no listener but those that subscribe', async () => {
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, app: APP, tenant: false });
    const next = vi.spyOn(module.get(MindsphereCredentialsEvents), 'emit');
    await tokenOf(module.get(AppCredentials));
    expect(next).toHaveBeenCalled();
    const stopped = vi.fn<() => MindsphereCredentialsEvent>();
    module.get(MindsphereCredentialsEvents).emit(stopped);
    expect(stopped).not.toHaveBeenCalled();
  });

  it('whose listener throws harm no token request; RxJS reports what was thrown', async () => {
    const reported: unknown[] = [];
    config.onUnhandledError = (error) => void reported.push(error);
    onTestFinished(() => void (config.onUnhandledError = null));
    const { platform, module, app, events } = await lab({ request: { retries: 1, retryDelayMs: 1 } });
    const failing = () => {
      throw new Error('the listener fails');
    };
    module.get(MindsphereCredentialsEvents).events$.subscribe(failing);
    const later = eventsOf(module);
    platform.app.next(down);
    expect((await tokenOf(app)).tenant).toBe('acme');
    expect(typesOf(events)).toEqual(['token_requested', 'token_retried', 'token_received']);
    expect(later).toEqual(events);
    await vi.waitFor(() => expect(reported).toHaveLength(3));
  });

  it('may lead a listener back into the credentials', async () => {
    const { platform, module, app } = await lab();
    const seen: string[] = [];
    module.get(MindsphereCredentialsEvents).events$.subscribe(({ type }) => {
      app.getToken().subscribe((token) => seen.push(`${type} ${token.tenant}`));
    });
    await tokenOf(app);
    expect(seen).toEqual(['token_requested acme', 'token_received acme']);
    expect(platform.app.count).toBe(1);
  });

  it('belong to their registration', async () => {
    const platform = await startPlatform();
    const plain = MindsphereCredentialsModule.forRoot({ ...platform.urls, app: APP, tenant: false });
    const plant = MindsphereCredentialsModule.forRoot({ ...platform.urls, app: APP, tenant: false, name: 'plant' });
    const module = await start([plain, plant]);
    const events = eventsOf(module);
    const eventsOfPlant = eventsOf(module, 'plant');
    await tokenOf(module.get(AppCredentials));
    expect(typesOf(events)).toEqual(['token_requested', 'token_received']);
    expect(eventsOfPlant).toEqual([]);
  });

  it('complete when the application closes, without an error', async () => {
    const { platform, module, app } = await lab();
    const complete = vi.fn<() => void>();
    const error = vi.fn<() => void>();
    module.get(MindsphereCredentialsEvents).events$.subscribe({ complete, error });
    platform.app.hold();
    const waiting = failureOf(app.getToken());
    await platform.app.arrived();
    await module.close();
    expect(await waiting).toMatchObject({ code: 'module_destroyed' });
    expect(complete).toHaveBeenCalledTimes(1);
    expect(error).not.toHaveBeenCalled();
  });

  it('hold no secret and no token', async () => {
    const { platform, module, app, events } = await lab({ request: { retries: 1, retryDelayMs: 1 } });
    const token = await tokenOf(app);
    const jwt = platform.userToken({ exp: 1 });
    const echo = json({ error: APP.keyStoreClientSecret, error_description: token.value }, 401);
    platform.app.next(down).always(echo);
    app.invalidate();
    await failureOf(app.getToken());
    await failureOf(module.get(TokenVerifier).verify(jwt));
    await failureOf(module.get(TokenVerifier).verify('not-a-token'));
    const types = ['token_requested', 'token_received', 'token_requested', 'token_retried', 'token_refused'];
    expect(typesOf(events)).toEqual([...types, 'user_token_refused', 'user_token_refused']);
    const secrets = [
      ...spellings(APP.keyStoreClientId, APP.keyStoreClientSecret),
      ...partsOf(token.value),
      ...partsOf(jwt),
    ];
    expect(leaksOf(events, secrets)).toEqual([]);
  });
});

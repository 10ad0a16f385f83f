import { AppCredentials, MindsphereCredentialsFactory } from 'nestjs-mindsphere-credentials';
import {
  type EmulatorFault,
  MindsphereEmulator,
  type MindsphereEmulatorOptions,
} from 'nestjs-mindsphere-credentials/testing';
import { delay, lastValueFrom, mergeMap, NEVER, of, take, tap, toArray } from 'rxjs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  APP,
  failureOf,
  fakeTime,
  IMPATIENT,
  ONE_TRY,
  startPlatform,
  startWith,
  until,
} from '../support/application.js';
import { leaksOf, partsOf } from '../support/leaks.js';
import { flood, isFullLength } from '../support/length.js';
import { type Answer, hang, headerOf, json } from '../support/stub-platform.js';

const named = (count: number) => Array.from({ length: count }, (_, at) => `customer${at}`);

async function startEmulated(options: MindsphereEmulatorOptions = {}, request: object = ONE_TRY) {
  const emulator = await MindsphereEmulator.start({ strict: true, ...options });
  onTestFinished(() => emulator.close());
  const module = await startWith({ ...emulator.moduleOptions, request });
  const pages = () => emulator.requests('user-tenants').map(({ path }) => path.split('?')[1]);
  return { emulator, module, app: module.get(AppCredentials), pages };
}

/** An application whose Token Manager lists what the test says. */
async function startStubbed(answer: Answer, request: object = ONE_TRY) {
  const platform = await startPlatform();
  platform.elsewhere.always(answer);
  const module = await startWith({ ...platform.urls, app: APP, tenant: false, request });
  return { platform, list: platform.elsewhere, app: module.get(AppCredentials) };
}

const page = (number: number, totalPages: number, ids: unknown[], rest: object = {}) => ({
  page: { size: 100, totalElements: 7, totalPages, number, ...rest },
  userTenants: ids.map((id) => ({ id })),
});

/** Answers each page as a function of its number. */
const pages =
  (make: (number: number) => unknown): Answer =>
  (exchange) =>
    json(make(Number(/page=(\d+)/.exec(exchange.request.url)?.[1])))(exchange);

describe('userTenants()', () => {
  it('lists every tenant in order, 100 at a time', async () => {
    const { app, pages: asked, emulator } = await startEmulated({ userTenants: named(250) });
    expect(await lastValueFrom(app.userTenants().pipe(toArray()))).toEqual(named(250));
    expect(asked()).toEqual(['page=0&size=100', 'page=1&size=100', 'page=2&size=100']);
    expect(emulator.requests('app-token')).toHaveLength(1);
  });

  it.each([
    [0, 1],
    [1, 1],
    [99, 1],
    [100, 1],
    [101, 2],
    [200, 2],
  ])('lists %i tenants with %i requests', async (count, requests) => {
    const { app, pages: asked } = await startEmulated({ userTenants: named(count) });
    expect(await lastValueFrom(app.userTenants().pipe(toArray()))).toEqual(named(count));
    expect(asked()).toHaveLength(requests);
  });

  it.each([
    [1, 1],
    [99, 1],
    [100, 1],
    [101, 2],
  ])('take(%i) of 500 makes %i requests', async (count, requests) => {
    const { app, pages: asked } = await startEmulated({ userTenants: named(500) });
    expect(await lastValueFrom(app.userTenants().pipe(take(count), toArray()))).toHaveLength(count);
    expect(asked()).toHaveLength(requests);
  });

  it('does nothing before it is subscribed, and reads anew each time', async () => {
    const { app, emulator, pages: asked } = await startEmulated();
    const tenants = app.userTenants();
    expect(emulator.requests()).toEqual([]);
    await lastValueFrom(tenants);
    expect(await lastValueFrom(tenants)).toBe('customer');
    expect(asked()).toHaveLength(2);
  });

  it('acts for the host tenant, whatever tenant the credentials act for', async () => {
    const { app, emulator, module } = await startEmulated();
    const user = module.get(MindsphereCredentialsFactory).userToken(emulator.issueUserToken());
    for (const credentials of [app, app.forUserTenant('customer7'), app.forUser(user)]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await lastValueFrom(credentials.userTenants())).toBe('customer');
    }
    expect(emulator.requests('app-token').map(({ body }) => JSON.parse(body).userTenant)).toEqual(['operator']);
  });

  it('asks for no page while the first one is being worked on by less than it holds', async () => {
    const { app, pages: asked } = await startEmulated({ userTenants: named(500) });
    const worked: string[] = [];
    await lastValueFrom(
      app.userTenants().pipe(
        tap((tenant) => void worked.push(tenant)),
        take(50),
        mergeMap((tenant) => of(tenant).pipe(delay(1)), 4),
      ),
    );
    expect([worked.length, asked().length]).toEqual([50, 1]);
  });

  it('many, four at a time: each once, no more than four at once', async () => {
    const { app } = await startEmulated({ userTenants: named(flood(10_000)) });
    let now = 0;
    let most = 0;
    const done = new Set<string>();
    const work = (tenant: string) =>
      of(app.forUserTenant(tenant)).pipe(
        tap(() => (most = Math.max(most, ++now))),
        delay(0),
        tap(() => {
          now -= 1;
          done.add(tenant);
        }),
      );
    await lastValueFrom(app.userTenants().pipe(mergeMap(work, 4)));
    expect([done.size, most]).toEqual([flood(10_000), 4]);
  });

  it('ends its request when unsubscribed', async () => {
    const { app, list } = await startStubbed(() => {});
    const subscription = app.userTenants().subscribe();
    await list.arrived();
    subscription.unsubscribe();
    await expect(list.only.over).resolves.toBeUndefined();
  });

  it('a slow subscriber who never finishes costs what RxJS keeps, and nothing more', async () => {
    const { app, pages: asked } = await startEmulated({ userTenants: named(300) });
    const seen: string[] = [];
    const subscription = app
      .userTenants()
      .pipe(mergeMap((tenant) => (seen.push(tenant), NEVER), 4))
      .subscribe();
    await expect.poll(() => asked().length).toBe(3);
    expect(seen).toEqual(named(4));
    subscription.unsubscribe();
  });

  it('needs a host tenant', async () => {
    const { platform } = await startStubbed(json({}));
    const module = await startWith({ ...platform.urls, app: { ...APP, hostTenant: undefined } });
    const failure = await failureOf(module.get(AppCredentials).userTenants());
    expect(failure).toMatchObject({
      code: 'credentials_missing',
      message: expect.stringContaining('MDSP_HOST_TENANT'),
    });
    const none = await startWith({ ...platform.urls, app: false });
    expect((await failureOf(none.get(AppCredentials).userTenants())).code).toBe('credentials_missing');
    expect(platform.count).toBe(0);
  });
});

describe('userTenants() where the server fails', () => {
  const RETRYING = { retries: 2, retryDelayMs: 1, timeoutMs: 2_000, deadlineMs: 5_000 };

  it('tries again what may pass, as for tokens', async () => {
    const { app, emulator } = await startEmulated({ userTenants: named(150) }, RETRYING);
    emulator.failNext('user-tenants', { status: 503 });
    emulator.failNext('user-tenants', { reset: true });
    expect(await lastValueFrom(app.userTenants().pipe(toArray()))).toHaveLength(150);
    expect(emulator.requests('user-tenants')).toHaveLength(4);
  });

  it.each<[string, EmulatorFault, object]>([
    ['500', { status: 500 }, { status: 500, retryable: true, attempts: 3 }],
    ['429', { status: 429 }, { status: 429, retryable: true, attempts: 3 }],
    ['400', { status: 400 }, { status: 400, retryable: false, attempts: 1 }],
    ['403', { status: 403 }, { status: 403, retryable: false, attempts: 1 }],
    ['a redirect', { status: 302, headers: { location: '/api/x' } }, { status: 302, retryable: false, attempts: 1 }],
    ['a reset', { reset: true }, { retryable: true, attempts: 3 }],
  ])('%s is token_request_failed', async (_, fault, details) => {
    const { app, emulator } = await startEmulated({}, RETRYING);
    emulator.failNext('user-tenants', { times: 9, ...fault });
    const endpoint = `${emulator.origin}/api/technicaltokenmanager/v3/userTenants`;
    expect(await failureOf(app.userTenants())).toMatchObject({ code: 'token_request_failed', endpoint, ...details });
  });

  it('no answer is token_request_failed', async () => {
    const { app, platform } = await startStubbed(() => {}, { ...IMPATIENT, deadlineMs: 3_000 });
    expect(await failureOf(app.userTenants())).toMatchObject({ code: 'token_request_failed', retryable: true });
    expect(platform.elsewhere.count).toBe(1);
  });

  it('no attempt at a page outlives the deadline', async () => {
    const { app, list } = await startStubbed(hang(), { ...RETRYING, deadlineMs: 3_000 });
    fakeTime();
    let failure: unknown;
    app.userTenants().subscribe({ error: (error: unknown) => (failure = error) });
    await list.arrived(1);
    vi.advanceTimersByTime(2_000);
    await until(() => vi.getTimerCount() > 0);
    vi.advanceTimersByTime(1);
    await list.arrived(2);
    expect(failure).toBeUndefined();
    vi.advanceTimersByTime(999);
    await until(() => failure !== undefined);
    expect(failure).toMatchObject({ code: 'token_request_failed', retryable: true, attempts: 2 });
  });

  it('a 401 makes it fetch a new token, once', async () => {
    const { app, emulator } = await startEmulated({ userTenants: named(150) });
    emulator.failNext('user-tenants', { status: 401 });
    expect(await lastValueFrom(app.userTenants().pipe(toArray()))).toHaveLength(150);
    expect([emulator.requests('user-tenants').length, emulator.requests('app-token').length]).toEqual([3, 2]);
    emulator.failNext('user-tenants', { status: 401, times: 9 });
    expect(await failureOf(app.userTenants())).toMatchObject({ code: 'token_request_failed', status: 401 });
    expect([emulator.requests('user-tenants').length, emulator.requests('app-token').length]).toEqual([5, 3]);
  });

  it('says why there is no token for it', async () => {
    const { app, emulator } = await startEmulated();
    emulator.failNext('app-token', { status: 400 });
    expect(await failureOf(app.userTenants())).toMatchObject({ code: 'token_request_failed', status: 400 });
    expect(emulator.requests('user-tenants')).toEqual([]);
  });

  it('gives what came before the failure', async () => {
    const { app } = await startStubbed(pages((number) => page(number, 2, number === 0 ? ['a', 'b'] : [{}])));
    const seen: string[] = [];
    await failureOf(
      app.userTenants().pipe(
        tap((tenant) => void seen.push(tenant)),
        toArray(),
      ),
    );
    expect(seen).toEqual(['a', 'b']);
  });

  const NO_LIST = 'it is no JSON object with page and userTenants';
  const NO_LABEL = 'the id of a user tenant is not one DNS label';
  const NO_COUNT = 'page.totalPages is no whole number';

  it.each<[string, unknown, string]>([
    ['no JSON', '<html>', NO_LIST],
    ['a list', [], NO_LIST],
    ['nothing of it', {}, NO_LIST],
    ['no page', { userTenants: [{ id: 'a' }] }, NO_LIST],
    ['no tenants', { page: { totalPages: 1, number: 0 } }, NO_LIST],
    ['tenants that are no list', { page: { totalPages: 1, number: 0 }, userTenants: { id: 'a' } }, NO_LIST],
    ['names instead of objects', { page: { totalPages: 1, number: 0 }, userTenants: ['a'] }, NO_LABEL],
    ['null for a tenant', { page: { totalPages: 1, number: 0 }, userTenants: [null] }, NO_LABEL],
    ['an id that is no DNS label', page(0, 1, ['a.evil.test']), NO_LABEL],
    ['an id with a slash', page(0, 1, ['a/b']), NO_LABEL],
    ['an empty id', page(0, 1, ['']), NO_LABEL],
    ['an id that is a number', page(0, 1, [7]), NO_LABEL],
    ['another page', page(1, 3, ['a']), 'it is another page than page 0, which was asked for'],
    ['no page number', page(0, 1, ['a'], { number: undefined }), 'it is another page than page 0'],
    ['pages by half', page(0, 1.5, ['a']), NO_COUNT],
    ['fewer pages than none', page(0, -1, ['a']), NO_COUNT],
    ['pages that are a text', page(0, 1, ['a'], { totalPages: '1' }), NO_COUNT],
    ['an empty page before others', page(0, 2, []), 'page 0 is empty, but others are announced'],
  ])('%s is token_response_invalid, and says why', async (_, body, fault) => {
    const { app, list } = await startStubbed(json(body));
    const failure = await failureOf(app.userTenants().pipe(toArray()));
    expect(failure).toMatchObject({ code: 'token_response_invalid', attempts: 1 });
    expect(failure.message).toMatch(/^The endpoint http:\S+\/userTenants gave an invalid answer: /);
    expect(failure.message).toContain(fault);
    expect(list.count).toBe(1);
  });

  // Short: it asks for all of the thousand pages.
  it.runIf(isFullLength)('more pages than there can be are token_response_invalid', async () => {
    const { app, list } = await startStubbed(pages((number) => page(number, 1e9, [`a${number}`])));
    const message = expect.stringContaining('it announces more than 1000 pages');
    const failure = await failureOf(app.userTenants().pipe(toArray()));
    expect(failure).toMatchObject({ code: 'token_response_invalid', message });
    expect(list.count).toBe(1_000);
  });

  it('a page that comes again and again ends it', async () => {
    const { app, list } = await startStubbed(pages((number) => page(number, 1e9, ['a', 'b'])));
    const message = expect.stringContaining('page 1 repeats the page before it');
    const failure = await failureOf(app.userTenants().pipe(toArray()));
    expect(failure).toMatchObject({ code: 'token_response_invalid', message });
    expect(list.count).toBe(2);
  });

  it('an answer over 256 kB is not read to its end', async () => {
    const { app } = await startStubbed(json({ padding: 'x'.repeat(300_000) }));
    expect(await failureOf(app.userTenants())).toMatchObject({ code: 'token_response_invalid' });
  });

  it.each([403, 401])('sends the token of the host tenant, and no failure shows it (%s)', async (status) => {
    const { app, list } = await startStubbed((exchange) =>
      json({ error: 'x', error_description: headerOf(exchange.request, 'authorization') }, status)(exchange),
    );
    const failure = await failureOf(app.userTenants());
    expect(failure).toMatchObject({ status, error: 'x' });
    const token = headerOf(list.requests.at(-1)!, 'authorization').replace('Bearer ', '');
    expect(JSON.parse(atob(token.split('.')[1]!)).ten).toBe('host1');
    expect(leaksOf(failure, partsOf(token))).toEqual([]);
  });
});

import { inspect } from 'node:util';
import {
  AppCredentials,
  MindsphereCredentialsError,
  MindsphereCredentialsFactory,
  MindsphereHttpService,
  TokenVerifier,
  type UserContext,
} from 'nestjs-mindsphere-credentials';
import { fakeCredentials, MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { APP, failureOf, ONE_TRY, startPlatform, startWith, tokenOf } from '../support/application.js';
import { eventsOf } from '../support/event-log.js';
import { KEY } from '../support/instances.js';
import { leaksOf, partsOf } from '../support/leaks.js';
import { MemoryStore } from '../support/memory-store.js';
import { json } from '../support/stub-platform.js';

const EMAIL = 'anna.muster@example.com';

let emulator: MindsphereEmulator;

beforeAll(async () => {
  emulator = await MindsphereEmulator.start({ strict: true, xcelerator: true });
});

afterEach(() => emulator.clearRequests());

afterAll(() => emulator.close());

async function startApp(options = {}) {
  const module = await startWith({ ...emulator.moduleOptions, ...options });
  return { module, app: module.get(AppCredentials), events: eventsOf(module) };
}

const bodiesOf = () => emulator.requests('app-token').map(({ body }) => JSON.parse(body) as Record<string, unknown>);

describe('forUserContext', () => {
  it.each<[string, () => UserContext, string]>([
    ['an e-mail address', () => ({ email: EMAIL }), 'email'],
    ['an access token', () => ({ accessToken: emulator.issueUserToken() }), 'accesstoken'],
    ['an Authorization value', () => ({ accessToken: `Bearer ${emulator.issueUserToken()}` }), 'accesstoken'],
  ])('sends %s in the documented fields', async (_, context, type) => {
    const { app } = await startApp();
    const token = await tokenOf(app.forUserContext('Acme', context()));
    expect([token.tenant, token.platform]).toEqual(['acme', 'mindsphere']);
    expect(bodiesOf()).toEqual([
      { ...appFields(), userTenant: 'acme', caller_context: '***', caller_context_type: type },
    ]);
  });

  it('has a token of its own for each context, and shares it with nothing but the same context', async () => {
    const { app } = await startApp();
    const [one, two] = [emulator.issueUserToken({ userName: 'a@b.c' }), emulator.issueUserToken({ userName: 'd@e.f' })];
    const tokens = [
      app,
      app.forUserContext('customer', { email: EMAIL }),
      app.forUserContext('customer', { email: 'other@example.com' }),
      app.forUserContext('acme', { email: EMAIL }),
      app.forUserContext('customer', { accessToken: one }),
      app.forUserContext('customer', { accessToken: two }),
    ];
    const values = (await Promise.all(tokens.map(tokenOf))).map(({ value }) => value);
    expect(new Set(values).size).toBe(6);
    expect(emulator.requests('app-token')).toHaveLength(6);
    const again = [
      app.forUserTenant('customer'),
      app.forUserContext('CUSTOMER', { email: EMAIL }),
      app.forUserTenant('acme').forUserContext('customer', { accessToken: `bearer ${one}` }),
    ];
    const repeated = (await Promise.all(again.map(tokenOf))).map(({ value }) => value);
    expect(repeated).toEqual([values[0], values[1], values[4]]);
    expect(emulator.requests('app-token')).toHaveLength(6);
  });

  it('does not take an access token for an e-mail address that reads the same', async () => {
    const { app } = await startApp({ request: ONE_TRY });
    // No e-mail address can be an access token, because of its `@`; that the kinds are kept apart is seen by the fields.
    await tokenOf(app.forUserContext('customer', { email: EMAIL }));
    expect((await failureOf(() => app.forUserContext('customer', { accessToken: EMAIL }))).code).toBe(
      'options_invalid',
    );
  });

  it('keeps cache.maxTokens tokens at most', async () => {
    const { app } = await startApp({ cache: { maxTokens: 3 } });
    const contexts = Array.from({ length: 5 }, (_, at) => ({ email: `user${at}@example.com` }));
    for (const context of contexts) {
      // oxlint-disable-next-line no-await-in-loop -- their order decides which ones are forgotten
      await tokenOf(app.forUserContext('customer', context));
    }
    await tokenOf(app.forUserContext('customer', contexts[4]!));
    expect(emulator.requests('app-token')).toHaveLength(5);
    await tokenOf(app.forUserContext('customer', contexts[0]!));
    expect(emulator.requests('app-token')).toHaveLength(6);
  });

  it('acts on siemens.app with an access token, and refuses an e-mail address there', async () => {
    const { app, module } = await startApp();
    const there = app.on('xcelerator');
    const tenant = '1000000351';
    const accessToken = emulator.issueUserToken({ platform: 'xcelerator', tenant });
    const credentials = there.forUserContext(tenant, { accessToken });
    expect(await tokenOf(credentials)).toMatchObject({ platform: 'xcelerator', tenant });
    const failure = await failureOf(() => there.forUserContext(tenant, { email: EMAIL }));
    expect(failure).toMatchObject({ code: 'options_invalid', message: expect.not.stringContaining(EMAIL) });
    // Credentials that act for a user are on the platform of the user.
    const user = module.get(MindsphereCredentialsFactory).userToken(accessToken);
    expect(app.forUser(user).forUserContext(tenant, { accessToken }).platform).toBe('xcelerator');
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['neither', {}],
    ['both', { email: EMAIL, accessToken: 'eyJhbGciOi' }],
    ['an array', [EMAIL]],
    ['an inherited e-mail address', Object.create({ email: EMAIL })],
    ['null', { email: null }],
    ['no address', { email: 'anna' }],
    ['an address with a line break', { email: `${EMAIL}\n` }],
    ['an address that is too long', { email: `${'a'.repeat(251)}@b.c` }],
    ['an empty token', { accessToken: '' }],
    ['a token with a space', { accessToken: 'geheim geheim' }],
    ['a token that is too long', { accessToken: 'a'.repeat(16_385) }],
    ['a number', { accessToken: 1 }],
  ])('refuses %s, and repeats no value', async (_, context) => {
    const { app } = await startApp();
    const failure = await failureOf(() => app.forUserContext('customer', context as UserContext));
    expect(failure.code).toBe('options_invalid');
    expect(leaksOf(failure, [EMAIL, 'geheim', 'eyJhbGciOi'])).toEqual([]);
  });

  it('demands labels, and an app', async () => {
    const { app } = await startApp();
    const context = { email: EMAIL };
    expect((await failureOf(() => app.forUserContext('a.b', context))).code).toBe('options_invalid');
    expect((await failureOf(() => app.forUserContext('acme', context, 'a/b'))).code).toBe('options_invalid');
    const module = await startWith({ ...emulator.moduleOptions, app: false, xcelerator: false });
    const none = module.get(AppCredentials).forUserContext('acme', context);
    expect((await failureOf(none.getToken())).code).toBe('credentials_missing');
    expect(none.toJSON()).toEqual({ configured: false });
  });

  it('makes API calls, and no user: a token with client_credentials and a user_id', async () => {
    const { app, module } = await startApp();
    const credentials = app.forUserContext('customer', { email: EMAIL });
    emulator.respond('GET', '/api/a/v3/b', ({ claims }) => ({ claims }));
    const { fetch } = module.get(MindsphereHttpService).as(credentials);
    const { claims } = (await (await fetch('/api/a/v3/b')).json()) as { claims: Record<string, unknown> };
    expect(claims).toMatchObject({ grant_type: 'client_credentials', user_id: expect.any(String) });
    const { value } = await tokenOf(credentials);
    expect((await failureOf(module.get(TokenVerifier).verify(value))).code).toBe('token_type');
  });

  it('has a double', async () => {
    const credentials = fakeCredentials();
    expect(await tokenOf(credentials.forUserContext())).toBe(await tokenOf(credentials));
  });
});

describe('the user of a context', () => {
  it.each<[string, (jwt: string) => UserContext]>([
    ['e-mail address', () => ({ email: EMAIL })],
    ['access token', (accessToken) => ({ accessToken })],
  ])('%s: stands in no error, event, log line, dump or entry of a store', async (_, contextOf) => {
    const platform = await startPlatform();
    const jwt = platform.userToken();
    const context = contextOf(jwt);
    const secrets = context.email === undefined ? partsOf(jwt) : [...partsOf(jwt), EMAIL];
    const lines: string[] = [];
    const write = (...words: unknown[]) => void lines.push(inspect(words, { depth: Infinity }));
    const logger = { log: write, error: write, warn: write, debug: write, verbose: write };
    const store = new MemoryStore();
    const module = await startWith(
      { ...platform.urls, app: APP, request: ONE_TRY, cache: { store, encryptionKeys: [KEY] } },
      { logger },
    );
    const events = eventsOf(module);
    const credentials = module.get(AppCredentials).forUserContext('acme', context);
    platform.app.next(({ request, response }) => {
      const body = request.body.toString();
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: 'invalid', error_description: `${context.email ?? jwt} ${body}` }));
    });
    const failure = await failureOf(credentials.getToken());
    expect(failure).toBeInstanceOf(MindsphereCredentialsError);
    expect(failure.status).toBe(400);
    platform.app.next(json({ access_token: jwt, expires_in: 0 }));
    const second = await failureOf(credentials.getToken());
    const shown = [failure, second, events, lines, credentials, module.get(AppCredentials), [...store.entries]];
    expect(leaksOf(shown, secrets)).toEqual([]);
    expect(events.length).toBeGreaterThan(0);
  });

  it('is part of the name of an entry of the store', async () => {
    const store = new MemoryStore();
    const cache = { store, encryptionKeys: [KEY] };
    const values: string[] = [];
    for (const email of [EMAIL, EMAIL, 'other@example.com', undefined]) {
      // oxlint-disable-next-line no-await-in-loop -- the second one takes what the first one has stored
      const { app } = await startApp({ cache });
      const credentials =
        email === undefined ? app.forUserTenant('customer') : app.forUserContext('customer', { email });
      // oxlint-disable-next-line no-await-in-loop -- as above
      values.push((await tokenOf(credentials)).value);
      // oxlint-disable-next-line no-await-in-loop -- as above
      await expect.poll(() => store.entries.size).toBe(new Set(values).size);
    }
    expect(values[1]).toBe(values[0]);
    expect(new Set(values).size).toBe(3);
    expect([...store.entries.keys()].join()).not.toContain(EMAIL);
  });
});

function appFields() {
  const { appName, appVersion, hostTenant } = emulator.moduleOptions.app;
  return { appName, appVersion, hostTenant };
}

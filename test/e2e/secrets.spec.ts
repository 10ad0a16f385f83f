import { type LogLevel, Logger, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { TestingModule } from '@nestjs/testing';
import {
  AppCredentials,
  MindsphereCredentials,
  type MindsphereCredentialsError,
  MindsphereCredentialsFactory,
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  TenantCredentials,
} from 'nestjs-mindsphere-credentials';
import { Subscription } from 'rxjs';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { APP, failureOf, ONE_TRY, start, startPlatform, startWith, TENANT, tokenOf } from '../support/application.js';
import { heldSecrets, partsOf, printedSecrets, shownIn, spellings } from '../support/leaks.js';
import { type Answer, html, json, raw, type StubPlatform } from '../support/stub-platform.js';

// Characters that each encoding writes differently, so that no spelling hides behind another.
const app = { ...APP, keyStoreClientSecret: 'Geheim/app+1=&%"?ü~longEnoughToBeCut' };
const tenant = { ...TENANT, clientSecret: 'Geheim/tenant+2=&%"?ü~longEnoughToBeCut' };
const SECRETS = [
  ...spellings(app.keyStoreClientId, app.keyStoreClientSecret),
  ...spellings(tenant.clientId, tenant.clientSecret),
];
const FORMS = ['as text', 'as function', 'as async function'] as const;

/** Captures log lines of every level. */
class CapturingLogger implements LoggerService {
  readonly lines: unknown[][] = [];
  log = (...line: unknown[]) => void this.lines.push(line);
  error = this.log;
  warn = this.log;
  debug = this.log;
  verbose = this.log;
  fatal = this.log;
  setLogLevels(_: LogLevel[]): void {}
}

function captureLogs(): CapturingLogger {
  const logger = new CapturingLogger();
  Logger.overrideLogger(logger);
  onTestFinished(() => Logger.overrideLogger(false));
  return logger;
}

function expectNoLeak(value: unknown, secrets: readonly string[] = SECRETS, depth?: number): void {
  expect(printedSecrets(value, secrets, depth)).toEqual([]);
  expect(heldSecrets(value, secrets)).toEqual([]);
}

function secretAs<S extends string>(form: (typeof FORMS)[number], secret: S): S | (() => S) | (() => Promise<S>) {
  if (form === 'as text') return secret;
  return form === 'as function' ? () => secret : async () => secret;
}

describe('the detector itself', () => {
  it.each<[string, unknown]>([
    ['a property', { a: { b: app.keyStoreClientSecret } }],
    ['a hidden property', Object.defineProperty({}, 'a', { value: app.keyStoreClientSecret, enumerable: false })],
    ['a symbol', { [Symbol('a')]: `x ${SECRETS.at(-1)}` }],
    ['a key', { [app.keyStoreClientSecret]: 1 }],
    ['a map', { a: new Map([['a', { b: tenant.clientSecret }]]) }],
    ['the prototype', Object.create({ a: tenant.clientSecret })],
    ['an error cause', new Error('a', { cause: { config: { auth: tenant.clientSecret } } })],
    ['a property of a function', Object.assign(() => {}, { a: app.keyStoreClientSecret })],
    ['bytes', { a: Buffer.from('x Geheim/ascii') }],
  ])('sees what is held by %s', (_, value) => {
    expect(heldSecrets(value, [...SECRETS, 'Geheim/ascii'])).not.toEqual([]);
  });
});

describe.each(FORMS)('secrets given %s', (form) => {
  let platform: StubPlatform;
  let options: MindsphereCredentialsModuleOptions;
  let module: TestingModule;
  let all: string[];

  /** An application that has fetched a token of each kind. */
  beforeEach(async () => {
    platform = await startPlatform();
    options = {
      ...platform.urls,
      app: { ...app, keyStoreClientSecret: secretAs(form, app.keyStoreClientSecret) },
      tenant: { ...tenant, clientSecret: secretAs(form, tenant.clientSecret) },
      request: ONE_TRY,
    };
    module = await startWith(options);
    const tokens = await Promise.all([
      tokenOf(module.get(AppCredentials)),
      tokenOf(module.get(AppCredentials).forUserTenant('globex')),
      tokenOf(module.get(TenantCredentials)),
      tokenOf(module.get(TenantCredentials).forSubtenant('plant-7')),
    ]);
    all = [...SECRETS, ...tokens.flatMap(({ value }) => partsOf(value))];
  });

  it('do not show in credentials', () => {
    for (const type of [AppCredentials, TenantCredentials, MindsphereCredentials, MindsphereCredentialsFactory])
      expectNoLeak(module.get(type), all);
  });

  it('do not show in derived credentials', () => {
    expectNoLeak(module.get(AppCredentials).forUserTenant('globex'), all);
    expectNoLeak(module.get(TenantCredentials).forSubtenant('plant-7'), all);
  });

  it('do not show in credentials made at run time', async () => {
    const factory = module.get(MindsphereCredentialsFactory);
    for (const made of [factory.app(options.app as typeof app), factory.tenant(options.tenant as typeof tenant)]) {
      const token = await tokenOf(made);
      expectNoLeak(made, [...all, ...partsOf(token.value)]);
    }
  });

  it('do not show in the Observables of credentials, while somebody listens and after', async () => {
    const credentials = module.get(TenantCredentials);
    const subscription = new Subscription();
    onTestFinished(() => subscription.unsubscribe());
    subscription.add(credentials.token$.subscribe());
    await tokenOf(credentials);
    for (const source of [credentials.token$, credentials.getToken(), credentials.getAuthorization(), subscription])
      expect(heldSecrets(source, SECRETS)).toEqual([]);
    expectNoLeak(credentials, all);
  });

  it('do not show in a token', async () => {
    expectNoLeak(await tokenOf(module.get(AppCredentials)), all);
    expectNoLeak([{ token: await tokenOf(module.get(TenantCredentials)) }], all);
  });

  it('do not show in the registration', () => {
    const registration = MindsphereCredentialsModule.forRoot(options);
    // What the caller gave is the caller's; what came out of it must not be a copy in clear.
    expectNoLeak(registration);
  });

  it('do not show in the testing module', () => {
    expectNoLeak(module, all);
  });

  it('do not show in an application', async () => {
    const application = await NestFactory.create(MindsphereCredentialsModule.forRoot(options), { logger: false });
    onTestFinished(() => application.close());
    await application.init();
    const token = await tokenOf(application.get(AppCredentials));
    expectNoLeak(application, [...all, ...partsOf(token.value)], 12);
  });

  it('do not show after an asynchronous registration', async () => {
    const registration = MindsphereCredentialsModule.forRootAsync({ useFactory: () => options });
    const other = await start([registration]);
    await tokenOf(other.get(AppCredentials));
    expectNoLeak(other, all);
  });
});

describe('a user token', () => {
  it('does not show', async () => {
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls });
    const jwt = platform.userToken();
    const user = module.get(MindsphereCredentialsFactory).userToken(`Bearer ${jwt}`);
    expect(user.value).toBe(jwt);
    expectNoLeak(user, partsOf(jwt));
    expectNoLeak(await tokenOf(user), partsOf(jwt));
    expectNoLeak(module, partsOf(jwt));
  });

  it('does not show in the error about a malformed one', async () => {
    const platform = await startPlatform();
    const factory = (await startWith({ ...platform.urls })).get(MindsphereCredentialsFactory);
    const jwt = platform.userToken();
    for (const wrong of [`Bearer ${jwt}\r\nX-Evil: 1`, `Bearer ${jwt} ${jwt}`, `Basic ${jwt}`, `Bearer ${jwt}é`]) {
      const error = await failureOf(() => factory.userToken(wrong).getToken());
      expectNoLeak(error, partsOf(jwt));
    }
  });
});

/** Answers that say to the client what only the client should know. */
function echoes(): [what: string, answer: (platform: StubPlatform) => Answer][] {
  const everything = SECRETS.join(' ');
  return [
    ['in error_description', () => json({ error: 'unauthorized', error_description: everything }, 401)],
    ['in error', () => json({ error: everything }, 401)],
    ['as field name', () => json({ [everything]: everything, error: 'x' }, 400)],
    ['in errors', () => json({ errors: [{ code: everything, message: everything, logref: everything }] }, 400)],
    ['in HTML', () => html(`<h1>${everything}</h1>`, 500)],
    ['in plain text', () => raw({ status: 502, headers: { 'content-type': 'text/plain' }, body: everything })],
    ['in HTML with status 200', () => html(`<h1>${everything}</h1>`)],
    [
      'in the status of an OAuth error with status 200',
      () => json({ error: everything, error_description: everything }),
    ],
    ['in token_type', (platform) => platform.token({ body: { token_type: everything } })],
    ['in expires_in', (platform) => platform.token({ body: { expires_in: everything } })],
    ['in access_token', (platform) => platform.token({ body: { access_token: everything } })],
    [
      'in subtenant',
      (platform) => platform.token({ body: { subtenant: everything }, claims: { subtenant: everything } }),
    ],
    ['in ten', (platform) => platform.token({ claims: { ten: everything } })],
    ['in iss', (platform) => platform.token({ claims: { iss: everything } })],
    ['in alg', (platform) => platform.token({ header: { alg: everything } })],
    ['in a redirect', () => raw({ status: 302, headers: { location: `/?x=${encodeURIComponent(everything)}` } })],
    ['in Retry-After', () => json({}, 429, { 'retry-after': encodeURIComponent(everything) })],
    ['in broken JSON', () => raw({ body: `{"a": ${everything}` })],
    [
      'in the reason phrase of a reset',
      () =>
        ({ response }) =>
          void response.socket?.end(`HTTP/1.1 500 ${encodeURIComponent(everything)}\r\n\r\n`),
    ],
  ];
}

describe('a server that echoes secrets', () => {
  it.each(echoes())('cannot make an error or a log line show them: %s', async (_, answer) => {
    const logger = captureLogs();
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, app, tenant, request: ONE_TRY }, { logger });
    const sources: [MindsphereCredentials, (typeof platform)['app']][] = [
      [module.get(AppCredentials), platform.app],
      [module.get(TenantCredentials).forSubtenant('plant-7'), platform.tenant],
    ];
    for (const [credentials, endpoint] of sources) {
      endpoint.next(answer(platform));
      const error = await failureOf(credentials.getToken());
      expectNoLeak(error);
      expectNoLeak(error.cause);
      expect(shownIn(String(error.stack), SECRETS)).toEqual([]);
    }
    expectNoLeak(logger.lines);
    expectNoLeak(module);
  });

  it.each(['Geheim/app+1', 'app-0123456789abcdef0123456789abcdef'])(
    'not even a part of %s that a cut leaves',
    async (start) => {
      const platform = await startPlatform();
      const secret = `${start}${'-0123456789'.repeat(6)}`;
      const module = await startWith({
        ...platform.urls,
        app: { ...app, keyStoreClientSecret: secret },
        request: ONE_TRY,
      });
      for (const padding of [0, 1, 7, 20, 33, 50]) {
        const description = `${'.'.repeat(padding)}${`${secret} `.repeat(50)}`;
        platform.app.next(json({ error: 'invalid_client', error_description: description }, 401));
        const error = await failureOf(module.get(AppCredentials).getToken());
        expectNoLeak(error, [secret.slice(0, 12), secret.slice(-12)]);
      }
    },
  );

  it('cannot show a token that it refuses', async () => {
    const logger = captureLogs();
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, app, request: ONE_TRY }, { logger });
    const jwt = platform.userToken({ ten: 'globex' });
    platform.app.next(platform.token({ body: { access_token: jwt } }));
    const error = await failureOf(module.get(AppCredentials).getToken());
    expect(error.code).toBe('token_response_invalid');
    expectNoLeak(error, partsOf(jwt));
    expectNoLeak(logger.lines, partsOf(jwt));
  });

  it('cannot make an application that runs well log a secret or token', async () => {
    const logger = captureLogs();
    const platform = await startPlatform();
    const module = await startWith(
      { ...platform.urls, app, tenant, request: { ...ONE_TRY, retries: 2, retryDelayMs: 0 } },
      { logger },
    );
    platform.app.next(html('later', 503));
    const token = await tokenOf(module.get(AppCredentials));
    module.get(AppCredentials).invalidate();
    await module.close();
    expectNoLeak(logger.lines, [...SECRETS, ...partsOf(token.value)]);
  });
});

describe('errors that never reached a server', () => {
  async function failAtStart(options: MindsphereCredentialsModuleOptions): Promise<MindsphereCredentialsError> {
    return failureOf(() => startWith(options));
  }

  it('options_invalid shows no secret', async () => {
    const error = await failAtStart({
      region: 'eu1/../evil',
      app: { ...app, appName: 'a/b', hostTenant: 'a.b', keyStoreClientId: '' },
      tenant: { ...tenant, tenant: 'a b' },
    });
    expect(error.code).toBe('options_invalid');
    expectNoLeak(error);
  });

  it.each<[string, Partial<MindsphereCredentialsModuleOptions>]>([
    ['has a line break', { tenant: { ...tenant, clientSecret: 'Geheim-falsch\r\nX-Evil: 1' } }],
    ['is an object', { tenant: { ...tenant, clientSecret: { value: 'Geheim-falsch' } as never } }],
    ['is a list', { app: { ...app, keyStoreClientSecret: ['Geheim-falsch'] as never } }],
    ['stands in a URL', { gatewayUrl: 'https://user:Geheim-falsch@gateway.example' }],
    ['stands in the template', { oauthUrl: 'https://user:Geheim-falsch@{tenant}.example' }],
    ['stands in the query of a URL', { gatewayUrl: 'https://gateway.example/?key=Geheim-falsch' }],
  ])('options_invalid does not show one that %s', async (_, options) => {
    const error = await failAtStart(options);
    expect(error.code).toBe('options_invalid');
    expectNoLeak(error, ['Geheim-falsch']);
  });

  it.each<[string, () => unknown]>([
    [
      'throws it',
      () => {
        throw new Error(`vault said ${app.keyStoreClientSecret}`);
      },
    ],
    ['rejects with it', () => Promise.reject(new Error(`vault said ${app.keyStoreClientSecret}`))],
    ['rejects with the bare text', () => Promise.reject(app.keyStoreClientSecret)],
    ['returns it in an object', () => ({ value: app.keyStoreClientSecret })],
    ['returns it with a line break', () => `${app.keyStoreClientSecret}\r\nX-Evil: 1`],
    ['returns nothing', () => undefined],
    ['returns an empty text', () => ''],
  ])('a secret function that %s fails in a known way and shows nothing', async (_, read) => {
    const logger = captureLogs();
    const platform = await startPlatform();
    const module = await startWith(
      { ...platform.urls, app: { ...app, keyStoreClientSecret: read as () => string }, request: ONE_TRY },
      { logger },
    );
    const error = await failureOf(module.get(AppCredentials).getToken());
    expectNoLeak(error);
    expectNoLeak(error.cause);
    expectNoLeak(logger.lines);
    expectNoLeak(module);
    expect(platform.count).toBe(0);
  });

  it('a server that cannot be reached', async () => {
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, app, tenant, request: ONE_TRY });
    await platform.close();
    for (const type of [AppCredentials, TenantCredentials]) {
      const error = await failureOf(module.get<MindsphereCredentials>(type).getToken());
      expect(error.code).toBe('token_request_failed');
      expectNoLeak(error);
      expectNoLeak(error.cause);
    }
  });
});

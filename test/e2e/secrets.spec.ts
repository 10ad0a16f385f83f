import { Logger, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { TestingModule } from '@nestjs/testing';
import {
  AppCredentials,
  type ClientSecret,
  MindsphereCredentials,
  MindsphereCredentialsFactory,
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  TenantCredentials,
} from 'nestjs-mindsphere-credentials';
import { Subscription } from 'rxjs';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  APP,
  failureOf,
  forbidden,
  ONE_TRY,
  start,
  startPlatform,
  startWith,
  TENANT,
  tokenOf,
} from '../support/application.js';
import { short } from '../support/length.js';
import { heldSecrets, leaksOf, partsOf, shownIn, spellings } from '../support/leaks.js';
import { type Answer, html, json, raw, type StubPlatform } from '../support/stub-platform.js';

// Characters that each encoding writes differently, so that no spelling hides behind another.
const app = { ...APP, keyStoreClientSecret: 'Geheim/app+1=&%"?ü~longEnoughToBeCut' };
const tenant = { ...TENANT, clientSecret: 'Geheim/tenant+2=&%"?ü~longEnoughToBeCut' };
const APP_SECRETS = spellings(app.keyStoreClientId, app.keyStoreClientSecret);
const TENANT_SECRETS = spellings(tenant.clientId, tenant.clientSecret);
const SECRETS = [...APP_SECRETS, ...TENANT_SECRETS];
/** So deep is printed what is large, which takes seconds; the walk through its properties knows no limit. */
const DEPTH = short(5, 8);
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
}

function captureLogs(): CapturingLogger {
  const logger = new CapturingLogger();
  Logger.overrideLogger(logger);
  onTestFinished(() => Logger.overrideLogger(false));
  return logger;
}

function secretAs(form: (typeof FORMS)[number], secret: string): ClientSecret {
  if (form === 'as text') return secret;
  return form === 'as function' ? () => secret : async () => secret;
}
const appAs = (form: (typeof FORMS)[number]) => ({
  ...app,
  keyStoreClientSecret: secretAs(form, app.keyStoreClientSecret),
});
const tenantAs = (form: (typeof FORMS)[number]) => ({ ...tenant, clientSecret: secretAs(form, tenant.clientSecret) });

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
      app: appAs(form),
      tenant: tenantAs(form),
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
      expect(leaksOf(module.get(type), all)).toEqual([]);
  });

  it('do not show in derived credentials', () => {
    expect(leaksOf(module.get(AppCredentials).forUserTenant('globex'), all)).toEqual([]);
    expect(leaksOf(module.get(TenantCredentials).forSubtenant('plant-7'), all)).toEqual([]);
  });

  it('do not show in credentials made at run time', async () => {
    const factory = module.get(MindsphereCredentialsFactory);
    for (const made of [factory.app(appAs(form)), factory.tenant(tenantAs(form))]) {
      const token = await tokenOf(made);
      expect(leaksOf(made, [...all, ...partsOf(token.value)])).toEqual([]);
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
    expect(leaksOf(credentials, all)).toEqual([]);
  });

  it('do not show in a token', async () => {
    expect(leaksOf(await tokenOf(module.get(AppCredentials)), all)).toEqual([]);
    expect(leaksOf([{ token: await tokenOf(module.get(TenantCredentials)) }], all)).toEqual([]);
  });

  it('do not show in the registration', () => {
    const registration = MindsphereCredentialsModule.forRoot(options);
    // What the caller gave is the caller's; what came out of it must not be a copy in clear.
    expect(leaksOf(registration, SECRETS)).toEqual([]);
  });

  it('do not show in the testing module', () => {
    // At full length without limit in one of the forms.
    expect(leaksOf(module, all, form === 'as text' ? short(DEPTH, Infinity) : DEPTH)).toEqual([]);
  });

  it('do not show in an application', async () => {
    const application = await NestFactory.create(MindsphereCredentialsModule.forRoot(options), { logger: false });
    onTestFinished(() => application.close());
    await application.init();
    const token = await tokenOf(application.get(AppCredentials));
    expect(leaksOf(application, [...all, ...partsOf(token.value)], DEPTH)).toEqual([]);
  });

  it('do not show after an asynchronous registration', async () => {
    const registration = MindsphereCredentialsModule.forRootAsync({ useFactory: () => options });
    const other = await start([registration]);
    await tokenOf(other.get(AppCredentials));
    expect(leaksOf(other, all, DEPTH)).toEqual([]);
  });
});

describe('a user token', () => {
  it('does not show', async () => {
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls });
    const jwt = platform.userToken();
    const user = module.get(MindsphereCredentialsFactory).userToken(`Bearer ${jwt}`);
    expect(user.value).toBe(jwt);
    expect(leaksOf(user, partsOf(jwt))).toEqual([]);
    expect(leaksOf(await tokenOf(user), partsOf(jwt))).toEqual([]);
    expect(leaksOf(module, partsOf(jwt), DEPTH)).toEqual([]);
  });

  it('does not show in the error about a malformed one', async () => {
    const platform = await startPlatform();
    const factory = (await startWith({ ...platform.urls })).get(MindsphereCredentialsFactory);
    const jwt = platform.userToken();
    for (const wrong of [`Bearer ${jwt}\r\nX-Evil: 1`, `Bearer ${jwt} ${jwt}`, `Basic ${jwt}`, `Bearer ${jwt}é`]) {
      const error = await failureOf(() => factory.userToken(wrong).getToken());
      expect(leaksOf(error, partsOf(jwt))).toEqual([]);
    }
  });
});

/** Ways to say to a client what only the client should know. */
const ECHOES: [where: string, answer: (platform: StubPlatform, echo: string) => Answer][] = [
  ['error_description', (_, echo) => json({ error: 'unauthorized', error_description: echo }, 401)],
  ['error', (_, echo) => json({ error: echo }, 401)],
  ['a field name', (_, echo) => json({ [echo]: echo, error: 'x' }, 400)],
  ['errors', (_, echo) => json({ errors: [{ code: echo, message: echo, logref: echo }] }, 400)],
  ['HTML', (_, echo) => html(`<h1>${echo}</h1>`, 500)],
  ['plain text', (_, echo) => raw({ status: 502, headers: { 'content-type': 'text/plain' }, body: echo })],
  ['HTML with status 200', (_, echo) => html(`<h1>${echo}</h1>`)],
  ['an OAuth error with status 200', (_, echo) => json({ error: echo, error_description: echo })],
  ['token_type', (platform, echo) => platform.token({ body: { token_type: echo } })],
  ['expires_in', (platform, echo) => platform.token({ body: { expires_in: echo } })],
  ['access_token', (platform, echo) => platform.token({ body: { access_token: echo } })],
  [
    'subtenant',
    (platform, echo) => platform.token({ body: { subtenant: echo }, claims: { ten: 'x', subtenant: echo } }),
  ],
  ['ten', (platform, echo) => platform.token({ claims: { ten: echo } })],
  ['iss', (platform, echo) => platform.token({ claims: { iss: echo } })],
  ['alg', (platform, echo) => platform.token({ header: { alg: echo } })],
  ['Location', (_, echo) => raw({ status: 302, headers: { location: `/?x=${encodeURIComponent(echo)}` } })],
  ['Retry-After', (_, echo) => json({}, 429, { 'retry-after': encodeURIComponent(echo) })],
  ['broken JSON', (_, echo) => raw({ body: `{"a": ${echo}` })],
  ['the reason phrase', (_, echo) => reasonPhrase(encodeURIComponent(echo))],
];

const reasonPhrase =
  (phrase: string): Answer =>
  ({ response }) =>
    void response.socket?.end(`HTTP/1.1 500 ${phrase}\r\ncontent-length: 0\r\n\r\n`);

/** Says back what it was just sent, decoded and as it came. */
const echoOfRequest: Answer = (exchange) => {
  const { rawHeaders, body } = exchange.request;
  const sent = rawHeaders.filter((value) => /^(Basic|Bearer) /.test(value)).join(' ');
  const secret = Buffer.from(sent.split(' ')[1]!, 'base64').toString();
  const description = `${sent} is wrong (${secret}, ${body.toString()})`;
  return json({ error: 'invalid_client', error_description: description }, 401)(exchange);
};

describe('a server that echoes secrets', () => {
  // Each alone, so that no spelling is merely cut off behind another.
  const alone = APP_SECRETS.map((_, index) => [APP_SECRETS[index]!, TENANT_SECRETS[index]!] as const);
  const together = [APP_SECRETS.join(' '), TENANT_SECRETS.join('')] as const;

  it.each(ECHOES)('cannot make an error or a log line show them: in %s', async (_, answer) => {
    const logger = captureLogs();
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, app, tenant, request: ONE_TRY }, { logger });
    for (const [ofApp, ofTenant] of [...alone, together]) {
      platform.app.next(answer(platform, ofApp));
      platform.tenant.next(answer(platform, `x${ofTenant}x`));
      for (const credentials of [module.get(AppCredentials), module.get(TenantCredentials).forSubtenant('plant-7')]) {
        const error = await failureOf(credentials.getToken());
        expect(leaksOf(error, SECRETS)).toEqual([]);
        expect(shownIn(String(error.stack), SECRETS)).toEqual([]);
      }
    }
    expect(leaksOf(logger.lines, SECRETS)).toEqual([]);
    expect(heldSecrets(module, SECRETS)).toEqual([]);
  });

  it.each(FORMS)('cannot make an error show the one it was just sent, given %s', async (form) => {
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, app: appAs(form), tenant: tenantAs(form), request: ONE_TRY });
    platform.app.next(echoOfRequest);
    platform.tenant.next(echoOfRequest);
    for (const type of [AppCredentials, TenantCredentials]) {
      const error = await failureOf(module.get<MindsphereCredentials>(type).getToken());
      expect(error.errorDescription).toContain('is wrong');
      expect(leaksOf(error, SECRETS)).toEqual([]);
    }
  });

  it.each(['Geheim/app+1', 'app-0123456789abcdef0123456789abcdef'])(
    'not even a part of %s that a cut leaves',
    async (beginning) => {
      const platform = await startPlatform();
      const secret = `${beginning}${'-0123456789'.repeat(6)}`;
      const module = await startWith({
        ...platform.urls,
        app: { ...app, keyStoreClientSecret: secret },
        request: ONE_TRY,
      });
      for (const padding of [0, 1, 7, 20, 33, 50]) {
        const description = `${'.'.repeat(padding)}${`${secret} `.repeat(50)}`;
        platform.app.next(json({ error: 'invalid_client', error_description: description }, 401));
        const error = await failureOf(module.get(AppCredentials).getToken());
        expect(leaksOf(error, [secret.slice(0, 12), secret.slice(-12)])).toEqual([]);
      }
    },
  );

  it('cannot show a token, nor forge a line', async () => {
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, app, request: ONE_TRY });
    const jwt = platform.userToken();
    for (const said of [jwt, `Bearer ${jwt}`, `x=${jwt}&y`, `"${jwt}"`, `${'.'.repeat(150)} ${jwt}`]) {
      platform.app.next(json({ error: 'invalid_token', error_description: `no:\r\n[Nest] forged ${said}` }, 401));
      const error = await failureOf(module.get(AppCredentials).getToken());
      expect(leaksOf(error, [...partsOf(jwt), jwt.slice(0, 40)])).toEqual([]);
      expect(error.message).not.toMatch(/[\r\n]/);
    }
  });

  it('cannot show a token that it refuses', async () => {
    const logger = captureLogs();
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, app, request: ONE_TRY }, { logger });
    const jwt = platform.userToken({ ten: 'globex' });
    platform.app.next(platform.token({ body: { access_token: jwt } }));
    const error = await failureOf(module.get(AppCredentials).getToken());
    expect(error.code).toBe('token_response_invalid');
    expect(leaksOf(error, partsOf(jwt))).toEqual([]);
    expect(leaksOf(logger.lines, partsOf(jwt))).toEqual([]);
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
    expect(leaksOf(logger.lines, [...SECRETS, ...partsOf(token.value)])).toEqual([]);
  });
});

describe('errors that never reached a server', () => {
  it('options_invalid shows no secret', async () => {
    const options = {
      region: 'eu1/../evil',
      app: { ...app, appName: 'a/b', hostTenant: 'a.b', keyStoreClientId: '' },
      tenant: { ...tenant, tenant: 'a b' },
    };
    const error = await failureOf(() => startWith(options));
    expect(error.code).toBe('options_invalid');
    expect(leaksOf(error, SECRETS)).toEqual([]);
  });

  it.each<[string, Partial<MindsphereCredentialsModuleOptions>]>([
    ['has a line break', { tenant: { ...tenant, clientSecret: 'Geheim-falsch\r\nX-Evil: 1' } }],
    ['is an object', { tenant: { ...tenant, clientSecret: forbidden({ value: 'Geheim-falsch' }) } }],
    ['is a list', { app: { ...app, keyStoreClientSecret: forbidden(['Geheim-falsch']) } }],
    ['stands in a URL', { gatewayUrl: 'https://user:Geheim-falsch@gateway.example' }],
    ['stands in the template', { oauthUrl: 'https://user:Geheim-falsch@{tenant}.example' }],
    ['stands in the query of a URL', { gatewayUrl: 'https://gateway.example/?key=Geheim-falsch' }],
  ])('options_invalid does not show one that %s', async (_, options) => {
    const error = await failureOf(() => startWith(options));
    expect(error.code).toBe('options_invalid');
    expect(leaksOf(error, ['Geheim-falsch'])).toEqual([]);
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
      { ...platform.urls, app: { ...app, keyStoreClientSecret: forbidden<() => string>(read) }, request: ONE_TRY },
      { logger },
    );
    const error = await failureOf(module.get(AppCredentials).getToken());
    expect(leaksOf(error, SECRETS)).toEqual([]);
    expect(leaksOf(error.cause, SECRETS)).toEqual([]);
    expect(leaksOf(logger.lines, SECRETS)).toEqual([]);
    expect(heldSecrets(module, SECRETS)).toEqual([]);
    expect(platform.count).toBe(0);
  });

  it('a server that cannot be reached', async () => {
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, app, tenant, request: ONE_TRY });
    await platform.close();
    for (const type of [AppCredentials, TenantCredentials]) {
      const error = await failureOf(module.get<MindsphereCredentials>(type).getToken());
      expect(error.code).toBe('token_request_failed');
      expect(leaksOf(error, SECRETS)).toEqual([]);
      expect(leaksOf(error.cause, SECRETS)).toEqual([]);
    }
  });
});

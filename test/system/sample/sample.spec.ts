import { createHmac } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import {
  type CanActivate,
  Controller,
  Get,
  type INestApplication,
  type LoggerService,
  UseGuards,
} from '@nestjs/common';
import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import {
  AppCredentials,
  CurrentAppCredentials,
  type MindsphereCredentials,
  MindsphereCredentialsModule,
  MindsphereHttpService,
  type Platform,
  RequireScopes,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import {
  fakeAccessToken,
  fakeCredentials,
  fakeUserToken,
  MindsphereEmulator,
} from 'nestjs-mindsphere-credentials/testing';
import { firstValueFrom, map } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Call, callsOf, curlLine, make } from '../../../sample/src/calls.js';
import { respondWithAssets } from '../../../sample/src/emulated-assets.js';
import { graphqlCallsOf } from '../../../sample/src/graphql-calls.js';
import { EMULATOR_OPTIONS } from '../../../sample/src/local-platform.js';
import { MessagesService } from '../../../sample/src/messages.service.js';
import { DOCS, serveOpenApi } from '../../../sample/src/open-api.js';
import { says } from '../../../sample/src/says.js';
import { send, socketCallsOf, socketLine } from '../../../sample/src/socket-calls.js';
import { CurrentAppCredentialsController } from '../../../sample/src/current-app-credentials.controller.js';
import { UserGateway } from '../../../sample/src/user.gateway.js';
import { UserController } from '../../../sample/src/user.controller.js';
import { issueTokens, type Tokens } from '../../../sample/src/users.js';
import { VARIABLES } from '../../support/application.js';
import { isFullLength } from '../../support/length.js';

const PLATFORMS = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const;

const logged: unknown[] = [];
const logger: LoggerService = {
  log: () => undefined,
  warn: (...line: unknown[]) => logged.push(line),
  error: (...line: unknown[]) => logged.push(line),
};

const environment = { ...process.env };
let emulator: MindsphereEmulator;
let tokens: Tokens;
let calls: readonly Call[];

beforeAll(() => {
  // Only what the committed .env says counts here.
  for (const name of VARIABLES) delete process.env[name];
  process.loadEnvFile(fileURLToPath(new URL('../../../sample/.env', import.meta.url)));
});

// One for each test: a platform's rate limit for unknown issuers is shared by all applications of a process.
beforeEach(async () => {
  emulator = await MindsphereEmulator.start({ ...EMULATOR_OPTIONS, strict: true, signingKeyPosition: Infinity });
  respondWithAssets(emulator);
  process.env['MINDSPHERE_GATEWAY_URL'] = emulator.origin;
  process.env['MINDSPHERE_OAUTH_URL'] = `${emulator.origin}/piam/{tenant}`;
  process.env['XCELERATOR_GATEWAY_URL'] = `${emulator.origin}/xcelerator`;
  process.env['XCELERATOR_OAUTH_URL'] = `${emulator.origin}/sws/{tenant}`;
  tokens = issueTokens(emulator);
  calls = callsOf(tokens);
  logged.length = 0;
});

afterEach(() => emulator.close());

afterAll(() => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});

const PATHS = [
  '/me',
  '/me/assets',
  '/current-app-credentials',
  '/app-credentials',
  '/app-credentials/other-tenant',
  '/app-credentials/tenants',
  '/tenant-credentials',
  '/tenant-credentials/subtenant',
] as const;

/** The call of a path that succeeds. */
const callTo = (path: string) => calls.find((call) => call.path === path && call.status === 200)!;

const arrived = () => emulator.requests().map(({ endpoint }) => endpoint);

/** A token as an attacker makes it: our user's, with another tenant, or signed with what the attacker has. */
const FORGERIES: Record<string, (token: string) => string> = {
  'for another tenant': (token) => withClaims(token, { ten: 'customer2' }),
  'with another scope': (token) => withClaims(token, { scope: ['myapp.user', 'myapp.operator', 'myapp.admin'] }),
  'of an invented issuer': (token) => withClaims(token, { iss: 'https://customer.piam.eu1.example.com/oauth/token' }),
  'without a signature': (token) => `${encoded({ alg: 'none', typ: 'JWT' })}.${token.split('.')[1]}.`,
  'signed with a shared secret': (token) => {
    const input = `${encoded({ alg: 'HS256', typ: 'JWT', kid: 'key-id-4' })}.${token.split('.')[1]}`;
    return `${input}.${createHmac('sha256', 'secret').update(input).digest('base64url')}`;
  },
};

function withClaims(token: string, claims: object): string {
  const [header, payload = '', signature] = token.split('.');
  const changed = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), ...claims };
  return [header, encoded(changed), signature].join('.');
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

// Short: main.spec.ts has `npm start -- --once`, which makes all of its calls.
describe.runIf(isFullLength).each([...PLATFORMS])('The sample on %s', (_, adapter) => {
  let app: INestApplication;
  let origin: string;

  beforeEach(async () => {
    const { AppModule } = await import('../../../sample/src/app.module.js');
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .setLogger(logger)
      .compile();
    app = module.createNestApplication(adapter());
    serveOpenApi(app);
    await app.listen(0, '127.0.0.1');
    origin = await app.getUrl();
  });

  afterEach(() => app.close());

  it('gives each call what it should get, and has one for each of its routes', async () => {
    const outcomes = await Promise.all(calls.map((call) => make(origin, call)));
    expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);
    const statuses = calls.map(({ status }) => status).filter((status) => status !== 200);
    expect([calls.length, statuses]).toEqual([26, [401, 403, 403, 501, 401, 401, 403]]);
    expect([...new Set(calls.map(({ path }) => path))]).toEqual(['/health', '/health/ready', ...PATHS]);
  });

  it('gives each GraphQL call what it should get', async () => {
    const outcomes = await Promise.all(graphqlCallsOf(tokens).map((call) => make(origin, call)));
    expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);
    expect(outcomes).toHaveLength(7);
    expect(JSON.stringify(outcomes)).not.toContain('stacktrace');
  });

  it('gives each message over a WebSocket what it should get', async () => {
    const outcomes = await Promise.all(socketCallsOf(tokens).map((call) => send(origin, call)));
    expect(outcomes.map(({ ok, status }) => [ok, status])).toEqual([
      [true, 'acknowledged'],
      [true, 'exception'],
      [true, 'acknowledged'],
      [true, 'acknowledged'],
    ]);
  });

  it.each(Object.keys(FORGERIES))('refuses a token %s over GraphQL and WebSockets alike', async (name) => {
    const forged = FORGERIES[name]!(tokens.ann);
    const [query] = graphqlCallsOf({ ...tokens, ann: forged });
    const [message] = socketCallsOf({ ...tokens, ann: forged });
    expect(await make(origin, query!)).toMatchObject({
      ok: false,
      body: { data: null, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
    });
    expect(await send(origin, message!)).toMatchObject({ ok: false, body: { message: 'Forbidden resource' } });
    expect(arrived().filter((endpoint) => endpoint !== 'token-keys')).toEqual([]);
  });

  it('parses no GraphQL query that asks for everything a hundred times', async () => {
    const query = `{ ${[...Array(200).keys()].map((index) => `a${index}: assets { platform }`).join(' ')} }`;
    const outcome = await make(origin, { ...graphqlCallsOf(tokens)[0]!, query });
    expect(outcome).toMatchObject({
      status: 400,
      body: { errors: [{ message: expect.stringContaining('500 tokens') }] },
    });
    expect(arrived()).toEqual([]);
  });

  it('describes its routes, and which of them want a token', async () => {
    const response = await fetch(`${origin}/${DOCS}-json`);
    const document = JSON.parse(await response.text());
    const paths = ['/health', '/health/ready', '/me/messages', ...PATHS];
    expect(Object.keys(document.paths).toSorted()).toEqual(paths.toSorted());
    expect(document.components.securitySchemes.user).toMatchObject({ type: 'http', scheme: 'bearer' });
    expect(document.security).toEqual([{ user: [] }]);
    expect(document.paths['/me'].get).toMatchObject({ parameters: [], responses: { 401: {}, 403: {} } });
    expect(document.paths['/me'].get.security).toBeUndefined();
    expect(document.paths['/health'].get.security).toEqual([{}]);
  });

  it('serves the page and all that is on it by itself', async () => {
    const page = await (await fetch(`${origin}/${DOCS}`)).text();
    const linked = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
    expect(linked.length).toBeGreaterThan(3);
    const found = linked.map(async (address) => {
      const url = new URL(address, `${origin}/${DOCS}`);
      const answer = await fetch(url);
      // Read to its end: the connection of an answer that nobody reads keeps the application from closing.
      await answer.arrayBuffer();
      return [url.origin, answer.status];
    });
    for (const each of await Promise.all(found)) expect(each).toEqual([origin, 200]);
  });

  it.each([
    ['/app-credentials', 'app-token'],
    ['/app-credentials/other-tenant', 'app-token'],
    ['/tenant-credentials', 'tenant-token'],
    ['/tenant-credentials/subtenant', 'tenant-token'],
    ['/current-app-credentials', 'app-token'],
  ] as const)('answers %s twice from one key set and one token request', async (path, endpoint) => {
    const first = await make(origin, callTo(path));
    const second = await make(origin, callTo(path));
    expect(first).toMatchObject({ ok: true, body: { calledAs: { grantType: 'client_credentials' } } });
    expect(second).toEqual(first);
    expect(arrived()).toEqual(['token-keys', endpoint, 'api', 'api']);
  });

  it("acts for each user's own tenant, whose host tenant the token names, also at once", async () => {
    const ofUsers = calls.filter(({ path, token }) => path === '/current-app-credentials' && token !== tokens.cara);
    const outcomes = await Promise.all([...ofUsers, ...ofUsers].map((call) => make(origin, call)));
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    expect(process.env['MDSP_HOST_TENANT']).toBeUndefined();
    const asked = emulator.requests('app-token').map(({ body }): unknown => JSON.parse(body));
    expect(asked).toHaveLength(2);
    for (const userTenant of ['customer', 'customer2']) {
      expect(asked).toContainEqual(expect.objectContaining({ hostTenant: 'operator', userTenant }));
    }
  });

  it('acts for users of siemens.app there: its Token Manager, its path, its ids', async () => {
    const ofCara = calls.filter(({ path, token }) => path === '/current-app-credentials' && token === tokens.cara);
    const [outcome] = await Promise.all(ofCara.map((call) => make(origin, call)));
    expect(outcome).toMatchObject({ ok: true, body: { platform: 'xcelerator' } });
    expect(emulator.requests().map(({ endpoint, platform }) => `${platform} ${endpoint}`)).toEqual([
      'xcelerator token-keys',
      'xcelerator app-token',
      'xcelerator api',
    ]);
    const [asked] = emulator.requests('app-token');
    expect(JSON.parse(asked?.body ?? '')).toMatchObject({ hostTenant: '1000000350', userTenant: '1000000351' });
  });

  it('shows in its description which platform answered', async () => {
    const document = JSON.parse(await (await fetch(`${origin}/${DOCS}-json`)).text());
    const { User, Assets, Tenants } = document.components.schemas;
    for (const { properties } of [User, Assets, Tenants]) {
      expect(properties.platform).toMatchObject({ enum: ['mindsphere', 'xcelerator'] });
    }
    for (const path of PATHS.filter((known) => known !== '/me' && known !== '/app-credentials/tenants')) {
      const { schema } = document.paths[path].get.responses[200].content['application/json'];
      expect([path, schema]).toEqual([path, { $ref: '#/components/schemas/Assets' }]);
    }
  });

  it('passes the token of the user on and asks for none', async () => {
    expect(await make(origin, callTo('/me/assets'))).toMatchObject({ ok: true });
    expect(arrived()).toEqual(['token-keys', 'api']);
  });

  it.each(PATHS)('answers 401 to %s without a token, and makes no request', async (path) => {
    const response = await fetch(origin + path);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(arrived()).toEqual([]);
  });

  it.each(PATHS)('answers 401 to %s with a forged token, and makes no request with or for it', async (path) => {
    const { token = '' } = callTo(path);
    const answers = await Promise.all(
      Object.values(FORGERIES).map(async (forge) => {
        const response = await fetch(origin + path, { headers: { authorization: `Bearer ${forge(token)}` } });
        return [response.status, response.headers.get('www-authenticate'), await response.text()];
      }),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.slice(0, 2)).toEqual([401, 'Bearer error="invalid_token"']);
    // Of a token that may be genuine, the key set must be read; nothing else.
    expect(arrived().filter((endpoint) => endpoint !== 'token-keys')).toEqual([]);
    expect(JSON.stringify(logged)).not.toContain(token.split('.')[1]);
    expect(await make(origin, callTo(path))).toMatchObject({ ok: true });
  });

  it('does not look at the token on a public route', async () => {
    const token = FORGERIES['for another tenant']!(tokens.ann);
    expect(await make(origin, { ...callTo('/health'), token })).toMatchObject({ ok: true });
    expect(arrived()).toEqual([]);
  });

  it('answers 401 to a user whose token has expired', async () => {
    const { ann } = issueTokens(emulator, -60);
    const outcome = await make(origin, { ...callTo('/me/assets'), token: ann });
    expect(outcome).toMatchObject({ ok: false, status: 401 });
    expect(JSON.stringify(outcome)).not.toContain(ann);
    expect(arrived()).toEqual([]);
  });

  it("answers 401 to a token that another app's user has", async () => {
    const token = emulator.issueUserToken({ appName: 'otherapp', scopes: ['myapp.user'] });
    expect(await make(origin, { ...callTo('/me'), token })).toMatchObject({ status: 401 });
  });

  it.each([
    ['a user without the scope', { tenant: 'customer', scopes: ['otherscope'] }, '/current-app-credentials'],
    ['an operator without the scope', { tenant: 'operator', scopes: ['myapp.user'] }, '/app-credentials'],
    ["another tenant's user with the operator's scope", { scopes: ['myapp.operator'] }, '/app-credentials'],
    [
      "another tenant's user with the operator's scope",
      { scopes: ['myapp.operator'] },
      '/tenant-credentials/subtenant',
    ],
    [
      "a tenant of siemens.app that has the operator's id of mindsphere.io",
      { platform: 'xcelerator', tenant: 'operator', scopes: ['myapp.operator'] },
      '/app-credentials',
    ],
    [
      "a tenant of mindsphere.io that has the operator's id of siemens.app",
      { tenant: '1000000350', scopes: ['myapp.operator'] },
      '/tenant-credentials',
    ],
  ] as const)('answers 403 to %s, and asks for no token', async (_who, request, path) => {
    const token = emulator.issueUserToken(request);
    expect(await make(origin, { ...callTo(path), token })).toMatchObject({ status: 403 });
    expect(arrived()).toEqual(['token-keys']);
  });

  it('answers 401 to a user of a subtenant where the token would cover the whole tenant', async () => {
    const token = emulator.issueUserToken({ subtenant: 'plant1' });
    expect(await make(origin, { ...callTo('/current-app-credentials'), token })).toMatchObject({ status: 401 });
    expect(arrived()).toEqual(['token-keys']);
  });

  it('answers 502 where the API fails, and goes on', async () => {
    emulator.failNext('api', { status: 503 });
    const failed = await make(origin, callTo('/app-credentials'));
    expect(failed).toMatchObject({ ok: false, status: 502, body: { message: expect.stringContaining('503') } });
    expect(await make(origin, callTo('/app-credentials'))).toMatchObject({ ok: true });
    expect(emulator.requests('app-token')).toHaveLength(1);
  });

  it('answers 502 where the API breaks off', async () => {
    emulator.failNext('api', { reset: true });
    const failed = await make(origin, callTo('/tenant-credentials'));
    expect(failed).toMatchObject({ ok: false, status: 502, body: { message: expect.stringContaining('not reached') } });
  });

  it('answers 401 where the API refuses a token that the guard has accepted', async () => {
    emulator.failNext('api', { status: 401 });
    expect(await make(origin, callTo('/me/assets'))).toMatchObject({ ok: false, status: 401 });
  });

  it('answers 502 where the platform refuses a token, and writes the reason to the log alone', async () => {
    const refusal = { error: 'unauthorized', error_description: 'Bad credentials' };
    emulator.failNext('app-token', { status: 401, body: refusal });
    const failed = await make(origin, callTo('/app-credentials'));
    expect(failed).toEqual({ ok: false, status: 502, body: { statusCode: 502, message: 'Bad Gateway' } });
    expect(JSON.stringify(logged)).toContain('Bad credentials');
    expect(JSON.stringify(logged)).not.toContain('emulated-app-secret');
    // a refusal is remembered for a second, so that a wrong secret does not become a flood
    expect(await make(origin, callTo('/app-credentials'))).toMatchObject({ ok: false, status: 502 });
    expect(emulator.requests('app-token')).toHaveLength(1);
  });

  it('fetches a new token after the API has refused the cached one', async () => {
    emulator.failNext('api', { status: 401 });
    expect(await make(origin, callTo('/app-credentials'))).toMatchObject({ ok: true });
    expect(emulator.requests('app-token')).toHaveLength(2);
  });
});

@Controller('guarded-itself')
@UseGuards(UserTokenGuard)
class GuardedItselfController {
  @Get()
  get(): string {
    return 'ok';
  }
}

@Controller('scoped')
class ScopedController {
  @RequireScopes('myapp.user')
  @Get()
  get(): string {
    return 'ok';
  }
}

describe('Tests of an application like the sample', () => {
  const user = fakeUserToken({ tenant: 'customer', userName: 'ann@example.com', scopes: ['myapp.user'] });
  const token = fakeAccessToken({ tenant: 'customer' });
  const echo = {
    as: (credentials: MindsphereCredentials) => ({
      get: () => credentials.getToken().pipe(map(({ authorization }) => ({ data: { calledAs: { authorization } } }))),
    }),
  };
  const letIn: CanActivate = { canActivate: () => true };

  async function builder(): Promise<TestingModuleBuilder> {
    const { AppModule } = await import('../../../sample/src/app.module.js');
    return Test.createTestingModule({ imports: [AppModule], controllers: [GuardedItselfController] })
      .setLogger(logger)
      .overrideProvider(AppCredentials)
      .useValue(fakeCredentials(token))
      .overrideProvider(CurrentAppCredentials)
      .useValue(fakeCredentials(token))
      .overrideProvider(MindsphereHttpService)
      .useValue(echo);
  }

  async function statuses(
    made: TestingModuleBuilder,
    paths = ['/me', '/current-app-credentials', '/guarded-itself'],
    bearer = 'anything',
  ): Promise<Record<string, number>> {
    const app = (await made.compile()).createNestApplication(new ExpressAdapter());
    onTestFinished(() => app.close());
    await app.listen(0, '127.0.0.1');
    const origin = await app.getUrl();
    const get = (path: string) => fetch(origin + path, { headers: { authorization: `Bearer ${bearer}` } });
    const found = paths.map(async (path) => [path, (await get(path)).status] as const);
    return Object.fromEntries(await Promise.all(found));
  }

  it('can call controllers with doubles instead of a platform', async () => {
    const module = await (await builder()).compile();
    onTestFinished(() => module.close());
    const byUser = module.get(UserController);
    const byApp = await module.resolve(CurrentAppCredentialsController);
    const [platform, tenant, scopes] = ['mindsphere', 'customer', ['myapp.user']];
    expect(byUser.me(user)).toEqual({ platform, tenant, tenantName: tenant, userName: 'ann@example.com', scopes });
    const answered = (authorization: string) => ({ platform, assets: [], calledAs: { authorization } });
    expect(await firstValueFrom(byUser.assets(user))).toEqual(answered(`Bearer ${user.value}`));
    expect(await firstValueFrom(byApp.assets())).toEqual(answered(token.authorization));
    expect(arrived()).toEqual([]);
  });

  it('keep the guard unless they replace it', async () => {
    expect(await statuses(await builder())).toEqual({
      '/me': 401,
      '/current-app-credentials': 401,
      '/guarded-itself': 401,
    });
  });

  it('replace the guard of APP_GUARD with overrideProvider', async () => {
    const made = (await builder()).overrideProvider(UserTokenGuard).useValue(letIn);
    expect(await statuses(made)).toEqual({ '/me': 200, '/current-app-credentials': 401, '/guarded-itself': 401 });
  });

  it('replace the guard of @UseGuards and @RequireScopes with overrideGuard', async () => {
    const ofRoutes = Test.createTestingModule({
      imports: [MindsphereCredentialsModule.forRoot(emulator.moduleOptions)],
      controllers: [GuardedItselfController, ScopedController],
    });
    const made = ofRoutes.setLogger(logger).overrideGuard(UserTokenGuard).useValue(letIn);
    expect(await statuses(made, ['/guarded-itself', '/scoped'])).toEqual({ '/guarded-itself': 200, '/scoped': 200 });
  });

  it('cannot have both: of two replacements for one class Nest keeps the later', async () => {
    const made = (await builder()).overrideProvider(UserTokenGuard).useValue(letIn);
    made.overrideGuard(UserTokenGuard).useValue(letIn);
    expect(await statuses(made)).toEqual({ '/me': 401, '/current-app-credentials': 401, '/guarded-itself': 401 });
  });

  it('can use the real guard with tokens of the emulator', async () => {
    const made = await builder();
    expect(await statuses(made, undefined, tokens.ann)).toEqual({
      '/me': 200,
      '/current-app-credentials': 200,
      '/guarded-itself': 200,
    });
  });
});

it('keeps messages of tenants apart that have one id on both platforms', () => {
  const messages = new MessagesService();
  const [here, there] = ['mindsphere', 'xcelerator'].map((platform) =>
    fakeUserToken({ platform: platform as Platform, tenant: '1000000351', userName: `${platform}@example.com` }),
  );
  const received: string[] = [];
  const subscription = messages.of(here!).subscribe(({ from }) => received.push(from));
  onTestFinished(() => subscription.unsubscribe());
  for (const user of [here, there]) messages.send(user!, 'x');
  expect(received).toEqual(['mindsphere@example.com']);
});

it('counts another tenant or another status as a failed call', async () => {
  const token = emulator.issueUserToken({ tenant: 'globex' });
  const call = { title: '', path: '/api/x', token, status: 200, expected: { tenant: 'customer' } };
  expect(await make(emulator.origin, call)).toMatchObject({ ok: false, status: 200 });
  expect(await make(emulator.origin, { ...call, status: 403, expected: {} })).toMatchObject({ ok: false, status: 200 });
});

it('writes curl lines with the token where one is wanted', () => {
  const user = callTo('/me');
  expect(curlLine('http://127.0.0.1:3000', callTo('/health'))).toBe('curl http://127.0.0.1:3000/health');
  expect(curlLine('http://127.0.0.1:3000', user)).toBe(
    `curl -H "Authorization: Bearer ${user.token}" http://127.0.0.1:3000/me`,
  );
});

it('writes lines for GraphQL and WebSockets, too', () => {
  const [query] = graphqlCallsOf(tokens);
  expect(curlLine('http://127.0.0.1:3000', query!)).toBe(
    `curl -H "Authorization: Bearer ${tokens.ann}" -H 'Content-Type: application/json' ` +
      `-d '{"query":"{ me { platform tenant userName } }"}' http://127.0.0.1:3000/graphql`,
  );
  const [withToken, without] = socketCallsOf(tokens);
  expect(socketLine('http://127.0.0.1:3000', withToken!)).toContain(`, { auth: { token: '${tokens.ann}' } })`);
  expect(socketLine('http://127.0.0.1:3000', without!)).toContain(`.io('http://127.0.0.1:3000')`);
});

it.each([
  [{ a: 1, b: 2 }, { a: 1 }, true],
  [{ a: 1 }, { a: 1, b: undefined }, false],
  [{ a: { b: [1, { c: 2, d: 3 }] } }, { a: { b: [1, { c: 2 }] } }, true],
  [[1, 2], [1], false],
  [{ 0: 1 }, [1], false],
  [null, { a: 1 }, false],
  ['1', 1, false],
])('sees that %j says at least %j: %s', (found, expected, does) => {
  expect(says(found, expected)).toBe(does);
});

it('guards its gateway by itself: NestJS 11 applies no global guard there', () => {
  expect(Reflect.getMetadata(GUARDS_METADATA, UserGateway)).toContain(UserTokenGuard);
});

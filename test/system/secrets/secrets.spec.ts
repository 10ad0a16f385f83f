import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect, promisify } from 'node:util';
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Logger, type LoggerService, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import * as library from 'nestjs-mindsphere-credentials';
import {
  type AccessToken,
  AppCredentials,
  CurrentAppCredentials,
  getCredentialsToken,
  MindsphereCredentials,
  MindsphereCredentialsError,
  MindsphereCredentialsFactory,
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  TenantCredentials,
  TokenVerifier,
  UserToken,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { APP, failureOf, TENANT, tokenOf } from '../../support/application.js';
import { builtLibrary } from '../../support/built-library.js';
import { heldSecrets, partsOf, shownIn, spellings } from '../../support/leaks.js';
import { isFullLength } from '../../support/length.js';
import { type Answer, html, json, StubPlatform } from '../../support/stub-platform.js';
import { FAULTS } from '../faults/faults.js';

/*
 * One walk for all secrets: every public object, every error of every code, every log line at every level, every thrown
 * value of a full run of faults, printed in every way Node has.
 */

const app = { ...APP, keyStoreClientSecret: 'Walk/app+1=&%"?ü~longEnoughToBeCut' };
const tenant = { ...TENANT, clientSecret: 'Walk/tenant+2=&%"?ü~longEnoughToBeCut' };
const proxyAuth = { username: 'proxy-user', password: 'Walk/proxy+3=&%"?~longEnoughToBeCut' };
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Every spelling: as the leak tests know them, and URL-safe Base64 besides. */
function allSpellings(id: string, secret: string): string[] {
  const base64url = [secret, `${id}:${secret}`].map((text) => Buffer.from(text).toString('base64url'));
  const unpadded = [secret, `${id}:${secret}`].map((text) => Buffer.from(text).toString('base64').replace(/=+$/, ''));
  return [...new Set([...spellings(id, secret), ...base64url, ...unpadded])];
}

const OF_APP = allSpellings(app.keyStoreClientId, app.keyStoreClientSecret);
const OF_TENANT = allSpellings(tenant.clientId, tenant.clientSecret);
const OF_PROXY = allSpellings(proxyAuth.username, proxyAuth.password);
const CONFIGURED = [...OF_APP, ...OF_TENANT, ...OF_PROXY];

const CUSTOM_OFF = {
  depth: Infinity,
  customInspect: false,
  getters: false,
  maxArrayLength: null,
  maxStringLength: null,
};

/** Every way Node has to print a value. What cannot be printed in a way shows nothing in it. */
const WAYS: Record<string, (value: unknown) => string> = {
  inspect: (value) => inspect(value),
  'inspect, hidden fields, all depth': (value) =>
    inspect(value, { depth: Infinity, showHidden: true, maxArrayLength: null, maxStringLength: null }),
  'inspect without custom methods': (value) => inspect(value, { ...CUSTOM_OFF, showHidden: true }),
  'inspect with proxies': (value) => inspect(value, { ...CUSTOM_OFF, showProxy: true }),
  'JSON.stringify': (value) => JSON.stringify(value, withoutCycles()) ?? '',
  'JSON.stringify, as a field': (value) => JSON.stringify({ value }, withoutCycles(), 2),
  String,
  'template string': (value) => `a ${value as string}`,
  'joined in a list': (value) => [value].join(),
  'Object.entries': (value) => inspect(Object.entries(Object(value)), CUSTOM_OFF),
  'for in': (value) => {
    const parts: string[] = [];
    for (const key in Object(value) as object) parts.push(key, inspect((value as Record<string, unknown>)[key]));
    return parts.join();
  },
  'console.log and console.dir': printed,
  structuredClone: (value) => inspect(structuredClone(value), CUSTOM_OFF),
  spread: (value) => inspect({ ...(value as object) }, CUSTOM_OFF),
  stack: (value) => String((value as Error | undefined)?.stack),
};

function printed(value: unknown): string {
  const chunks: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      chunks.push(chunk.toString());
      done();
    },
  });
  const own = new Console({ stdout: stream, stderr: stream });
  own.log(value);
  own.log('%s %o %O %j', value, value, value, safe(() => JSON.stringify(value)) === undefined ? '' : value);
  own.dir(value, { showHidden: true, depth: null });
  own.error(value);
  return chunks.join('');
}

function withoutCycles() {
  const seen = new WeakSet();
  return (_: string, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return undefined;
    seen.add(value);
    return value;
  };
}

function safe<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** What was walked through, and by what name. */
type Exhibit = readonly [name: string, value: unknown];

/** Where exhibits show a secret, as `name, way: secret`. */
function findings(exhibits: readonly Exhibit[], secrets: readonly string[]): string[] {
  return exhibits.flatMap(([name, value]) => {
    const shown = Object.entries(WAYS).flatMap(([way, print]) => {
      const text = safe(() => print(value)) ?? '';
      return shownIn(text, secrets).map((secret) => `${name}, ${way}: ${secret}`);
    });
    return [...shown, ...heldSecrets(value, secrets).map((path) => `${name}, held by ${path}`)];
  });
}

/** Captures log lines of every level, as they are given to the logger. */
class CapturingLogger implements LoggerService {
  readonly lines: unknown[][] = [];
  log = (...line: unknown[]) => void this.lines.push(line);
  error = this.log;
  warn = this.log;
  debug = this.log;
  verbose = this.log;
  fatal = this.log;
}

/** A forward proxy that demands its password. */
async function startProxy() {
  const expected = `Basic ${Buffer.from(`${proxyAuth.username}:${proxyAuth.password}`).toString('base64')}`;
  const seen = { right: 0, wrong: 0 };
  const server = createServer((incoming, response) => {
    const isRight = incoming.headers['proxy-authorization'] === expected;
    seen[isRight ? 'right' : 'wrong'] += 1;
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = incoming.headers;
    const onward = httpRequest(incoming.url ?? '', { method: incoming.method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response).on('error', () => undefined);
      answer.on('error', () => response.destroy());
    });
    onward.on('error', () => response.socket?.resetAndDestroy());
    response.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { port, seen, close };
}

/** Every code there is, read from where it is declared: types leave no trace. */
const CODES = [
  ...readFileSync(`${root}lib/errors/mindsphere-credentials.error.ts`, 'utf8')
    .split('export type MindsphereCredentialsErrorCode =')[1]!
    .split(';')[0]!
    .matchAll(/'([a-z_]+)'/g),
].map(([, code]) => code!);

/** Objects that hold the whole of what is public, with its insides. */
const exhibits: Exhibit[] = [];
const errors: MindsphereCredentialsError[] = [];
const secrets: string[] = [...CONFIGURED];
const logger = new CapturingLogger();
let platform: StubPlatform;
let proxy: Awaited<ReturnType<typeof startProxy>>;
let module: TestingModule;
let options: MindsphereCredentialsModuleOptions;

const show = (name: string, value: unknown) => void exhibits.push([name, value]);

async function failing(name: string, something: unknown): Promise<MindsphereCredentialsError> {
  const error = await failureOf(something);
  errors.push(error);
  show(`${name}: ${error.code}`, error);
  return error;
}

/** A token and its parts, each as it is and in Base64; as it is, it needs no URL encoding. */
const tokenSpellings = (jwt: string) =>
  partsOf(jwt).flatMap((part) => [
    part,
    Buffer.from(part).toString('base64').replace(/=+$/, ''),
    Buffer.from(part).toString('base64url'),
  ]);

async function keep(credentials: MindsphereCredentials): Promise<AccessToken> {
  const token = await tokenOf(credentials);
  secrets.push(...tokenSpellings(token.value));
  return token;
}

function keepJwt(jwt: string): string {
  // One without a signature has two parts; its header and payload alone are no secret.
  if (jwt.split('.').length === 3) secrets.push(...tokenSpellings(jwt));
  return jwt;
}

async function moduleWith(given: MindsphereCredentialsModuleOptions): Promise<TestingModule> {
  const made = await Test.createTestingModule({ imports: [MindsphereCredentialsModule.forRoot(given)] })
    .setLogger(logger)
    .compile();
  return made.init();
}

beforeAll(async () => {
  Logger.overrideLogger(logger);
  [platform, proxy] = await Promise.all([StubPlatform.start(), startProxy()]);
  options = {
    ...platform.urls,
    app,
    tenant: { ...tenant, clientSecret: async () => tenant.clientSecret },
    request: {
      retries: 0,
      timeoutMs: 5_000,
      deadlineMs: 5_000,
      axios: { proxy: { protocol: 'http', host: '127.0.0.1', port: proxy.port, auth: proxyAuth } },
    },
    verification: { allowedTenants: ['acme', 'globex'], clockToleranceMs: 0 },
  };
  module = await moduleWith(options);
  await walkObjects();
  await walkVerification();
  await walkFaults();
  await walkTheRest();
});

afterAll(async () => {
  Logger.overrideLogger(false);
  await module.close();
  await Promise.all([platform.close(), proxy.close()]);
});

async function walkObjects(): Promise<void> {
  const forApp = module.get(AppCredentials);
  const forTenant = module.get(TenantCredentials);
  const all = [forApp, forTenant, forApp.forUserTenant('globex'), forTenant.forSubtenant('plant-7')];
  for (const [index, credentials] of all.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    show(`token ${index}`, await keep(credentials));
    show(`credentials ${index}`, credentials);
    show(`token$ ${index}`, credentials.token$);
    show(`getToken ${index}`, credentials.getToken());
    show(`subscription ${index}`, credentials.token$.subscribe());
  }
  const user = await walkUser();
  const request = {
    headers: { authorization: `Bearer ${user.value}` },
    rawHeaders: ['Authorization', `Bearer ${user.value}`],
  };
  const contextId = { id: 1 };
  module.registerRequestByContextId(request, contextId);
  const { exports: injectables = [] } = MindsphereCredentialsModule.forRoot(options);
  for (const type of injectables as Type[]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    show(`injected ${type.name}`, await module.resolve(type, contextId));
  }
  expect(injectables).toEqual(expect.arrayContaining([MindsphereCredentials, TokenVerifier, CurrentAppCredentials]));
  show('registration', MindsphereCredentialsModule.forRoot(options));
  for (const [name, value] of Object.entries(library)) show(`export ${name}`, value);
  // All of it once in one of the ways is what e2e/secrets.spec.ts prints; here its properties are walked through.
  expect(heldSecrets(module, CONFIGURED)).toEqual([]);
}

async function walkUser(): Promise<UserToken> {
  const jwt = keepJwt(platform.userToken());
  const user = await new Promise<UserToken>((resolve, reject) =>
    module.get(TokenVerifier).verify(jwt).subscribe({ next: resolve, error: reject }),
  );
  show('verified user', user);
  show('token of the user', await tokenOf(user));
  show('user passed on', module.get(MindsphereCredentialsFactory).userToken(jwt));
  const actingFor = module.get(AppCredentials).forUser(user);
  show('credentials for the user', actingFor);
  show('token for the user', await keep(actingFor));
  return user;
}

async function walkVerification(): Promise<void> {
  const verifier = module.get(TokenVerifier);
  const factory = module.get(MindsphereCredentialsFactory);
  const now = Math.floor(Date.now() / 1_000);
  const [head, body, signature] = keepJwt(platform.userToken()).split('.') as [string, string, string];
  const wrong: [string, string][] = [
    ['token_malformed', `${head}.${body}`],
    ['token_algorithm', platform.userToken({}, { alg: 'HS256' })],
    ['token_type', platform.userToken({ user_id: undefined, user_name: undefined, grant_type: 'client_credentials' })],
    ['token_signature', `${head}.${body}.${signature.replace(/^..../, 'AAAA')}`],
    ['token_issuer', platform.userToken({ iss: 'https://evil.example.com/oauth/token' })],
    ['token_expired', platform.userToken({ iat: now - 3_600, exp: now - 60 })],
    ['token_not_yet_valid', platform.userToken({ iat: now + 600, nbf: now + 600, exp: now + 1_200 })],
    ['token_client', platform.userToken({ cid: 'otherapp-host1', client_id: 'otherapp-host1' })],
    ['token_tenant', platform.userToken({ ten: 'initech', iss: platform.issuerOf('acme') })],
  ];
  for (const [code, jwt] of wrong) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const error = await failing('verification', verifier.verify(keepJwt(jwt)));
    expect(error.code).toBe(code);
  }
  await failing('no token', () => factory.userToken(''));
  const contextId = { id: 2 };
  module.registerRequestByContextId({ headers: {}, rawHeaders: [] }, contextId);
  const nobody = await module.resolve<UserToken>(getCredentialsToken(UserToken), contextId);
  show('the user token of nobody', nobody);
  await failing('nobody', nobody.getToken());
  await failing('two tokens', () => factory.userToken(`Bearer ${head}.${body}.${signature} ${head}`));
  await throughGuard(wrong.map(([, jwt]) => jwt));
}

/** The guard logs why it refuses. */
async function throughGuard(jwts: readonly string[]): Promise<void> {
  const guard = module.get(UserTokenGuard);
  for (const jwt of jwts) {
    const request = { headers: { authorization: `Bearer ${jwt}` }, rawHeaders: ['Authorization', `Bearer ${jwt}`] };
    const context = {
      getType: () => 'http',
      getHandler: () => throughGuard,
      getClass: () => UserTokenGuard,
      switchToHttp: () => ({ getRequest: () => request, getResponse: () => ({}) }),
    };
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const thrown = await new Promise<unknown>((resolve) => {
      const answer = safe(() => guard.canActivate(context as never));
      if (typeof answer !== 'object') return resolve(answer);
      answer.subscribe({ next: resolve, error: resolve });
    });
    show('what the guard throws', thrown);
  }
}

const wordsWith = (secret: string): Answer =>
  json({ error: secret, error_description: `x${secret}x`, errors: [{ code: secret, message: secret }] }, 401);
const pageWith = (secret: string): Answer => html(`<h1>${secret}</h1>`, 502);

/** Every fault there is, and a server that says back what it was sent. */
async function walkFaults(): Promise<void> {
  const impatient = await moduleWith({ ...options, request: { ...options.request, timeoutMs: 300, deadlineMs: 300 } });
  const factory = impatient.get(MindsphereCredentialsFactory);
  // A version each, so that no remembered refusal spares the request.
  const fresh = (at: number) => factory.app({ ...app, appVersion: `9.0.${at}` });
  const freshTenant = (at: number) => factory.tenant({ ...tenant, subTenant: `plant-${at}` });
  const faults = FAULTS.map(({ name, answer }) => [name, answer(platform), answer(platform)] as const);
  // Each server says what it was told; what a proxy was told, either may.
  const echoes = OF_APP.flatMap((secret, at) =>
    [wordsWith, pageWith].map((say) => ['echo', say(secret), say(OF_TENANT[at]!)] as const),
  );
  const proxyEchoes = OF_PROXY.flatMap((secret) =>
    [wordsWith, pageWith].map((say) => ['echo of a proxy', say(secret), say(secret)] as const),
  );
  for (const [at, [name, ofApp, ofTenant]] of [...faults, ...echoes, ...proxyEchoes].entries()) {
    platform.app.next(ofApp);
    platform.tenant.next(ofTenant);
    // oxlint-disable-next-line no-await-in-loop -- the answers come in their order
    await failing(name, fresh(at).getToken());
    // oxlint-disable-next-line no-await-in-loop -- the answers come in their order
    await failing(name, freshTenant(at).getToken());
  }
  await impatient.close();
}

async function walkTheRest(): Promise<void> {
  const broken = await moduleWith({
    ...options,
    app: { ...app, keyStoreClientSecret: () => Promise.reject(new Error(app.keyStoreClientSecret)) },
    tenant: false,
  });
  await failing('secret function', broken.get(AppCredentials).getToken());
  await failing('not configured', broken.get(TenantCredentials).getToken());
  platform.keys.always(json({ error: app.keyStoreClientSecret }, 500));
  await failing('key server down', broken.get(TokenVerifier).verify(keepJwt(platform.userToken())));
  platform.keys.always();
  await broken.close();
  await failing('destroyed', broken.get(AppCredentials).getToken());
  await failing('destroyed', broken.get(TokenVerifier).verify(keepJwt(platform.userToken())));
  const wrong = { ...app, appName: 'x/y', keyStoreClientId: '' };
  await failing('options', moduleWith({ ...options, region: 'a/b', app: wrong }));
  for (const [value, path] of [
    [`${app.keyStoreClientSecret}\n`, 'a line break'],
    [[app.keyStoreClientSecret], 'a list'],
  ] as const) {
    const bad = { ...options, app: { ...app, keyStoreClientSecret: value as string } };
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await failing(`options, ${path}`, moduleWith(bad));
  }
}

describe('the walk', () => {
  it('has met the proxy, which was told its password', () => {
    expect(proxy.seen.right).toBeGreaterThan(20);
    expect(proxy.seen.wrong).toBe(0);
  });

  it('has met an error of every code', () => {
    expect(CODES.length).toBeGreaterThan(10);
    expect([...new Set(errors.map(({ code }) => code))].toSorted()).toEqual(CODES.toSorted());
  });

  it('has found no secret', () => {
    for (const secret of secrets) expect(secret.length).toBeGreaterThan(20);
    expect(exhibits.length).toBeGreaterThan(150);
    expect(findings(exhibits, secrets)).toEqual([]);
  });

  it('has found no secret in log lines of any level', () => {
    expect(logger.lines.length).toBeGreaterThan(0);
    expect(findings([['log lines', logger.lines]], secrets)).toEqual([]);
  });
});

describe('the walk itself', () => {
  const canary = app.keyStoreClientSecret;
  const hidden = (value: unknown) => Object.defineProperty({}, 'a', { value, enumerable: false });

  it.each<[string, unknown]>([
    ['a field', { a: { b: { c: { d: { e: canary } } } } }],
    ['a hidden field', hidden(canary)],
    ['a symbol', { [Symbol('a')]: canary }],
    ['an error', new Error(`refused: ${canary}`)],
    ['the cause of an error', new Error('refused', { cause: { headers: { a: canary } } })],
    ['an error thrown by us', new MindsphereCredentialsError('token_request_failed', 'x', { error: canary })],
    ['a map', new Map([['a', [canary]]])],
    ['a custom print', { toString: () => canary }],
    ['a JSON form', { toJSON: () => ({ a: canary }) }],
    ['Basic credentials', `Basic ${Buffer.from(`${app.keyStoreClientId}:${canary}`).toString('base64')}`],
    ['URL-safe Base64', Buffer.from(canary).toString('base64url')],
    ['URL encoding', encodeURIComponent(canary)],
    ['the password of the proxy', { config: { proxy: { auth: proxyAuth } } }],
  ])('turns red by a canary in %s', (_, value) => {
    expect(findings([['canary', value]], CONFIGURED)).not.toEqual([]);
  });

  it('turns red by a canary in a log line, a user token and a technical token', async () => {
    new Logger('canary').verbose(canary);
    onTestFinished(() => void logger.lines.pop());
    expect(findings([['log lines', logger.lines]], secrets)).not.toEqual([]);
    const token = await tokenOf(module.get(AppCredentials));
    expect(findings([['canary', { a: token.value }]], secrets)).not.toEqual([]);
  });
});

describe('a process under DEBUG=*', () => {
  const run = promisify(execFile);
  async function outputOf(...extra: string[]): Promise<string> {
    const env = { ...process.env, DEBUG: '*', NODE_ENV: 'development', NO_COLOR: '1' };
    const { stdout, stderr } = await run(
      process.execPath,
      [`${root}test/system/secrets/child.mjs`, builtLibrary(), ...extra],
      { env },
    );
    return stdout + stderr;
  }
  /** Texts of the child's own, which it tells apart from what the library has it print. */
  const tokensIn = (output: string) =>
    [...output.matchAll(/^issued (.+)$/gm)].map(([, hex]) => Buffer.from(hex!, 'hex').toString());

  const mine = ['Child/secret+1=&%"?longEnough', 'Child/secret+2=&%"?longEnough'];
  const shownBy = (output: string) => {
    const known = mine.flatMap((secret) => allSpellings('child', secret));
    return shownIn(output, [...known, ...tokensIn(output).flatMap(partsOf)]);
  };

  it('prints no secret', async () => {
    const output = await outputOf();
    const tokens = tokensIn(output);
    expect(tokens.length).toBeGreaterThan(3);
    expect(output).toContain('done');
    expect(shownBy(output)).toEqual([]);
  });

  it.runIf(isFullLength)('that prints one turns this red', async () => {
    expect(shownBy(await outputOf('--canary'))).not.toEqual([]);
  });
});

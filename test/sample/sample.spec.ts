import { HttpService } from '@nestjs/axios';
import type { INestApplication, LoggerService } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AppCredentials, UserToken } from 'nestjs-mindsphere-credentials';
import {
  fakeAccessToken,
  fakeCredentials,
  fakeUserToken,
  MindsphereEmulator,
} from 'nestjs-mindsphere-credentials/testing';
import { firstValueFrom, of } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { AppCredentialsController } from '../../sample/src/app-credentials.controller.js';
import { type Call, callsOf, curlLine, make } from '../../sample/src/calls.js';
import { UserTokenController } from '../../sample/src/user-token.controller.js';
import { VARIABLES } from '../support/application.js';

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
let calls: readonly Call[];

beforeAll(async () => {
  // Only what the committed .env says counts here.
  for (const name of VARIABLES) delete process.env[name];
  emulator = await MindsphereEmulator.start({ signingKeyPosition: Infinity });
  process.env['SAMPLE_GATEWAY_URL'] = emulator.origin;
  process.env['SAMPLE_OAUTH_URL'] = `${emulator.origin}/piam/{tenant}`;
  calls = callsOf(emulator.issueUserToken());
});

afterAll(async () => {
  await emulator.close();
  // The sample's ConfigModule has put its .env there.
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});

const callTo = (path: string) => calls.find((call) => call.path === path)!;

describe.each(PLATFORMS)('The sample on %s', (_, adapter) => {
  let app: INestApplication;
  let origin: string;

  beforeEach(async () => {
    const { AppModule } = await import('../../sample/src/app.module.js');
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .setLogger(logger)
      .compile();
    app = module.createNestApplication(adapter());
    await app.listen(0, '127.0.0.1');
    origin = await app.getUrl();
    emulator.clearRequests();
    logged.length = 0;
  });

  afterEach(() => app.close());

  it.each([
    ['/app-credentials', { tenant: 'customer', clientId: 'operator-myapp-1.0.0' }, 'app-token'],
    ['/app-credentials/other-tenant', { tenant: 'customer2', clientId: 'operator-myapp-1.0.0' }, 'app-token'],
    ['/tenant-credentials', { tenant: 'customer', clientId: 'customer-technicaluser' }, 'tenant-token'],
    ['/tenant-credentials/subtenant', { tenant: 'customer', subtenant: 'plant1' }, 'tenant-token'],
  ] as const)(
    'answers %s with what the API says of its token, from one token request',
    async (path, said, endpoint) => {
      const first = await make(origin, callTo(path));
      const second = await make(origin, callTo(path));
      expect(first).toMatchObject({ ok: true, status: 200, body: { ...said, grantType: 'client_credentials' } });
      expect(second).toEqual(first);
      expect(emulator.requests(endpoint)).toHaveLength(1);
      expect(emulator.requests('api')).toHaveLength(2);
      expect(emulator.requests()).toHaveLength(3);
    },
  );

  it('passes the token of the user on and asks for none', async () => {
    const outcome = await make(origin, callTo('/user-token'));
    expect(outcome).toMatchObject({
      ok: true,
      status: 200,
      body: { tenant: 'customer', userName: 'user@example.com' },
    });
    expect(emulator.requests().map(({ endpoint }) => endpoint)).toEqual(['api']);
  });

  it('has a call for each of its routes', async () => {
    const outcomes = await Promise.all(calls.map((call) => make(origin, call)));
    expect(outcomes.map(({ ok }) => ok)).toEqual(calls.map(() => true));
    expect(calls.map(({ path }) => path)).toEqual([
      '/app-credentials',
      '/app-credentials/other-tenant',
      '/tenant-credentials',
      '/tenant-credentials/subtenant',
      '/user-token',
    ]);
  });

  it('answers 401 to a user without a token, and makes no request', async () => {
    const outcome = await make(origin, { ...callTo('/user-token'), token: undefined });
    expect(outcome).toMatchObject({ ok: false, status: 401 });
    expect(emulator.requests()).toHaveLength(0);
  });

  it('answers 401 to a user whose token the platform refuses', async () => {
    const token = emulator.issueUserToken({ expiresInSeconds: -60 });
    const outcome = await make(origin, { ...callTo('/user-token'), token });
    expect(outcome).toMatchObject({ ok: false, status: 401 });
    expect(JSON.stringify(outcome)).not.toContain(token);
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

  it('answers 502 where the token is refused, and tells the log alone why', async () => {
    emulator.failNext('app-token', {
      status: 401,
      body: { error: 'unauthorized', error_description: 'Bad credentials' },
    });
    const failed = await make(origin, callTo('/app-credentials'));
    expect(failed).toMatchObject({ status: 502, body: { message: 'No token for the platform: token_request_failed' } });
    expect(JSON.stringify(logged)).toContain('Bad credentials');
    expect(JSON.stringify(logged)).not.toContain('emulated-app-secret');
    expect(emulator.requests().map(({ endpoint }) => endpoint)).toEqual(['app-token']);
    expect(await make(origin, callTo('/app-credentials'))).toMatchObject({ ok: true });
  });

  it('fetches a new token after the API has refused the cached one', async () => {
    emulator.failNext('api', { status: 401 });
    expect(await make(origin, callTo('/app-credentials'))).toMatchObject({ status: 502 });
    expect(await make(origin, callTo('/app-credentials'))).toMatchObject({ ok: true });
    expect(emulator.requests('app-token')).toHaveLength(2);
  });
});

it('can be tested with doubles instead of a platform', async () => {
  const { AppModule } = await import('../../sample/src/app.module.js');
  const app = fakeAccessToken({ tenant: 'customer' });
  const user = fakeUserToken({ tenant: 'customer', userName: 'ann@example.com' });
  const echo = { get: (_path: string, config: { headers: object }) => of({ data: config.headers }) };
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(AppCredentials)
    .useValue(fakeCredentials(app))
    .overrideProvider(UserToken)
    .useValue(user)
    .overrideProvider(HttpService)
    .useValue(echo)
    .compile();
  onTestFinished(() => module.close());
  emulator.clearRequests();

  const appController = await module.resolve(AppCredentialsController);
  const userController = await module.resolve(UserTokenController);
  for (const answer of [appController.assets(), appController.assetsOfOtherTenant()]) {
    expect(await firstValueFrom(answer)).toEqual({ authorization: app.authorization });
  }
  expect(await firstValueFrom(userController.assets())).toEqual({ authorization: `Bearer ${user.value}` });
  expect(emulator.requests()).toHaveLength(0);
});

it('counts an answer for another tenant as a failed call', async () => {
  const api = await make(emulator.origin, {
    title: '',
    path: '/api/x',
    token: emulator.issueUserToken({ tenant: 'globex' }),
    expected: { tenant: 'customer' },
  });
  expect(api).toMatchObject({ ok: false, status: 200 });
});

it('writes curl lines with the token where one is wanted', () => {
  const [app] = calls;
  const user = calls.at(-1)!;
  expect(curlLine('http://127.0.0.1:3000', app!)).toBe('curl http://127.0.0.1:3000/app-credentials');
  expect(curlLine('http://127.0.0.1:3000', user)).toBe(
    `curl -H 'Authorization: Bearer ${user.token}' http://127.0.0.1:3000/user-token`,
  );
});

import { Agent, type IncomingMessage, request as sendRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  Controller,
  Get,
  Injectable,
  type MiddlewareConsumer,
  Module,
  Post,
  type Type,
  UseGuards,
} from '@nestjs/common';
import {
  AppCredentials,
  CurrentUser,
  CurrentUserMiddleware,
  InjectCredentials,
  MindsphereCredentialsError,
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom, map, take, toArray } from 'rxjs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { APP, failureOf, fakeTime, startPlatform, startWith } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { ADAPTERS, serve } from '../support/key-server-http.js';
import { flood, short } from '../support/length.js';

const KEY = testKey('key-id-1', 0);
const SECOND = 1_000;
/** Requests at one time. */
const CROWD = flood(500);
const MANY = short(60, 200);

/** A configured user tenant, which no user must ever get. */
const optionsFor = (server: KeyServer): MindsphereCredentialsModuleOptions => ({
  ...server.platform.urls,
  app: { ...APP, userTenant: 'configured' },
  tenant: false,
  request: { retries: 0 },
  verification: { issuers: ['acme'] },
});

let built = 0;
let gate = { size: 1, waiting: [] as (() => void)[] };

/** Holds handlers back until so many of them are running. */
function together(): Promise<void> {
  return new Promise((resolve) => {
    gate.waiting.push(resolve);
    if (gate.waiting.length >= gate.size) for (const go of gate.waiting.splice(0)) go();
  });
}

/** What is told of the user here and now. */
function seen(current: CurrentUser): object {
  if (!current.inRequest) return { inRequest: false };
  const { value, verified, tenant, userName, scopes } = current.token;
  return { value, verified, tenant, userName, scopes };
}

@Injectable()
class DeepestService {
  readonly whenBuilt: object;

  constructor(
    readonly current: CurrentUser,
    readonly app: AppCredentials,
  ) {
    built += 1;
    this.whenBuilt = seen(current);
  }

  async tokenTenant(): Promise<object> {
    try {
      const { tenant } = await firstValueFrom(this.current.appCredentials().getToken());
      return { tenant };
    } catch (error) {
      if (error instanceof MindsphereCredentialsError) return { code: error.code };
      throw error;
    }
  }
}

@Injectable()
class DeeperService {
  constructor(readonly deepest: DeepestService) {
    built += 1;
  }
}

@Injectable()
class DeepService {
  constructor(readonly deeper: DeeperService) {
    built += 1;
  }
}

@Controller()
class SingletonController {
  private readonly deepest: DeepestService;

  constructor(service: DeepService) {
    built += 1;
    this.deepest = service.deeper.deepest;
  }

  @Get('guarded')
  @UseGuards(UserTokenGuard)
  async guarded() {
    const before = seen(this.deepest.current);
    await together();
    return [before, seen(this.deepest.current)];
  }

  @Post('guarded')
  @UseGuards(UserTokenGuard)
  body() {
    return seen(this.deepest.current);
  }

  @Get('app-token')
  @UseGuards(UserTokenGuard)
  async appToken() {
    await together();
    return this.deepest.tokenTenant();
  }

  /** One token request for all who ask; each looks at its user in the course of the answer. */
  @Get('shared')
  @UseGuards(UserTokenGuard)
  shared() {
    const { app, current } = this.deepest;
    return app
      .forUserTenant('acme')
      .getToken()
      .pipe(map(() => seen(current)));
  }

  @Get('unguarded')
  async unguarded() {
    return { verified: this.deepest.current.token.verified, token: await this.deepest.tokenTenant() };
  }

  @Get('afterwards')
  @UseGuards(UserTokenGuard)
  later() {
    const later = new Promise<object>((resolve) => {
      setTimeout(() => resolve(seen(this.deepest.current)), 50);
    });
    laterSeen.push(later);
    return {};
  }

  @Get('without-middleware')
  @UseGuards(UserTokenGuard)
  async withoutMiddleware() {
    return { ...seen(this.deepest.current), token: await this.deepest.tokenTenant() };
  }
}

let laterSeen: Promise<object>[] = [];

@Module({})
class WithMiddleware {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(CurrentUserMiddleware).exclude('without-middleware').forRoutes('{*path}');
  }
}

const PROVIDERS: Type[] = [DeepService, DeeperService, DeepestService];

beforeEach(() => {
  built = 0;
  gate = { size: 1, waiting: [] };
  laterSeen = [];
});

describe.each(short(ADAPTERS.slice(0, 1), [...ADAPTERS]))('on %s', (adapter) => {
  async function lab(connections?: number) {
    const server = await KeyServer.start(KEY);
    const parts = { options: optionsFor(server), imports: [WithMiddleware], providers: PROVIDERS, connections };
    return { server, ...(await serve(adapter, { ...parts, controllers: [SingletonController] })) };
  }

  /** A token of one of many users. */
  const tokenOfUser = (server: KeyServer, n: number, ten = `t${n}`) => {
    const iss = server.platform.issuerOf('acme');
    return server.token(KEY, { iss, ten, user_name: `user${n}`, scope: [`myapp.s${n}`] });
  };
  const userOf = (value: string, n: number, tenant = `t${n}`) => {
    return { value, verified: true, tenant, userName: `user${n}`, scopes: [`myapp.s${n}`] };
  };

  it('the user is found three singletons deep, and nothing is built for a request', async () => {
    const { get, server, application } = await lab();
    for (const n of [1, 2]) {
      const jwt = tokenOfUser(server, n);
      // oxlint-disable-next-line no-await-in-loop -- one request after the other
      expect((await get('/guarded', jwt)).body).toEqual([userOf(jwt, n), userOf(jwt, n)]);
    }
    expect(built).toBe(4);
    expect(application.get(DeepestService).whenBuilt).toEqual({ inRequest: false });
    expect((await get('/guarded', server.forged(KEY.kid))).status).toBe(401);
    expect((await get('/guarded')).status).toBe(401);
  });

  it(`${CROWD} concurrent requests never see the user of another one`, async () => {
    const { get, server } = await lab(CROWD);
    gate.size = CROWD;
    const tokens = Array.from({ length: gate.size }, (_, n) => tokenOfUser(server, n));
    const answers = await Promise.all(tokens.map((jwt) => get('/guarded', jwt)));
    expect(answers.map(({ body }) => body)).toEqual(tokens.map((jwt, n) => [userOf(jwt, n), userOf(jwt, n)]));
    expect(built).toBe(4);
  });

  it(`${MANY} concurrent requests of 20 tenants act for their own, on 20 token requests`, async () => {
    const { get, server } = await lab(MANY);
    gate.size = MANY;
    const tokens = Array.from({ length: gate.size }, (_, n) => tokenOfUser(server, n, `t${n % 20}`));
    const answers = await Promise.all(tokens.map((jwt) => get('/app-token', jwt)));
    expect(answers.map(({ body }) => body)).toEqual(answers.map((_, n) => ({ tenant: `t${n % 20}` })));
    expect(server.platform.app.count).toBe(20);
  });

  it('who waits for a token that another request asked for goes on as its own user', async () => {
    const { get, server } = await lab();
    const tokens = Array.from({ length: 20 }, (_, n) => tokenOfUser(server, n));
    const release = server.platform.app.hold();
    const answers = tokens.map((jwt) => get('/shared', jwt));
    await server.platform.app.arrived();
    // All of them wait once the key set has come and their tokens are verified; one more turn each is plenty.
    await new Promise((resolve) => setTimeout(resolve, 200));
    release();
    const bodies = (await Promise.all(answers)).map(({ body }) => body);
    expect(bodies).toEqual(tokens.map((jwt, n) => userOf(jwt, n)));
    expect(server.platform.app.count).toBe(1);
  });

  it('what a request started goes on as its user after the response', async () => {
    const { get, server } = await lab(1);
    const tokens = [1, 2, 3].map((n) => tokenOfUser(server, n));
    for (const jwt of tokens) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, on one connection
      await get('/afterwards', jwt);
    }
    expect(await Promise.all(laterSeen)).toEqual(tokens.map((jwt, at) => userOf(jwt, at + 1)));
  });

  it('without the middleware there is no user, also on a connection that had one', async () => {
    const { get, server } = await lab(1);
    await get('/afterwards', tokenOfUser(server, 1));
    const { body } = await get('/without-middleware', tokenOfUser(server, 2));
    expect(body).toEqual({ inRequest: false, token: { code: 'token_missing' } });
    expect(server.platform.app.count).toBe(0);
  });

  it.each<[string, (server: KeyServer) => string | undefined, string]>([
    [
      'a forged token',
      (server) => server.forged(KEY.kid, { iss: server.platform.issuerOf('acme'), ten: 'victim' }),
      'token_signature',
    ],
    ["another app's token", (server) => server.token(KEY, { cid: 'x-host1', client_id: 'x-host1' }), 'token_client'],
    ['an expired token', (server) => server.token(KEY, { exp: 1 }), 'token_expired'],
    ['no token', () => undefined, 'token_missing'],
  ])('without the guard %s gets an error and never an app token', async (_, make, code) => {
    const { get, server } = await lab();
    expect((await get('/unguarded', make(server))).body).toEqual({ verified: false, token: { code } });
    expect(server.platform.app.count).toBe(0);
  });

  it('without the guard a genuine token is verified when it is used', async () => {
    const { get, server } = await lab();
    const { body } = await get('/unguarded', tokenOfUser(server, 7));
    expect(body).toEqual({ verified: false, token: { tenant: 't7' } });
  });

  it('the user is found also where the body comes late', async () => {
    const { server, application } = await lab();
    const jwt = tokenOfUser(server, 1);
    expect(await postSlowly(`${await application.getUrl()}/guarded`, jwt)).toEqual(userOf(jwt, 1));
  });

  it('each registration accepts users of its own guard only', async () => {
    @Controller()
    class PlantController {
      constructor(
        private readonly current: CurrentUser,
        @InjectCredentials(CurrentUser, 'plant') private readonly plant: CurrentUser,
      ) {}

      @Get()
      @UseGuards(UserTokenGuard)
      async in() {
        const code = await failureOf(this.plant.appCredentials().getToken());
        return { own: this.current.token.verified, plant: this.plant.token.verified, code: code.code };
      }
    }
    const server = await KeyServer.start(KEY);
    const plant = {
      ...optionsFor(server),
      verification: { allowedTenants: ['plant1'] },
      name: 'plant',
      isGlobal: true,
    };
    const { get } = await serve(adapter, {
      options: optionsFor(server),
      imports: [MindsphereCredentialsModule.forRoot(plant), WithMiddleware],
      controllers: [PlantController],
    });
    const { body } = await get('/', tokenOfUser(server, 1));
    expect(body).toEqual({ own: true, plant: false, code: 'token_tenant' });
  });
});

describe('outside of a request', () => {
  it('there is no user, and nobody to act for', async () => {
    const server = await KeyServer.start(KEY);
    const current = (await startWith(optionsFor(server))).get(CurrentUser);
    expect(current.inRequest).toBe(false);
    expect((await failureOf(() => current.token)).code).toBe('token_missing');
    const credentials = current.appCredentials();
    for (const use of [credentials.getToken(), credentials.token$, credentials.getAuthorization()]) {
      // oxlint-disable-next-line no-await-in-loop -- one use after the other
      expect(await failureOf(use)).toMatchObject({
        code: 'token_missing',
        message: expect.stringContaining('CurrentUserMiddleware') as string,
      });
    }
    expect(() => credentials.invalidate()).not.toThrow();
    expect(server.platform.count).toBe(0);
  });
});

describe('a listener', () => {
  it('gets every later token in the course of its own request', async () => {
    fakeTime();
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, app: APP, tenant: false });
    const [current, app] = [module.get(CurrentUser), module.get(AppCredentials)];
    const middleware = new CurrentUserMiddleware();
    const inRequest = <T>(name: string, act: () => T): T => {
      let result: T | undefined;
      middleware.use({ headers: { authorization: `Bearer ${name}` } }, undefined, () => (result = act()));
      return result as T;
    };
    const listen = () =>
      firstValueFrom(
        app.token$.pipe(
          map(() => current.token.value),
          take(3),
          toArray(),
        ),
      );
    const all = ['ann', 'bob', 'eve'].map((name) => inRequest(name, listen));
    for (let count = 1; count <= 3; count += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one renewal after the other
      await vi.waitUntil(() => platform.app.count === count);
      // oxlint-disable-next-line no-await-in-loop -- until the answer has been read
      await settle();
      vi.advanceTimersByTime((platform.lifeSeconds - 299) * SECOND);
    }
    expect(await Promise.all(all)).toEqual(['ann', 'bob', 'eve'].map((name) => [name, name, name]));
  });
});

/** Lets real HTTP go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one turn of the event loop after the other
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function postSlowly(url: string, token: string): Promise<unknown> {
  const agent = new Agent();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': 9 };
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = sendRequest(url, { method: 'POST', agent, headers }, resolve).on('error', reject);
    outgoing.write('{"a":');
    setTimeout(() => outgoing.end('"b"}'), 50);
  });
  const body = await text(incoming);
  agent.destroy();
  return JSON.parse(body);
}

import { Controller, Get, Injectable, Scope, type Type, UseGuards } from '@nestjs/common';
import {
  AppCredentials,
  type AppCredentialsOptions,
  CurrentAppCredentials,
  CurrentUserToken,
  InjectCredentials,
  type MindsphereCredentials,
  MindsphereCredentialsError,
  MindsphereCredentialsFactory,
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  TokenVerifier,
  UserToken,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { fakeUserToken } from 'nestjs-mindsphere-credentials/testing';
import { firstValueFrom } from 'rxjs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { APP, failureOf, fakeTime, forbidden, startWith, tokenOf } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { ADAPTERS, serve } from '../support/key-server-http.js';
import { flood, short } from '../support/length.js';

const KEY = testKey('key-id-1', 0);
/** Requests at one time. */
const CROWD = flood(500);
const MANY = short(60, 200);

/** A deployed app: no tenant in its configuration. */
const { hostTenant: _host, userTenant: _user, ...DEPLOYED } = APP;

const optionsFor = (
  server: KeyServer,
  more: MindsphereCredentialsModuleOptions = {},
): MindsphereCredentialsModuleOptions => ({
  ...server.platform.urls,
  app: DEPLOYED,
  tenant: false,
  request: { retries: 0 },
  ...more,
});

/** The bodies of the app-token requests that came. */
function asked(server: KeyServer): { hostTenant: string; userTenant: string }[] {
  return server.platform.app.requests.map(({ body }) => {
    const { hostTenant, userTenant } = JSON.parse(body.toString()) as { hostTenant: string; userTenant: string };
    return { hostTenant, userTenant };
  });
}

// ---- three providers deep ----

let builtVerified: boolean[] = [];
let gate = { size: 1, waiting: [] as (() => void)[] };

/** Holds handlers back until so many of them are running. */
function together(): Promise<void> {
  return new Promise((resolve) => {
    gate.waiting.push(resolve);
    if (gate.waiting.length >= gate.size) for (const go of gate.waiting.splice(0)) go();
  });
}

@Injectable()
class DeepestService {
  constructor(readonly user: UserToken) {
    builtVerified.push(user.verified);
  }
}

@Injectable()
class DeeperService {
  constructor(readonly deepest: DeepestService) {}
}

@Injectable({ scope: Scope.REQUEST })
class DeepService {
  constructor(
    readonly deeper: DeeperService,
    readonly current: CurrentAppCredentials,
  ) {}

  get user() {
    return this.deeper.deepest.user;
  }
}

const seenOf = (user: UserToken) => ({
  value: user.value,
  verified: user.verified,
  tenant: user.tenant,
  userName: user.userName,
  scopes: user.scopes,
});

@Controller()
class DeepController {
  constructor(
    private readonly user: UserToken,
    private readonly deep: DeepService,
  ) {}

  @Get('guarded')
  @UseGuards(UserTokenGuard)
  async guarded(@CurrentUserToken() user: UserToken) {
    await together();
    return [user, this.user, this.deep.user].map(seenOf);
  }

  @Get('app-token')
  @UseGuards(UserTokenGuard)
  appToken() {
    return this.tokenFor(this.deep.current);
  }

  @Get('unguarded')
  async unguarded(@CurrentUserToken() user: UserToken) {
    const token = await this.tokenFor(this.deep.current);
    return { token, verified: [user, this.user, this.deep.user].map(({ verified }) => verified) };
  }

  @Get('forUser')
  forUser(@CurrentUserToken() user: UserToken) {
    return this.tokenFor(this.deep.current.forUser(user));
  }

  private async tokenFor(credentials: MindsphereCredentials): Promise<unknown> {
    await together();
    try {
      const { tenant, subtenant } = await firstValueFrom(credentials.getToken());
      return { tenant, subtenant };
    } catch (error) {
      if (error instanceof MindsphereCredentialsError) return { code: error.code };
      throw error;
    }
  }
}

const PROVIDERS: Type[] = [DeepService, DeeperService, DeepestService];

beforeEach(() => {
  builtVerified = [];
  gate = { size: 1, waiting: [] };
});

describe.each(ADAPTERS)('on %s', (adapter) => {
  async function lab(more: MindsphereCredentialsModuleOptions = {}, connections?: number) {
    const server = await KeyServer.start(KEY);
    const options = optionsFor(server, more);
    const parts = { options, controllers: [DeepController], providers: PROVIDERS, connections };
    return { server, ...(await serve(adapter, parts)) };
  }

  it('the injected UserToken is built before the guard runs, and verified three providers deep when it is read', async () => {
    const { get, server } = await lab();
    const jwt = server.token(KEY);
    const seen = { value: jwt, verified: true, tenant: 'acme', userName: 'ann@acme', scopes: ['myapp.user'] };
    expect((await get('/guarded', jwt)).body).toEqual([seen, seen, seen]);
    expect(builtVerified).toEqual([false]);
    // A remembered token is no different.
    expect((await get('/guarded', jwt)).body).toEqual([seen, seen, seen]);
    expect(builtVerified).toEqual([false, false]);
    expect((await get('/guarded', server.forged(KEY.kid))).status).toBe(401);
  });

  it(`${CROWD} concurrent requests never see the token of another one`, async () => {
    const { get, server } = await lab({ verification: { issuers: ['acme'] } }, CROWD);
    gate.size = CROWD;
    const iss = server.platform.issuerOf('acme');
    const tokens = Array.from({ length: gate.size }, (_, n) =>
      server.token(KEY, { iss, ten: `t${n}`, user_name: `user${n}`, scope: [`myapp.s${n}`] }),
    );
    const answers = await Promise.all(tokens.map((jwt) => get('/guarded', jwt)));
    answers.forEach(({ body }, n) => {
      const own = {
        value: tokens[n],
        verified: true,
        tenant: `t${n}`,
        userName: `user${n}`,
        scopes: [`myapp.s${n}`],
      };
      expect(body).toEqual([own, own, own]);
    });
    expect(server.count()).toBe(1);
  });

  it(`${MANY} concurrent requests of 20 tenants each get a token for their own, on 20 requests`, async () => {
    const { get, server } = await lab({ verification: { issuers: ['acme'] } }, MANY);
    gate.size = MANY;
    const iss = server.platform.issuerOf('acme');
    const answers = await Promise.all(
      Array.from({ length: gate.size }, (_, n) => get('/app-token', server.token(KEY, { iss, ten: `t${n % 20}` }))),
    );
    expect(answers.map(({ body }) => body)).toEqual(answers.map((_, n) => ({ tenant: `t${n % 20}` })));
    expect(asked(server).length).toBe(20);
  });

  it.each<[string, (server: KeyServer) => string | undefined, string]>([
    ['a forged token', (server) => server.forged(KEY.kid, { ten: 'victim' }), 'token_signature'],
    ['an invented key', (server) => server.forged('invented'), 'token_signature'],
    ['an expired token', (server) => server.token(KEY, { exp: 1 }), 'token_expired'],
    ["another app's token", (server) => server.token(KEY, { cid: 'x-host1', client_id: 'x-host1' }), 'token_client'],
    ['no token', () => undefined, 'token_missing'],
    ['an empty token', () => '', 'token_malformed'],
    ['no JWT', () => 'x', 'token_malformed'],
  ])('without the guard %s gets an error and never an app token', async (_, make, code) => {
    const { get, server } = await lab({ app: APP });
    const jwt = make(server);
    expect((await get('/unguarded', jwt)).body).toEqual({ token: { code }, verified: [false, false, false] });
    expect((await get('/forUser', jwt)).body).toEqual({ code });
    expect(server.platform.app.count).toBe(0);
  });

  it('without the guard a genuine token is verified when it is used', async () => {
    const { get, server } = await lab();
    const jwt = server.token(KEY, { ten: 'customer' });
    expect((await get('/unguarded', jwt)).body).toMatchObject({ token: { tenant: 'customer' } });
    expect((await get('/forUser', jwt)).body).toEqual({ tenant: 'customer' });
    expect(asked(server)).toEqual([{ hostTenant: 'host1', userTenant: 'customer' }]);
    expect(server.count()).toBe(1);
  });

  it('without the guard two Authorization headers are no token', async () => {
    const { get, server } = await lab();
    const both = forbidden<string>([`Bearer ${server.token(KEY)}`, `Bearer ${server.forged(KEY.kid)}`]);
    expect((await get('/forUser', undefined, { authorization: both })).body).toEqual({ code: 'token_malformed' });
  });

  it('a user of another registration is verified again by the rules of this one', async () => {
    @Controller()
    class PlantController {
      constructor(
        @InjectCredentials(CurrentAppCredentials, 'plant') private readonly current: CurrentAppCredentials,
        @InjectCredentials(AppCredentials, 'plant') private readonly app: AppCredentials,
      ) {}

      @Get()
      @UseGuards(UserTokenGuard)
      async in(@CurrentUserToken() user: UserToken) {
        const codes = [this.current, this.app.forUser(user)].map((credentials) =>
          firstValueFrom(credentials.getToken()).then(
            ({ tenant }) => tenant,
            (error: MindsphereCredentialsError) => error.code,
          ),
        );
        return { verified: user.verified, codes: await Promise.all(codes) };
      }
    }
    const server = await KeyServer.start(KEY);
    const verification = { allowedTenants: ['plant1'] };
    const { get } = await serve(adapter, {
      options: optionsFor(server),
      imports: [
        MindsphereCredentialsModule.forRoot({ ...optionsFor(server, { verification }), name: 'plant', isGlobal: true }),
      ],
      controllers: [PlantController],
    });
    expect((await get('/', server.token(KEY))).body).toEqual({
      verified: true,
      codes: ['token_tenant', 'token_tenant'],
    });
    expect(server.platform.app.count).toBe(0);
    expect((await get('/', server.token(KEY, { ten: 'plant1' }))).body).toEqual({
      verified: true,
      codes: ['plant1', 'plant1'],
    });
    expect(asked(server)).toEqual([{ hostTenant: 'host1', userTenant: 'plant1' }]);
  });
});

// ---- forUser ----

async function appLab(app: Partial<AppCredentialsOptions> = {}, more: MindsphereCredentialsModuleOptions = {}) {
  const server = await KeyServer.start(KEY);
  const module = await startWith(optionsFor(server, { app: { ...DEPLOYED, ...app }, ...more }));
  const [credentials, verifier] = [module.get(AppCredentials), module.get(TokenVerifier)];
  const factory = module.get(MindsphereCredentialsFactory);
  const userOf = (claims?: Record<string, unknown>) => firstValueFrom(verifier.verify(server.token(KEY, claims)));
  return { server, credentials, verifier, factory, userOf };
}

describe('the tenants of credentials for a user', () => {
  it.each([
    ['the host tenant is the one in the cid', {}, {}, 'host1'],
    [
      'a configured host tenant counts more',
      { hostTenant: 'configured' },
      { clientIds: ['myapp-host1'] },
      'configured',
    ],
    ['a configured user tenant counts never', { userTenant: 'configured' }, {}, 'host1'],
    ['both', { hostTenant: 'configured', userTenant: 'configured' }, { clientIds: ['myapp-host1'] }, 'configured'],
    ['the cid may be one of a list', {}, { clientIds: ['myapp-host1'] }, 'host1'],
  ])('%s', async (_, app, verification, hostTenant) => {
    const { server, credentials, userOf } = await appLab(app, { verification });
    const token = await tokenOf(credentials.forUser(await userOf({ ten: 'customer' })));
    expect(token.tenant).toBe('customer');
    expect(asked(server)).toEqual([{ hostTenant, userTenant: 'customer' }]);
  });

  it('follow the cid where apps have a dash in their name', async () => {
    const { server, credentials, userOf } = await appLab({ appName: 'my-own-app' });
    const cid = 'my-own-app-operator1';
    await tokenOf(credentials.forUser(await userOf({ ten: 'customer', cid, client_id: cid })));
    expect(asked(server)).toEqual([{ hostTenant: 'operator1', userTenant: 'customer' }]);
  });

  it('never follow the cid where any client is accepted', async () => {
    const verification = { clientIds: 'any' as const };
    const { server, credentials, userOf } = await appLab({}, { verification });
    const failure = await failureOf(credentials.forUser(await userOf()).getToken());
    expect(failure.code).toBe('credentials_missing');
    expect(failure.message).toContain('hostTenant');
    expect(failure.message).toContain('MDSP_HOST_TENANT');
    expect(server.platform.app.count).toBe(0);
    const configured = await appLab({ hostTenant: 'configured' }, { verification });
    const user = await configured.userOf({ cid: 'other-evil', client_id: 'other-evil' });
    await tokenOf(configured.credentials.forUser(user));
    expect(asked(configured.server)).toEqual([{ hostTenant: 'configured', userTenant: 'acme' }]);
  });

  it('are distinguished from those without a user, which have the configured tenant', async () => {
    const { server, credentials, userOf } = await appLab({ hostTenant: 'host1', userTenant: 'configured' });
    await tokenOf(credentials);
    await tokenOf(credentials.forUser(await userOf({ ten: 'customer' })));
    await tokenOf(credentials);
    expect(asked(server).map(({ userTenant }) => userTenant)).toEqual(['configured', 'customer']);
  });

  it('a user of a subtenant gets token_tenant, because a technical token covers the whole tenant', async () => {
    const { server, credentials, userOf } = await appLab();
    const user = await userOf({ subtenant: 'sub1' });
    expect(user).toMatchObject({ verified: true, subtenant: 'sub1' });
    expect((await failureOf(credentials.forUser(user).getToken())).code).toBe('token_tenant');
    expect(server.platform.app.count).toBe(0);
    expect((await tokenOf(credentials.forUser(await userOf({ subtenant: '' })))).tenant).toBe('acme');
  });

  it('unless allowSubtenantUsers is set', async () => {
    const { server, credentials, userOf } = await appLab({ allowSubtenantUsers: true });
    expect((await tokenOf(credentials.forUser(await userOf({ subtenant: 'sub1' })))).tenant).toBe('acme');
    expect(asked(server)).toEqual([{ hostTenant: 'host1', userTenant: 'acme' }]);
  });
});

describe('forUser', () => {
  it('shares one cached token with forUserTenant of the same tenants', async () => {
    const { server, credentials, userOf } = await appLab();
    const values = await Promise.all([
      tokenOf(credentials.forUser(await userOf())),
      tokenOf(credentials.forUser(await userOf())),
      tokenOf(credentials.forUserTenant('acme', 'host1')),
    ]);
    expect(new Set(values.map(({ value }) => value)).size).toBe(1);
    expect(server.platform.app.count).toBe(1);
  });

  it('makes no request by itself, and never fails by itself', async () => {
    const { server, credentials, factory } = await appLab();
    const forged = credentials.forUser(factory.userToken(`Bearer ${server.forged(KEY.kid)}`));
    expect(server.platform.count).toBe(0);
    expect((await failureOf(forged.getToken())).code).toBe('token_signature');
    expect((await failureOf(firstValueFrom(forged.token$))).code).toBe('token_signature');
    expect((await failureOf(forged.getAuthorization())).code).toBe('token_signature');
    expect(() => forged.invalidate()).not.toThrow();
    expect(server.platform.app.count).toBe(0);
  });

  it('fixes the tenants at that moment: what a handle shows later does not count', async () => {
    const { server, credentials, verifier } = await appLab();
    const jwts = [server.token(KEY, { ten: 'first' }), server.token(KEY, { ten: 'second' })];
    const [first, second] = await Promise.all(jwts.map((jwt) => firstValueFrom(verifier.verify(jwt))));
    let shown = first!;
    const handle = new Proxy(first!, { get: (_, name) => forbidden<Record<PropertyKey, unknown>>(shown)[name] });
    const derived = credentials.forUser(handle);
    shown = second!;
    expect((await tokenOf(derived)).tenant).toBe('first');
    expect((await tokenOf(derived)).tenant).toBe('first');
    expect(asked(server).map(({ userTenant }) => userTenant)).toEqual(['first']);
  });

  it('outlives the token of the user, once it was verified', async () => {
    const { server, credentials, userOf } = await appLab({}, { verification: { clockToleranceMs: 0 } });
    fakeTime();
    const exp = Math.floor(Date.now() / 1_000) + 60;
    const [used, unused] = [credentials.forUser(await userOf({ exp })), credentials.forUser(await userOf({ exp }))];
    const first = await tokenOf(used);
    vi.advanceTimersByTime(61_000);
    used.invalidate(first);
    expect((await tokenOf(used)).tenant).toBe('acme');
    expect(server.platform.app.count).toBe(2);
    expect((await failureOf(unused.getToken())).code).toBe('token_expired');
  });

  it('forgets a cached token by invalidate, as those it shares it with', async () => {
    const { server, credentials, userOf } = await appLab();
    const derived = credentials.forUser(await userOf());
    const first = await tokenOf(derived);
    credentials.forUser(await userOf()).invalidate(first);
    expect((await tokenOf(derived)).value).not.toBe(first.value);
    derived.invalidate();
    await tokenOf(derived);
    expect(server.platform.app.count).toBe(3);
  });

  it.each<[string, (jwt: string) => UserToken]>([
    ['a double', (jwt) => fakeUserToken({ tenant: 'victim', value: jwt })],
    ['a proxy that claims to be verified', (jwt) => claiming(jwt)],
    [
      'an object made by hand',
      (jwt) => forbidden({ value: jwt, verified: true, tenant: 'victim', hostTenant: 'host1' }),
    ],
    [
      'an object of its class',
      (jwt) =>
        Object.create(UserToken.prototype, {
          value: { value: jwt },
          verified: { value: true },
          tenant: { value: 'victim' },
        }) as UserToken,
    ],
  ])('believes nobody but its own verifier: %s', async (_, make) => {
    const { server, credentials } = await appLab();
    expect((await failureOf(credentials.forUser(make(server.forged(KEY.kid))).getToken())).code).toBe(
      'token_signature',
    );
    expect(server.platform.app.count).toBe(0);
    // With a genuine token it is that token which counts.
    expect((await tokenOf(credentials.forUser(make(server.token(KEY, { ten: 'customer' }))))).tenant).toBe('customer');
  });

  it('asks the rule for tenants anew for each object it makes', async () => {
    let allowed = true;
    const { credentials, userOf } = await appLab({}, { verification: { allowedTenants: () => allowed } });
    const user = await userOf();
    expect((await tokenOf(credentials.forUser(user))).tenant).toBe('acme');
    allowed = false;
    expect((await failureOf(credentials.forUser(user).getToken())).code).toBe('token_tenant');
  });

  it('fails with credentials_missing where no app credentials are configured', async () => {
    const server = await KeyServer.start(KEY);
    const module = await startWith(optionsFor(server, { app: false, verification: { clientIds: 'any' } }));
    const user = await firstValueFrom(module.get(TokenVerifier).verify(server.token(KEY)));
    expect((await failureOf(module.get(AppCredentials).forUser(user).getToken())).code).toBe('credentials_missing');
  });
});

/** A user that says it is verified, and for which tenant. */
function claiming(jwt: string): UserToken {
  const claims = { value: jwt, verified: true, tenant: 'victim', hostTenant: 'host1', clientId: 'myapp-host1' };
  return new Proxy(fakeUserToken({ value: jwt }), {
    get: (target, name) => (name in claims ? claims[name as keyof typeof claims] : Reflect.get(target, name, target)),
  });
}

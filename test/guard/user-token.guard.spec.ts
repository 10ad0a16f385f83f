import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  Module,
  type Provider,
  SetMetadata,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import {
  CurrentUserToken,
  getCredentialsToken,
  InjectCredentials,
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  Public,
  RequireScopes,
  TokenVerifier,
  UserToken,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { fakeTokenVerifier, fakeUserToken } from 'nestjs-mindsphere-credentials/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { APP, forbidden } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { ADAPTERS, type HttpAnswer, type Ingredients, serve, type Served } from '../support/key-server-http.js';
import { reset } from '../support/stub-platform.js';

const KEY = testKey('key-id-1', 0);

const GLOBAL_GUARD: Provider = { provide: APP_GUARD, useExisting: UserTokenGuard };

const whoIs = (user: UserToken) => ({ userName: user.userName, verified: user.verified });

@Controller('used')
@UseGuards(UserTokenGuard)
class UsedController {
  @Get()
  in(@CurrentUserToken() user: UserToken) {
    return whoIs(user);
  }

  @Get('public')
  @Public()
  public() {
    return 'public';
  }
}

/** Nothing but a global guard guards it. */
@Controller('plain')
class PlainController {
  @Get()
  in(@CurrentUserToken() user: UserToken) {
    return whoIs(user);
  }

  @Get('public')
  @Public()
  public() {
    return 'public';
  }
}

@Controller('scopes')
@RequireScopes('myapp.user')
class ScopesController {
  @Get()
  one() {
    return 'in';
  }

  @Get('both')
  @RequireScopes('myapp.admin', 'myapp.user')
  both() {
    return 'in';
  }

  @Get('public')
  @Public()
  public() {
    return 'public';
  }
}

@Controller('public')
@Public()
class PublicController {
  @Get()
  in() {
    return 'public';
  }

  @Get('scoped')
  @RequireScopes('myapp.user')
  scoped() {
    return 'in';
  }
}

const CONTROLLERS: Type[] = [UsedController, PlainController, ScopesController, PublicController];

interface Lab extends Served {
  readonly server: KeyServer;
  readonly token: (claims?: Record<string, unknown>) => string;
}

const optionsFor = (server: KeyServer): MindsphereCredentialsModuleOptions => ({
  ...server.platform.urls,
  app: APP,
  tenant: false,
});

/** What is asked of an answer, in one line. */
function told({ status, headers, body }: HttpAnswer): unknown[] {
  const rest = [headers['www-authenticate'], headers['retry-after']].filter((value) => value !== undefined);
  return [status, ...rest, ...(status === 200 ? [body] : [])];
}

const NO_CREDENTIALS = [401, 'Bearer'];
const BAD_TOKEN = [401, 'Bearer error="invalid_token"'];
const lacks = (scopes: string) => [403, `Bearer error="insufficient_scope", scope="${scopes}"`];

describe.each(ADAPTERS)('UserTokenGuard on %s', (adapter) => {
  async function lab({
    options,
    ...rest
  }: Omit<Ingredients, 'options'> & { options?: MindsphereCredentialsModuleOptions } = {}): Promise<Lab> {
    const server = await KeyServer.start(KEY);
    const all = { ...optionsFor(server), ...options };
    const served = await serve(adapter, { controllers: CONTROLLERS, ...rest, options: all });
    return { ...served, server, token: (claims) => server.token(KEY, claims) };
  }

  describe.each([
    ['by @UseGuards', '/used', [] as Provider[]],
    ['by APP_GUARD with useExisting', '/plain', [GLOBAL_GUARD]],
    ['by both', '/used', [GLOBAL_GUARD]],
  ])('%s', (_, path, providers) => {
    it('accepts a genuine user, who is verified in the handler', async () => {
      const { get, token } = await lab({ providers });
      expect(told(await get(path, token()))).toEqual([200, { userName: 'ann@acme', verified: true }]);
    });

    it('answers 401 with a bare challenge where there is no token', async () => {
      const { get, server } = await lab({ providers });
      const answer = await get(path);
      expect(told(answer)).toEqual(NO_CREDENTIALS);
      expect(answer.body).toEqual({ statusCode: 401, message: 'Unauthorized' });
      expect(told(await get(path, undefined, { authorization: 'Basic YTpi' }))).toEqual(NO_CREDENTIALS);
      expect(server.platform.count).toBe(0);
    });

    it('answers every bad token alike', async () => {
      const { get, server, token } = await lab({ providers });
      const bad = [
        server.forged(KEY.kid),
        server.forged('invented'),
        token({ exp: 1 }),
        token({ ten: 'not a label' }),
        token({ cid: 'other-host1', client_id: 'other-host1' }),
        token({ iss: 'https://evil.example/oauth/token' }),
        'x',
        '',
      ];
      const answers = await Promise.all(bad.map((jwt) => get(path, jwt)));
      for (const answer of answers) {
        expect(told(answer)).toEqual(BAD_TOKEN);
        expect(answer.body).toEqual({ statusCode: 401, message: 'Unauthorized' });
      }
    });

    it('answers 503 with Retry-After where the key set cannot be read', async () => {
      const { get, server, token } = await lab({ providers });
      server.answer(reset());
      const answer = await get(path, token());
      expect(told(answer)).toEqual([503, expect.stringMatching(/^[1-5]$/)]);
      expect(answer.body).toEqual({ statusCode: 503, message: 'Service Unavailable' });
    });

    it('answers 503 with Retry-After where the rate limit for unknown issuers is reached', async () => {
      const { get, server, token } = await lab({ providers, options: { verification: { keySetTenant: false } } });
      expect((await get(path, token())).status).toBe(200);
      const statuses: number[] = [];
      for (let n = 0; n < 20; n += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        statuses.push((await get(path, server.forged('key-id-1', { ten: `unknown${n}` }))).status);
      }
      expect(statuses.lastIndexOf(401)).toBeLessThan(statuses.indexOf(503));
      const answer = await get(path, server.forged('key-id-1', { ten: 'unknown20' }));
      expect(told(answer)).toEqual([503, expect.stringMatching(/^[1-9]$/)]);
      expect((await get(path, token({ ten: 'globex' }))).status).toBe(200);
    });

    it('does not check routes with @Public(), whatever token is sent', async () => {
      const { get, server } = await lab({ providers });
      for (const jwt of [undefined, '', 'x', server.forged('invented')]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(told(await get(`${path}/public`, jwt))).toEqual([200, 'public']);
      }
      expect(server.platform.count).toBe(0);
    });

    it('verifies a token once', async () => {
      const rule = vi.fn<() => boolean>(() => true);
      const { get, server, token } = await lab({ providers, options: { verification: { allowedTenants: rule } } });
      const checks = vi.spyOn(globalThis.crypto.subtle, 'verify');
      onTestFinished(() => checks.mockRestore());
      const jwt = token();
      expect((await get(path, jwt)).status).toBe(200);
      expect({ checks: checks.mock.calls.length, rule: rule.mock.calls.length }).toEqual({ checks: 1, rule: 1 });
      expect((await get(path, jwt)).status).toBe(200);
      // The application's rule counts on every call, but not twice in one.
      expect({ checks: checks.mock.calls.length, rule: rule.mock.calls.length }).toEqual({ checks: 1, rule: 2 });
      expect(server.count()).toBe(1);
    });
  });

  it('is not there for routes that nothing guards: their user is not verified', async () => {
    const { get, server, token } = await lab();
    expect(told(await get('/plain', token()))).toEqual([200, { verified: false }]);
    expect(server.platform.count).toBe(0);
  });

  it.each([
    ['without a token', undefined, {}],
    ['with a bad one', 'x', {}],
    ['with an empty one', '', {}],
    ['of another scheme', undefined, { authorization: 'Basic YTpi' }],
  ])('not there, a guest may be asked who he is, %s', async (_, jwt, headers) => {
    const { get } = await lab();
    expect(told(await get('/plain', jwt, headers))).toEqual([200, { verified: false }]);
  });

  it('refuses a tenant that the application allows no longer, on the next request', async () => {
    let allowed = true;
    const { get, token } = await lab({ options: { verification: { allowedTenants: () => allowed } } });
    const jwt = token();
    expect((await get('/used', jwt)).status).toBe(200);
    allowed = false;
    expect(told(await get('/used', jwt))).toEqual(BAD_TOKEN);
  });

  describe('with @RequireScopes', () => {
    const scope = (...names: string[]) => ({ scope: names });

    it('applies itself', async () => {
      const { get, token } = await lab();
      expect(told(await get('/scopes'))).toEqual(NO_CREDENTIALS);
      expect(told(await get('/scopes', token()))).toEqual([200, 'in']);
    });

    it('unites the scopes of class and handler, each once', async () => {
      const { get, token } = await lab();
      expect(told(await get('/scopes/both', token(scope('myapp.user', 'myapp.admin'))))).toEqual([200, 'in']);
      for (const lacking of [scope('myapp.user'), scope('myapp.admin'), scope()]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const answer = await get('/scopes/both', token(lacking));
        expect(told(answer)).toEqual(lacks('myapp.user myapp.admin'));
        expect(answer.body).toEqual({ statusCode: 403, message: 'Forbidden' });
      }
    });

    it('compares whole scopes, in their case', async () => {
      const { get, token } = await lab();
      for (const wrong of ['myapp.user2', 'myapp.use', 'MYAPP.USER', 'x myapp.user', 'myapp.user,x', 'myapp.*']) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(told(await get('/scopes', token(scope(wrong))))).toEqual(lacks('myapp.user'));
      }
      expect(told(await get('/scopes', token({ scope: 'a myapp.user b' })))).toEqual([200, 'in']);
      expect(told(await get('/scopes', token({ scope: undefined })))).toEqual(lacks('myapp.user'));
    });

    it('a bad token is 401, not 403', async () => {
      const { get, server } = await lab();
      expect(told(await get('/scopes/both', server.forged(KEY.kid, scope('myapp.user', 'myapp.admin'))))).toEqual(
        BAD_TOKEN,
      );
    });

    it('a handler may be public in a class that demands scopes, and the other way round', async () => {
      const { get, token } = await lab({ providers: [GLOBAL_GUARD] });
      expect(told(await get('/scopes/public'))).toEqual([200, 'public']);
      expect(told(await get('/public'))).toEqual([200, 'public']);
      expect(told(await get('/public/scoped'))).toEqual(NO_CREDENTIALS);
      expect(told(await get('/public/scoped', token(scope())))).toEqual(lacks('myapp.user'));
      expect(told(await get('/public/scoped', token()))).toEqual([200, 'in']);
    });
  });

  describe('with userToken.extract', () => {
    const cookie = (request: unknown) => {
      const { headers } = forbidden<{ headers: Record<string, string | undefined> }>(request);
      return /(?:^|; )session=([^;]*)/.exec(headers['cookie'] ?? '')?.[1];
    };

    it('takes the token from the configured place, and from no other', async () => {
      const { get, token } = await lab({ options: { userToken: { extract: cookie } } });
      const jwt = token();
      expect((await get('/used', undefined, { cookie: `a=b; session=${jwt}` })).body).toEqual({
        userName: 'ann@acme',
        verified: true,
      });
      expect(told(await get('/used', jwt))).toEqual(NO_CREDENTIALS);
      expect(told(await get('/used', jwt, { cookie: 'session=x' }))).toEqual(BAD_TOKEN);
      expect(told(await get('/used', jwt, { cookie: 'session=' }))).toEqual(BAD_TOKEN);
    });

    it('is a bad token where that fails or gives no text', async () => {
      for (const extract of [
        () => {
          throw new Error('broken');
        },
        () => forbidden<string>(7),
        () => forbidden<string>({}),
        () => forbidden<string>(Promise.resolve('x')),
      ]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const { get, token } = await lab({ options: { userToken: { extract } } });
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(told(await get('/used', token()))).toEqual(BAD_TOKEN);
      }
    });
  });

  describe('in tests can be replaced', () => {
    const letIn: CanActivate = { canActivate: () => true };
    const keepOut: CanActivate = { canActivate: () => false };

    it('by overrideGuard, where it is applied by @UseGuards or @RequireScopes', async () => {
      const { get } = await lab({ change: (builder) => builder.overrideGuard(UserTokenGuard).useValue(letIn) });
      expect(told(await get('/scopes'))).toEqual([200, 'in']);
      expect(told(await get('/scopes/both'))).toEqual([200, 'in']);
    });

    it('by overrideProvider, where it is applied by APP_GUARD with useExisting', async () => {
      const { get } = await lab({
        providers: [GLOBAL_GUARD],
        change: (builder) => builder.overrideProvider(UserTokenGuard).useValue(keepOut),
      });
      expect((await get('/plain')).status).toBe(403);
      expect((await get('/plain/public')).status).toBe(403);
    });

    it('not by the other one: Nest keeps guards apart from providers', async () => {
      const used = await lab({ change: (builder) => builder.overrideProvider(UserTokenGuard).useValue(letIn) });
      expect(told(await used.get('/used'))).toEqual(NO_CREDENTIALS);
      const existing = await lab({
        providers: [GLOBAL_GUARD],
        change: (builder) => builder.overrideGuard(UserTokenGuard).useValue(letIn),
      });
      expect(told(await existing.get('/plain'))).toEqual(NO_CREDENTIALS);
    });

    it('in one way or the other, not both: for Nest it is one token, and the last word counts', async () => {
      const { get } = await lab({
        providers: [GLOBAL_GUARD],
        change: (builder) =>
          builder.overrideGuard(UserTokenGuard).useValue(letIn).overrideProvider(UserTokenGuard).useValue(letIn),
      });
      expect((await get('/plain', undefined)).status).toBe(200);
      expect(told(await get('/scopes'))).toEqual(NO_CREDENTIALS);
    });

    it('by a double of its verifier, however it is applied, and still checks scopes', async () => {
      const user = fakeUserToken({ userName: 'ann@example.com', scopes: ['myapp.user'] });
      const { get } = await lab({
        providers: [GLOBAL_GUARD],
        change: (builder) => builder.overrideProvider(TokenVerifier).useValue(fakeTokenVerifier(user)),
      });
      const ann = { userName: 'ann@example.com', verified: true };
      expect(told(await get('/used'))).toEqual([200, ann]);
      expect(told(await get('/plain'))).toEqual([200, ann]);
      expect(told(await get('/scopes'))).toEqual([200, 'in']);
      expect(told(await get('/scopes/both'))).toEqual(lacks('myapp.user myapp.admin'));
    });

    it('together with the user: a double of UserToken is what is injected', async () => {
      @Controller()
      @UseGuards(UserTokenGuard)
      class InjectingController {
        constructor(private readonly user: UserToken) {}

        @Get()
        in() {
          return whoIs(this.user);
        }
      }
      const user = fakeUserToken({ tenant: 'customer', userName: 'ann@example.com' });
      const { get } = await lab({
        controllers: [InjectingController],
        change: (builder) =>
          builder.overrideGuard(UserTokenGuard).useValue(letIn).overrideProvider(UserToken).useValue(user),
      });
      expect((await get('/')).body).toEqual({ userName: 'ann@example.com', verified: true });
    });
  });

  describe('a subclass', () => {
    const INTERNAL = Symbol('internal');

    @Injectable()
    class OwnGuard extends UserTokenGuard {
      protected override getRequest(context: ExecutionContext): unknown {
        const request = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
        return { headers: { authorization: request.headers['x-user-token'] } };
      }
    }

    @Injectable()
    class InternalGuard extends UserTokenGuard {
      @Inject(Reflector) private readonly reflector!: Reflector;

      protected override isPublic(context: ExecutionContext): boolean {
        return super.isPublic(context) || this.reflector.get<boolean>(INTERNAL, context.getHandler());
      }
    }

    @Injectable()
    class DenyingGuard extends UserTokenGuard {
      protected override getRequest(): unknown {
        return undefined;
      }
    }

    @Controller('own')
    class OwnController {
      @Get('request')
      @UseGuards(OwnGuard)
      request() {
        return 'in';
      }

      @Get('internal')
      @UseGuards(InternalGuard)
      @SetMetadata(INTERNAL, true)
      internal() {
        return 'internal';
      }

      @Get('public')
      @UseGuards(InternalGuard)
      @Public()
      public() {
        return 'public';
      }

      @Get('guarded')
      @UseGuards(InternalGuard)
      guarded() {
        return 'in';
      }

      @Get('denied')
      @UseGuards(DenyingGuard)
      denied() {
        return 'in';
      }
    }

    it('may take the request from elsewhere', async () => {
      const { get, token } = await lab({ controllers: [OwnController] });
      expect(told(await get('/own/request', undefined, { 'x-user-token': `Bearer ${token()}` }))).toEqual([200, 'in']);
      expect(told(await get('/own/request', token()))).toEqual(NO_CREDENTIALS);
    });

    it('may decide what is public', async () => {
      const { get, token } = await lab({ controllers: [OwnController] });
      expect(told(await get('/own/internal'))).toEqual([200, 'internal']);
      expect(told(await get('/own/public'))).toEqual([200, 'public']);
      expect(told(await get('/own/guarded'))).toEqual(NO_CREDENTIALS);
      expect(told(await get('/own/guarded', token()))).toEqual([200, 'in']);
    });

    it('denies where it finds no request', async () => {
      const { get, token } = await lab({ controllers: [OwnController] });
      expect((await get('/own/denied', token())).status).toBe(403);
    });

    it('shares what was verified with the guards of other modules', async () => {
      @Module({ controllers: [UsedController] })
      class OtherModule {}
      const server = await KeyServer.start(KEY);
      const { get } = await serve(adapter, {
        imports: [MindsphereCredentialsModule.forRoot({ ...optionsFor(server), isGlobal: true }), OtherModule],
        controllers: [OwnController],
      });
      const checks = vi.spyOn(globalThis.crypto.subtle, 'verify');
      onTestFinished(() => checks.mockRestore());
      const jwt = server.token(KEY);
      expect((await get('/used', jwt)).status).toBe(200);
      expect((await get('/own/guarded', jwt)).status).toBe(200);
      expect({ checks: checks.mock.calls.length, requests: server.count() }).toEqual({ checks: 1, requests: 1 });
    });
  });

  describe('of a named registration', () => {
    @Injectable()
    class PlantGuard extends UserTokenGuard {
      constructor(@InjectCredentials(TokenVerifier, 'plant') verifier: TokenVerifier) {
        super(verifier);
      }
    }

    @Controller('plant')
    @UseGuards(PlantGuard)
    class PlantController {
      @Get()
      in(@CurrentUserToken() user: UserToken) {
        return whoIs(user);
      }
    }

    const plant = (server: KeyServer) =>
      MindsphereCredentialsModule.forRoot({
        ...optionsFor(server),
        name: 'plant',
        isGlobal: true,
        verification: { allowedTenants: ['plant1'] },
      });

    it('guards everything by its token, with its rules', async () => {
      const server = await KeyServer.start(KEY);
      const { get } = await serve(adapter, {
        imports: [plant(server)],
        controllers: [PlainController],
        providers: [{ provide: APP_GUARD, useExisting: getCredentialsToken(UserTokenGuard, 'plant') }],
      });
      expect((await get('/plain', server.token(KEY, { ten: 'plant1' }))).body).toEqual({
        userName: 'ann@plant1',
        verified: true,
      });
      expect(told(await get('/plain', server.token(KEY)))).toEqual(BAD_TOKEN);
      expect(told(await get('/plain'))).toEqual(NO_CREDENTIALS);
    });

    it('guards a route by a subclass with its verifier, beside an unnamed one', async () => {
      const server = await KeyServer.start(KEY);
      const { get } = await serve(adapter, {
        options: optionsFor(server),
        imports: [plant(server)],
        controllers: [PlantController, UsedController],
      });
      const [acme, plant1] = [server.token(KEY), server.token(KEY, { ten: 'plant1' })];
      expect((await get('/plant', plant1)).status).toBe(200);
      expect(told(await get('/plant', acme))).toEqual(BAD_TOKEN);
      expect((await get('/used', acme)).status).toBe(200);
      expect((await get('/used', plant1)).status).toBe(200);
      // What one registration has verified, the other has not.
      expect(told(await get('/plant', acme))).toEqual(BAD_TOKEN);
    });

    it('is not mixed up with another one on the same route: each finds its own token and its own user', async () => {
      @Controller('both')
      @UseGuards(UserTokenGuard, PlantGuard)
      class BothController {
        constructor(
          private readonly user: UserToken,
          @InjectCredentials(UserToken, 'plant') private readonly plantUser: UserToken,
        ) {}

        @Get()
        in() {
          return [whoIs(this.user), whoIs(this.plantUser)];
        }
      }
      const server = await KeyServer.start(KEY);
      const extract = (request: unknown) =>
        forbidden<{ headers: Record<string, string | undefined> }>(request).headers['x-plant-token'];
      const { get } = await serve(adapter, {
        options: optionsFor(server),
        imports: [
          MindsphereCredentialsModule.forRoot({
            ...optionsFor(server),
            name: 'plant',
            isGlobal: true,
            userToken: { extract },
          }),
        ],
        controllers: [BothController],
      });
      const [acme, plant1] = [server.token(KEY), server.token(KEY, { ten: 'plant1' })];
      expect((await get('/both', acme, { 'x-plant-token': plant1 })).body).toEqual([
        { userName: 'ann@acme', verified: true },
        { userName: 'ann@plant1', verified: true },
      ]);
    });
  });
});

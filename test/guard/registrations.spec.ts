import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  CurrentUserToken,
  getCredentialsToken,
  IS_PUBLIC_KEY,
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  Public,
  REQUIRED_SCOPES_KEY,
  RequireScopes,
  UseRegistration,
  UserToken,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { describe, expect, it } from 'vitest';
import { APP, failureOf, forbidden, start } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { ADAPTERS, serve } from '../support/key-server-http.js';

const KEY = testKey('key-id-1', 0);

interface Extras {
  readonly name?: string;
  readonly isGlobal?: boolean;
}

/** A key server of one platform, and a registration of it. */
async function registered(extras: Extras, options: MindsphereCredentialsModuleOptions = {}) {
  const server = await KeyServer.start(KEY);
  const registration = MindsphereCredentialsModule.forRoot({
    ...server.platform.urls,
    app: APP,
    tenant: false,
    ...options,
    ...extras,
  });
  return { server, registration };
}

const seen = ({ tenant, verified }: UserToken) => ({ tenant, verified });

describe.each(ADAPTERS)('where only named registrations exist, on %s', (adapter) => {
  @Controller()
  class Scoped {
    @RequireScopes('myapp.user')
    @Get('scoped')
    scoped(@CurrentUserToken() user: UserToken) {
      return seen(user);
    }
    @UseGuards(UserTokenGuard)
    @Get('guarded')
    guarded(@CurrentUserToken() user: UserToken) {
      return seen(user);
    }
  }

  it.each([true, false])('routes belong to the only one, whether it is global: %s', async (isGlobal) => {
    const { server, registration } = await registered({ name: 'plant', isGlobal });
    const { get } = await serve(adapter, { imports: [registration], controllers: [Scoped] });
    for (const path of ['/scoped', '/guarded']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await get(path, server.token(KEY))).body).toEqual({ tenant: 'acme', verified: true });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await get(path)).status).toBe(401);
    }
    expect((await get('/scoped', server.token(KEY, { scope: [] }))).status).toBe(403);
  });

  it('a route that names none of several stops the start, with the names there are', async () => {
    const [one, other] = [await registered({ name: 'plant' }), await registered({ name: 'office' })];
    const imports = [one.registration, other.registration];
    const failure = await failureOf(serve(adapter, { imports, controllers: [Scoped] }));
    expect(failure.code).toBe('options_invalid');
    for (const part of ['Scoped.scoped', 'Scoped.guarded', '@UseRegistration(name)', "'plant'", "'office'"]) {
      expect(failure.message).toContain(part);
    }
  });

  it('a route names its registration, its handler before its class', async () => {
    @UseRegistration('plant')
    @Controller()
    class Named {
      @RequireScopes('myapp.user')
      @Get('plant')
      plant(@CurrentUserToken() user: UserToken) {
        return seen(user);
      }
      @UseRegistration('office')
      @RequireScopes('myapp.user')
      @Get('office')
      office(@CurrentUserToken() user: UserToken) {
        return seen(user);
      }
    }
    const [one, other] = [await registered({ name: 'plant' }), await registered({ name: 'office' })];
    const { get } = await serve(adapter, { imports: [one.registration, other.registration], controllers: [Named] });
    const [plant, office] = [one.server.token(KEY), other.server.token(KEY)];
    const statuses = await Promise.all(
      [
        ['/plant', plant],
        ['/plant', office],
        ['/office', plant],
        ['/office', office],
      ].map(async ([path = '', token]) => (await get(path, token)).status),
    );
    expect(statuses).toEqual([200, 401, 401, 200]);
  });

  it("a global guard follows the route, too, and is its own registration's elsewhere", async () => {
    @Controller()
    class Mixed {
      @Get('own')
      own(@CurrentUserToken() user: UserToken) {
        return seen(user);
      }
      @UseRegistration('office')
      @Get('office')
      office(@CurrentUserToken() user: UserToken) {
        return seen(user);
      }
    }
    const [one, other] = [await registered({ name: 'plant' }), await registered({ name: 'office' })];
    const { get } = await serve(adapter, {
      imports: [one.registration, other.registration],
      controllers: [Mixed],
      providers: [{ provide: APP_GUARD, useExisting: getCredentialsToken(UserTokenGuard, 'plant') }],
    });
    const [plant, office] = [one.server.token(KEY), other.server.token(KEY)];
    const status = async (path: string, token: string) => (await get(path, token)).status;
    expect([await status('/own', plant), await status('/own', office)]).toEqual([200, 401]);
    expect([await status('/office', plant), await status('/office', office)]).toEqual([401, 200]);
  });
});

describe('a guard without a registration', () => {
  @UseGuards(UserTokenGuard)
  @Controller()
  class Guarded {}

  it('names what to import, where there is none and where it is not imported', async () => {
    @Module({ controllers: [Guarded] })
    class Feature {}
    const hint = 'import MindsphereCredentialsModule in the module that uses the guard, or set isGlobal';
    expect((await failureOf(start([Feature]))).message).toContain(hint);
    const { registration } = await registered({});
    expect((await failureOf(start([registration, Feature]))).message).toContain(hint);
    const global = await registered({ isGlobal: true });
    await expect(start([global.registration, Feature])).resolves.toBeDefined();
  });

  it('and a name that no registration has stop the start', async () => {
    @UseRegistration('plnt')
    @Controller()
    class Typo {
      @RequireScopes('myapp.user')
      @Get()
      get() {}
    }
    const { registration } = await registered({ name: 'plant', isGlobal: true });
    @Module({ controllers: [Typo] })
    class Feature {}
    const { message } = await failureOf(start([registration, Feature]));
    expect(message).toContain("@UseRegistration('plnt')");
    expect(message).toContain("'plant'");
    for (const name of ['', undefined, 7]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await failureOf(() => UseRegistration(forbidden(name)))).code).toBe('options_invalid');
    }
  });
});

describe('marks that Nest would not follow', () => {
  it('a guarded hook of a gateway stops the start', async () => {
    @UseGuards(UserTokenGuard)
    @WebSocketGateway()
    class Gateway {
      @RequireScopes('myapp.user')
      handleConnection() {}
    }
    const { registration } = await registered({});
    const failure = await failureOf(start([registration], { providers: [Gateway] }));
    expect(failure.message).toContain('Gateway.handleConnection');
  });
});

describe('other guards', () => {
  @Injectable()
  class Own implements CanActivate {
    static readonly scopes: unknown[] = [];
    constructor(private readonly reflector: Reflector) {}
    canActivate(context: ExecutionContext) {
      const targets = [context.getHandler(), context.getClass()];
      Own.scopes.push(this.reflector.getAllAndMerge<string[]>(REQUIRED_SCOPES_KEY, targets));
      return this.reflector.getAllAndOverride<boolean | undefined>(IS_PUBLIC_KEY, targets) ?? false;
    }
  }
  @Public()
  @UseGuards(Own)
  @Controller()
  class Routes {
    @Get('open') open() {}
    @RequireScopes('a', 'b')
    @Get('scoped')
    scoped() {}
  }

  it('honour the marks by their exported keys', async () => {
    const { registration } = await registered({});
    const { get } = await serve('Express', { imports: [registration], controllers: [Routes] });
    expect((await get('/open')).status).toBe(200);
    expect((await get('/scoped')).status).toBe(403);
    expect(Own.scopes).toEqual([[], ['a', 'b']]);
  });
});

describe.each(ADAPTERS)('@CurrentUserToken() on an open route, on %s', (adapter) => {
  @Controller()
  class Open {
    @Get('open')
    open(@CurrentUserToken() user: UserToken) {
      return { value: user.value, verified: user.verified, platform: user.platform };
    }
    @UseRegistration('plant')
    @Get('plant')
    plant(@CurrentUserToken() user: UserToken) {
      return { value: user.value, verified: user.verified };
    }
  }
  const byHeader = (name: string) => (request: unknown) =>
    forbidden<{ headers: Record<string, string> }>(request).headers[name];

  it("reads the token by the options of the route's registration", async () => {
    const own = await registered({}, { userToken: { extract: byHeader('x-own') } });
    const plant = await registered({ name: 'plant' }, { userToken: { extract: byHeader('x-plant') } });
    const imports = [own.registration, plant.registration];
    const { get } = await serve(adapter, { imports, controllers: [Open] });
    const token = own.server.token(KEY);
    const headers = { 'x-own': token, 'x-plant': 'of.the.plant', authorization: 'Bearer of.no.interest' };
    expect((await get('/open', undefined, headers)).body).toEqual({
      value: token,
      verified: false,
      platform: 'mindsphere',
    });
    expect((await get('/plant', undefined, headers)).body).toEqual({ value: 'of.the.plant', verified: false });
  });

  it('reads its header where no registration is in reach', async () => {
    const { get } = await serve(adapter, { controllers: [Open] });
    expect((await get('/open', 'a.b.c')).body).toEqual({ value: 'a.b.c', verified: false });
  });
});

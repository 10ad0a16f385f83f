import { Controller, Get, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { ContextIdFactory, type ContextIdStrategy, type HostComponentInfo, REQUEST } from '@nestjs/core';
import {
  AppCredentials,
  CurrentAppCredentials,
  CurrentUserToken,
  MindsphereExceptionFilter,
  UserToken,
} from 'nestjs-mindsphere-credentials';
import { UseFilters } from '@nestjs/common';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { APP, tokenOf } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { ADAPTERS, serve } from '../support/key-server-http.js';

const KEY = testKey('key-id-1', 0);
const DURABLE = { scope: Scope.REQUEST, durable: true };

interface Incoming {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** One tree of durable providers for all requests, as an application makes one for each tenant. */
function strategyWith(payload: (request: Incoming) => object): ContextIdStrategy<Incoming> {
  const tree = ContextIdFactory.create();
  return {
    attach: (contextId, request) => ({
      resolve: (info: HostComponentInfo) => (info.isTreeDurable ? tree : contextId),
      payload: payload(request),
    }),
  };
}

@Injectable(DURABLE)
class ByCredentials {
  constructor(private readonly current: CurrentAppCredentials) {}
  tenant = async () => (await tokenOf(this.current)).tenant;
}

@Injectable(DURABLE)
class ByUser {
  constructor(
    private readonly user: UserToken,
    private readonly app: AppCredentials,
    @Inject(REQUEST) readonly request: unknown,
  ) {}
  tenant = async () => (await tokenOf(this.app.forUser(this.user))).tenant;
}

@Injectable({ scope: Scope.REQUEST })
class Between {
  constructor(readonly current: CurrentAppCredentials) {}
}

@Injectable(DURABLE)
class ByAnother {
  constructor(private readonly between: Between) {}
  tenant = async () => (await tokenOf(this.between.current)).tenant;
}

beforeEach(() => {
  onTestFinished(() => void Reflect.set(ContextIdFactory, 'strategy', undefined));
});

describe.each(ADAPTERS)('a durable provider on %s', (adapter) => {
  async function lab(
    host: typeof ByCredentials | typeof ByUser | typeof ByAnother,
    payload: (request: Incoming) => object,
  ) {
    @UseFilters(MindsphereExceptionFilter)
    @Controller()
    class Durable {
      constructor(@Inject(host) private readonly service: { tenant: () => Promise<unknown> }) {}
      @Get('durable')
      async durable() {
        try {
          return { tenant: await this.service.tenant() };
        } catch (error) {
          return { failure: (error as Error).message };
        }
      }
    }
    @Controller()
    class Mixed {
      constructor(
        @Inject(host) private readonly service: { tenant: () => Promise<unknown> },
        private readonly user: UserToken,
      ) {}
      @Get('mixed')
      async mixed() {
        const failure: unknown = await this.service.tenant().catch((error: unknown) => error);
        return { failure: (failure as Error).message, verified: this.user.verified };
      }
      @Get('by-argument')
      byArgument(@CurrentUserToken() user: UserToken) {
        return { hasToken: user.value !== '' };
      }
    }
    @Module({})
    class Empty {}
    ContextIdFactory.apply(strategyWith(payload));
    const server = await KeyServer.start(KEY);
    const options = { ...server.platform.urls, app: APP, tenant: false as const };
    const providers = [host, Between];
    const served = await serve(adapter, { options, imports: [Empty], controllers: [Durable, Mixed], providers });
    return { ...served, server };
  }

  it.each([
    ['CurrentAppCredentials', ByCredentials],
    ['UserToken', ByUser],
    ['one of them by way of another provider', ByAnother],
  ] as const)('that injects %s is refused at its first use, with the reason, whatever its payload', async (_, host) => {
    for (const payload of [
      () => ({ tenantId: 'acme' }),
      (request: Incoming) => ({ tenantId: 'acme', headers: request.headers }),
      (request: Incoming) => ({ headers: request.headers, rawHeaders: [] }),
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one strategy after the other
      const { get, server } = await lab(host, payload);
      for (const ten of ['acme', 'globex']) {
        for (const path of ['/durable', '/mixed']) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          const { body } = await get(path, server.token(KEY, { ten }));
          expect(body).toMatchObject({ failure: expect.stringContaining(host.name) as string });
        }
      }
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await get('/by-argument', server.token(KEY))).body).toEqual({ hasToken: true });
      expect(server.platform.app.count).toBe(0);
    }
  });
});

describe('a REQUEST that is no request of Node', () => {
  it('is refused with an error that says why', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Service {
      constructor(
        readonly user: UserToken,
        readonly current: CurrentAppCredentials,
      ) {}
    }
    const server = await KeyServer.start(KEY);
    const options = { ...server.platform.urls, app: APP, tenant: false as const };
    const { application } = await serve('Express', { options, providers: [Service] });
    const contextId = ContextIdFactory.create();
    const payload = { tenantId: 'acme', headers: { authorization: `Bearer ${server.token(KEY)}` } };
    application.registerRequestByContextId(payload, contextId);
    const { user, current } = await application.resolve(Service, contextId);
    expect([user.verified, user.tenant, user.claims]).toEqual([false, undefined, {}]);
    for (const credentials of [user, current]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const failure: unknown = await tokenOf(credentials).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'options_invalid' });
      expect((failure as Error).message).toContain('REQUEST is not an HTTP request');
    }
    expect(server.platform.app.count).toBe(0);
  });
});

import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Controller, Get, Inject, Injectable, Module, Scope, UseGuards } from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  AppCredentials,
  CurrentAppCredentials,
  CurrentUser,
  CurrentUserMiddleware,
  CurrentUserToken,
  MindsphereCredentialsModule,
  UserToken,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';

/*
 * One route on a server of its own: a router that looks at other routes first, and code that V8 made for others, would
 * count as this one's. The bench reads its CPU time over IPC. Plain JavaScript: no build step.
 */
class Empty {}
Injectable({ scope: Scope.REQUEST })(Empty);

/** What any module costs that gives something of the request. */
class Foreign {}
class ForeignModule {}
Module({
  providers: [{ provide: Foreign, scope: Scope.REQUEST, useFactory: () => new Foreign(), inject: [REQUEST] }],
  exports: [Foreign],
})(ForeignModule);

/** What an application would write for itself. */
const trivial = new AsyncLocalStorage();
class TrivialMiddleware {
  use(request, _response, next) {
    trivial.run(request, next);
  }
}

class EmptyGuard {
  canActivate() {
    return true;
  }
}

const controllers = {
  bare: controller({ handle: () => ({ ok: true }) }),
  'empty-guard': controller({ handle: () => ({ ok: true }), guard: EmptyGuard }),
  guard: controller({ handle: () => ({ ok: true }), guard: UserTokenGuard }),
  decorator: controller({ handle: (user) => ({ ok: user.verified }), guard: UserTokenGuard, decorated: true }),
  'empty-scope': controller({ inject: Empty, handle: () => ({ ok: true }) }),
  'empty-scope-guard': controller({ inject: Empty, handle: () => ({ ok: true }), guard: EmptyGuard }),
  'foreign-scope-guard': controller({ inject: Foreign, handle: () => ({ ok: true }), guard: EmptyGuard }),
  'user-token': controller({ inject: UserToken, handle: (_, user) => ({ ok: user.verified }), guard: UserTokenGuard }),
  'current-app': controller({
    inject: CurrentAppCredentials,
    handle: async (_, credentials) => ({ ok: (await firstValueFrom(credentials.getToken())) !== undefined }),
    guard: UserTokenGuard,
  }),
  'for-user': controller({
    inject: AppCredentials,
    handle: async (user, app) => ({ ok: (await firstValueFrom(app.forUser(user).getToken())) !== undefined }),
    guard: UserTokenGuard,
    decorated: true,
  }),
  'trivial-als': controller({ handle: () => ({ ok: trivial.getStore() !== undefined }) }),
  'our-als': controller({ handle: () => ({ ok: true }) }),
  'trivial-als-guard': controller({ handle: () => ({ ok: trivial.getStore() !== undefined }), guard: UserTokenGuard }),
  'current-user': controller({
    inject: CurrentUser,
    handle: (_, current) => ({ ok: current.token.verified }),
    guard: UserTokenGuard,
  }),
};

function controller({ handle, inject, guard, decorated = false }) {
  class Route {
    constructor(injected) {
      this.injected = injected;
    }

    answer(user) {
      return handle(user, this.injected);
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Route.prototype, 'answer');
  if (decorated) CurrentUserToken()(Route.prototype, 'answer', 0);
  if (guard) UseGuards(guard)(Route.prototype, 'answer', descriptor);
  Reflect.defineMetadata('design:paramtypes', inject ? [inject] : [], Route);
  if (inject) Inject(inject)(Route, undefined, 0);
  return { Route, descriptor };
}

const middlewares = {
  'trivial-als': TrivialMiddleware,
  'trivial-als-guard': TrivialMiddleware,
  'our-als': CurrentUserMiddleware,
  'current-user': CurrentUserMiddleware,
};

const [platform, name, options] = process.argv.slice(2);
const { Route, descriptor } = controllers[name];
Get()(Route.prototype, 'answer', descriptor);
Controller('route')(Route);

class AppModule {
  configure(consumer) {
    const middleware = middlewares[name];
    if (middleware !== undefined) consumer.apply(middleware).forRoutes('route');
  }
}
Module({
  imports: [MindsphereCredentialsModule.forRoot(JSON.parse(options)), ForeignModule],
  controllers: [Route],
  providers: [Empty],
})(AppModule);

const adapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: false });
await app.listen(0, '127.0.0.1');
process.on('message', (message) => {
  if (message === 'collect') {
    // A major one would also throw away code that did not run lately.
    globalThis.gc({ type: 'minor' });
    process.send({});
  }
  if (message === 'cpu') process.send({ cpu: cpuMicroseconds() });
  if (message === 'stop') void app.close().then(() => process.exit());
});
// The bench is gone.
process.on('disconnect', () => process.exit());
process.send({ url: `${await app.getUrl()}/route` });

function cpuMicroseconds() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

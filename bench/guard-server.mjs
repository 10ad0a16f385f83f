import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Controller, Get, Inject, Injectable, Module, Scope, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
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

/** A server in a process of its own, whose CPU time the bench reads over IPC. Plain JavaScript: no build step. */
class Empty {}
Injectable({ scope: Scope.REQUEST })(Empty);

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

for (const [path, { Route, descriptor }] of Object.entries(controllers)) {
  Get()(Route.prototype, 'answer', descriptor);
  Controller(path)(Route);
}

const [platform, options] = process.argv.slice(2);
class AppModule {
  configure(consumer) {
    consumer.apply(TrivialMiddleware).forRoutes('trivial-als', 'trivial-als-guard');
    consumer.apply(CurrentUserMiddleware).forRoutes('our-als', 'current-user');
  }
}
Module({
  imports: [MindsphereCredentialsModule.forRoot(JSON.parse(options))],
  controllers: Object.values(controllers).map(({ Route }) => Route),
  providers: [Empty],
})(AppModule);

const adapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: false });
await app.listen(0, '127.0.0.1');
process.on('message', (message) => {
  if (message === 'collect') {
    // A major one would also throw away the code of the routes that did not run lately.
    globalThis.gc({ type: 'minor' });
    process.send({});
  }
  if (message === 'cpu') process.send({ cpu: cpuMicroseconds() });
  if (message === 'stop') void app.close().then(() => process.exit());
});
// The bench is gone.
process.on('disconnect', () => process.exit());
process.send({ url: await app.getUrl() });

function cpuMicroseconds() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

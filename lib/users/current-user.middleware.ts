import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, type NestMiddleware } from '@nestjs/common';

/** The request that the running code belongs to, where {@link CurrentUserMiddleware} has noted it; no user. */
export const runningRequest = new AsyncLocalStorage<object>();

/**
 * Notes the request, by Node's `AsyncLocalStorage`, for all code that runs while it is served, so that `CurrentUser`
 * finds its user: `consumer.apply(CurrentUserMiddleware).forRoutes('{*path}')`, on Express and Fastify, once for all
 * registrations. It checks nothing and refuses no request: guards run after it. No network I/O.
 */
@Injectable()
export class CurrentUserMiddleware implements NestMiddleware<object, unknown> {
  /** Called by Nest. No network I/O. */
  use(request: object, _response: unknown, next: () => void): void {
    runningRequest.run(request, next);
  }
}

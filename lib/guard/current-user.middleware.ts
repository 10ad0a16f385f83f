import { Injectable, type NestMiddleware } from '@nestjs/common';
import { runningRequest } from '../users/running-request.js';

/**
 * Notes the request, by Node's `AsyncLocalStorage`, for everything that runs in its course, so that `CurrentUser` finds
 * its user: `consumer.apply(CurrentUserMiddleware).forRoutes('{*path}')`, on Express and Fastify, once for all
 * registrations. It looks at nothing and lets in everybody: guards run after it. No network I/O.
 */
@Injectable()
export class CurrentUserMiddleware implements NestMiddleware<object, unknown> {
  /** Called by Nest. No network I/O. */
  use(request: object, _response: unknown, next: () => void): void {
    runningRequest.run(request, next);
  }
}

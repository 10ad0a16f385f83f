import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { presentedToken } from '../users/presented-token.js';
import { publishedUser } from '../users/published-users.js';
import type { UserToken } from '../users/user-token.js';
import { userTokenOf } from '../users/user-token-of-request.js';
import { requestOfContext } from './request-of-context.js';

/**
 * The user's token of the current request, as a handler's parameter: it needs no request scope. On a route without the
 * guard it is an unverified token, read from the `Authorization` header. No network I/O.
 */
export const CurrentUserToken = createParamDecorator((_data: unknown, context: ExecutionContext): UserToken => {
  const request = requestOfContext(context);
  return publishedUser(request) ?? userTokenOf(request, (outer) => presentedToken(outer, {}));
});

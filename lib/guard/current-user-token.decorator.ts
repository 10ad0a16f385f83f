import { createParamDecorator, type ExecutionContext, Injectable, Optional, type PipeTransform } from '@nestjs/common';
import { presentedToken } from '../users/presented-token.js';
import { publishedUser } from '../users/published-users.js';
import { TokenVerifier } from '../users/token-verifier.js';
import type { UserToken } from '../users/user-token.js';
import { RequestUserToken, type TokenReader } from '../users/user-token-of-request.js';
import { GuardedApplication } from './guarded-application.js';
import { holdersOf, requestOfContext } from './call-context.js';
import { rulesOfHandler } from './route-rules.js';

/** How tokens are read where it is not known which registration a route belongs to. */
const WITHOUT_REGISTRATION: TokenReader = {
  presented: (request) => presentedToken(request, {}),
  platformOf: () => undefined,
};

/** The unverified user of a route that has no guard, together with the registration that the route names. */
class UserTokenOfRoute extends RequestUserToken {
  constructor(
    request: unknown,
    readonly registration: string | undefined,
  ) {
    super(request, WITHOUT_REGISTRATION);
  }
}

/**
 * Makes unverified tokens be read by `userToken.extract` of the route's registration. A pipe, because Nest injects
 * nothing into parameter decorators.
 */
@Injectable()
class UserTokenPipe implements PipeTransform<unknown, unknown> {
  readonly #verifier: TokenVerifier | undefined;
  readonly #application: GuardedApplication | undefined;

  constructor(@Optional() verifier?: TokenVerifier, @Optional() application?: GuardedApplication) {
    this.#verifier = verifier;
    this.#application = application;
  }

  /** Called by Nest. A user whom a guard has published is returned unchanged. No network I/O. */
  transform(user: unknown): unknown {
    if (!(user instanceof UserTokenOfRoute)) return user;
    const verifier = this.#verifierOf(user.registration);
    return verifier === undefined ? user : user.readBy(verifier);
  }

  /** `undefined` where it is not clear which registration is meant: the token is then read from its header. */
  #verifierOf(registration: string | undefined): TokenVerifier | undefined {
    if (registration === undefined && this.#verifier !== undefined) return this.#verifier;
    const names = this.#application?.names ?? [];
    const isClear = registration === undefined ? names.length === 1 : names.includes(registration);
    return isClear ? this.#application?.verifierOf(registration) : undefined;
  }
}

const currentUserToken = createParamDecorator((_data: unknown, context: ExecutionContext): UserToken => {
  for (const holder of holdersOf(context)) {
    const user = publishedUser(holder);
    if (user !== undefined) return user;
  }
  const { registration } = rulesOfHandler(context.getClass(), context.getHandler());
  return new UserTokenOfRoute(requestOfContext(context), registration);
});

/**
 * The user's token of the current request, as a handler's parameter: it needs no request scope. On a route without the
 * guard it is an unverified token, read from the `Authorization` header, or by `userToken.extract` of the route's
 * registration. No network I/O.
 *
 * @param pipes further pipes for the parameter; default: none.
 */
export function CurrentUserToken(
  ...pipes: (PipeTransform | (new (...dependencies: never[]) => PipeTransform))[]
): ParameterDecorator {
  return currentUserToken(UserTokenPipe, ...pipes);
}

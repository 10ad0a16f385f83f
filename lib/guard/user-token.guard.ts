import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { catchError, map, type Observable, of } from 'rxjs';
import { publishUser, publishedUser } from '../users/published-users.js';
import { TokenVerifier } from '../users/token-verifier.js';
import type { UserToken } from '../users/user-token.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { answerFor, type HttpAnswer, insufficientScope, invalidToken, setHeaders } from './http-answer.js';
import { RefusalLog } from './refusal-log.js';
import { requestOfContext, responseOfContext } from './request-of-context.js';
import { routeRules } from './route-rules.js';

/** One for all guards: Nest makes an instance in each module that uses the class. */
const refusals = new RefusalLog();

/**
 * Lets in requests whose user token verifies, and publishes the user for `@CurrentUserToken()` and the injected
 * `UserToken`. HTTP, GraphQL (request at `context.req`) and WebSockets (handshake); any other context is denied. May do
 * network I/O for a key set. Answers: 401 without or with a bad token, 403 for a missing scope, 503 with `Retry-After`
 * where no key set can be had. A WebSocket gets Nest's own `Forbidden resource`.
 */
@Injectable()
export class UserTokenGuard implements CanActivate {
  /** Nest builds it; a subclass for a named registration takes `@InjectCredentials(TokenVerifier, name)`. */
  constructor(private readonly verifier: TokenVerifier) {}

  /**
   * Called by Nest. Answers at once where it can: on public routes, for what is refused without a look at a key set, and
   * for tokens verified before. May else do network I/O, for a key set. Throws Nest's `HttpException` with the statuses
   * above, never an error of this library.
   */
  canActivate(context: ExecutionContext): boolean | Observable<boolean> {
    if (this.isPublic(context)) return true;
    const request = this.getRequest(context);
    if (request === undefined || request === null) return false;
    const jwt = this.#presented(context, request);
    return jwt !== false && this.#admit(context, request, jwt);
  }

  /** The request to take the token from; `undefined` denies. Override it for contexts of your own. */
  protected getRequest(context: ExecutionContext): unknown {
    return requestOfContext(context);
  }

  /** Whether the route needs no token. By default: `@Public()` on the handler, else on the class. */
  protected isPublic(context: ExecutionContext): boolean {
    return routeRules(context).isPublic;
  }

  #presented(context: ExecutionContext, request: unknown): string | false {
    try {
      return this.verifier.presented(request);
    } catch (failure) {
      return this.#refuse(context, failure);
    }
  }

  #admit(context: ExecutionContext, request: unknown, jwt: string): boolean | Observable<boolean> {
    const known = this.#knownUser(context, request, jwt);
    if (known !== undefined) return this.#welcome(context, request, known);
    return this.verifier.verify(jwt).pipe(
      catchError((failure: unknown) => of(this.#refuse(context, failure))),
      map((user) => user !== false && this.#welcome(context, request, user)),
    );
  }

  /** The user of a token verified before, at once: what an application meets most of the time. */
  #knownUser(context: ExecutionContext, request: unknown, jwt: string): UserToken | undefined {
    const known = this.verifier.recall(jwt);
    if (known === undefined || !this.verifier.hasTenantRule) return known;
    // The application's rule counts on every call, but not twice in one. Other requests than HTTP's outlive many calls.
    const admitted = context.getType<string>() === 'http' && publishedUser(request, this.verifier) === known;
    return admitted ? known : undefined;
  }

  #welcome(context: ExecutionContext, request: unknown, user: UserToken): boolean {
    const { scopes } = routeRules(context);
    publishUser(request, user, this.verifier);
    if (scopes.length === 0 || user.hasScopes(...scopes)) return true;
    return this.#answer(context, insufficientScope(scopes), `The user lacks one of the scopes ${scopes.join(' ')}.`);
  }

  #refuse(context: ExecutionContext, failure: unknown): false {
    if (!(failure instanceof MindsphereCredentialsError)) {
      return this.#answer(context, invalidToken(), 'A token could not be verified for an unforeseen reason.');
    }
    const reason = failure.code === 'token_missing' ? undefined : `${failure.code}: ${failure.message}`;
    return this.#answer(context, answerFor(failure), reason);
  }

  /** Nest shows a WebSocket only exceptions of its own kind, which it makes where a guard says `false`. */
  #answer(context: ExecutionContext, { exception, headers }: HttpAnswer, reason: string | undefined): false {
    if (reason !== undefined) refusals.note(reason);
    if (context.getType<string>() === 'ws') return false;
    setHeaders(responseOfContext(context), headers);
    throw exception;
  }
}

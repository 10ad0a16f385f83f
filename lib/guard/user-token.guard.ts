import { type CanActivate, type ExecutionContext, Injectable, Optional } from '@nestjs/common';
import { catchError, map, type Observable, of } from 'rxjs';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { Platform } from '../platform/platform.interface.js';
import type { Reporter } from '../telemetry/reporter.js';
import { TokenWithoutScheme } from '../users/presented-token.js';
import { publishUser, publishedUser, withdrawUser } from '../users/published-users.js';
import { TokenVerifier } from '../users/token-verifier.js';
import type { UserToken } from '../users/user-token.js';
import { CLASS_NAME } from '../util/class-name.js';
import { GuardedApplication, guardReporter } from './guarded-application.js';
import { holdersOf, requestOfContext, responseOfContext, routeName } from './call-context.js';
import { type ErrorResponse, insufficientScope, invalidToken, responseForError, setHeaders } from './error-response.js';
import { type RouteRules, RouteRulesReader } from './route-rules.js';

/** One call while its token is checked. */
interface Call {
  readonly context: ExecutionContext;
  readonly request: unknown;
  readonly rules: RouteRules;
  readonly verifier: TokenVerifier;
}

/** The platform of a token that was refused; of an unverified one by the form of its `iss`. */
type PlatformOf = () => Platform | undefined;

/**
 * Accepts requests whose user token verifies, and publishes the user for `@CurrentUserToken()` and the injected
 * `UserToken`. HTTP, GraphQL (request at `context.req`) and WebSockets (handshake); any other context is denied. Users
 * are verified by the registration that the route names with `@UseRegistration(name)`, else by the one that the guard
 * is injected from, else by the only one there is. May do network I/O for a key set. Answers: 401 without or with a bad
 * token, 403 for a missing scope, 503 with `Retry-After` where no key set can be read. A WebSocket gets Nest's own
 * `Forbidden resource`.
 */
@Injectable()
export class UserTokenGuard implements CanActivate {
  /** @internal */
  static readonly [CLASS_NAME]: string = 'UserTokenGuard';
  readonly #verifier: TokenVerifier | undefined;
  readonly #application: GuardedApplication | undefined;
  readonly #reporter: Reporter;
  readonly #rules = new RouteRulesReader();

  /**
   * Nest builds it. A subclass for a named registration takes `@InjectCredentials(TokenVerifier, name)` and passes it
   * on; that verifier then counts for every route, whatever the route names. Throws `options_invalid` where no
   * registration is in reach.
   */
  constructor(verifier?: TokenVerifier);
  /** @internal Nest injects the second argument as well. */
  constructor(verifier?: TokenVerifier, application?: GuardedApplication);
  constructor(@Optional() verifier?: TokenVerifier, @Optional() application?: GuardedApplication) {
    const hasNamed = application?.names.some((name) => name !== undefined) ?? false;
    if (verifier === undefined && !hasNamed) throw noRegistration();
    this.#verifier = verifier;
    this.#application = application;
    this.#reporter = application?.reporter ?? guardReporter();
  }

  /**
   * Called by Nest. Returns or throws at once on public routes, where no token is presented, and for tokens verified
   * before. Else it returns an Observable, which may do network I/O for a key set. Throws Nest's `HttpException` with
   * the statuses above, never an error of this library.
   */
  canActivate(context: ExecutionContext): boolean | Observable<boolean> {
    if (this.isPublic(context)) return true;
    const request = this.getRequest(context);
    if (request === undefined || request === null) return false;
    const call = this.#callOf(context, request);
    return call !== false && this.#authenticate(call);
  }

  /** The request to take the token from; `undefined` denies. Override it for contexts of your own. */
  protected getRequest(context: ExecutionContext): unknown {
    return requestOfContext(context);
  }

  /** Whether the route needs no token. By default: `@Public()` on the handler, else on the class. */
  protected isPublic(context: ExecutionContext): boolean {
    return this.#rules.of(context).isPublic;
  }

  #callOf(context: ExecutionContext, request: unknown): Call | false {
    const rules = this.#rules.of(context);
    try {
      return { context, request, rules, verifier: this.#verifierOf(rules) };
    } catch (failure) {
      return this.#refuse(context, failure);
    }
  }

  #verifierOf({ registration }: RouteRules): TokenVerifier {
    const isOwn = this.#application === undefined || registration === undefined;
    if (this.#verifier !== undefined && isOwn) return this.#verifier;
    if (this.#application === undefined) throw noRegistration();
    return this.#application.verifierOf(registration);
  }

  #authenticate(call: Call): boolean | Observable<boolean> {
    const jwt = this.#presented(call);
    if (jwt === false) return false;
    const platformOf = () => call.verifier.platformOf(jwt);
    const known = knownUser(call, jwt);
    if (known !== undefined) return this.#admit(call, known);
    return call.verifier.verify(jwt).pipe(
      catchError((failure: unknown) => of(this.#refuseCall(call, failure, platformOf))),
      map((user) => user !== false && this.#admit(call, user)),
    );
  }

  #presented(call: Call): string | false {
    try {
      return call.verifier.presented(call.request);
    } catch (failure) {
      return this.#refuseCall(call, failure);
    }
  }

  #admit({ context, request, rules, verifier }: Call, user: UserToken): boolean {
    publishUser(holders(context, request), { user, verifier, until: verifier.acceptsUntil(user) });
    const missing = rules.scopes.filter((scope) => !user.hasScopes(scope));
    if (missing.length === 0) return true;
    const reason = `insufficient_scope: the user of tenant ${user.tenant ?? 'unknown'} lacks ${missing.join(' ')}.`;
    return this.#answer(context, insufficientScope(rules.scopes), reason, () => user.platform);
  }

  /** Withdraws the user, too, whom an earlier call on the same connection may have published. */
  #refuseCall({ context, request, verifier }: Call, failure: unknown, platformOf?: PlatformOf): false {
    withdrawUser(holders(context, request), verifier);
    return this.#refuse(context, failure, platformOf);
  }

  #refuse(context: ExecutionContext, failure: unknown, platformOf?: PlatformOf): false {
    if (!(failure instanceof MindsphereCredentialsError)) {
      return this.#answer(
        context,
        invalidToken(),
        'A token could not be verified for an unforeseen reason.',
        platformOf,
      );
    }
    const isLogged = failure.code !== 'token_missing' || failure instanceof TokenWithoutScheme;
    const reason = isLogged ? `${failure.code}: ${failure.message}` : undefined;
    return this.#answer(context, responseForError(failure), reason, platformOf);
  }

  /** A WebSocket gets exceptions of `@nestjs/websockets` only: Nest makes one where a guard returns `false`. */
  #answer(
    context: ExecutionContext,
    { exception, headers }: ErrorResponse,
    reason: string | undefined,
    platformOf?: PlatformOf,
  ): false {
    if (reason !== undefined) this.#reporter.requestRefused(reason, () => placeOf(context, platformOf));
    if (context.getType<string>() === 'ws') return false;
    setHeaders(responseOfContext(context), headers);
    throw exception;
  }
}

/** Route and platform for a log line, as far as they are known. */
function placeOf(context: ExecutionContext, platformOf?: PlatformOf): string | undefined {
  const known = [routeName(context), platformOf?.()].filter((part) => part !== undefined);
  return known.length === 0 ? undefined : known.join(', ');
}

/** The user of a token verified before, without waiting: the most frequent case. */
function knownUser({ context, request, verifier }: Call, jwt: string): UserToken | undefined {
  const known = verifier.recall(jwt);
  if (known === undefined || !verifier.hasTenantRule) return known;
  // The application's rule for tenants is asked once for each call. Only an HTTP request is one call.
  const isAdmitted = context.getType<string>() === 'http' && publishedUser(request, verifier) === known;
  return isAdmitted ? known : undefined;
}

/** The objects on which the user is published: the request, and whatever else handlers and providers get. */
function holders(context: ExecutionContext, request: unknown): readonly unknown[] {
  return [request, ...holdersOf(context)];
}

function noRegistration(): MindsphereCredentialsError {
  return new MindsphereCredentialsError(
    'options_invalid',
    'UserTokenGuard finds no registration to verify users with: import MindsphereCredentialsModule in the module that ' +
      'uses the guard, or set isGlobal.',
  );
}

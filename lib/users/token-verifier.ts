import {
  catchError,
  defer,
  from,
  map,
  type MonoTypeOperatorFunction,
  Observable,
  of,
  type Subscriber,
  switchMap,
  take,
  tap,
  throwError,
  throwIfEmpty,
} from 'rxjs';
import type { VerificationOptions } from '../config/sections/users.options.js';
import type { ResolvedOptions } from '../config/resolved-options.interface.js';
import { tenantOfAny } from '../config/tenant-urls.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { Reporter } from '../telemetry/reporter.js';
import type { Platform } from '../platform/platform.interface.js';
import { failAfter } from '../transport/retry-policy.js';
import { resultOf } from '../util/promises.js';
import { decodeJwt } from '../util/jwt.js';
import { JwtVerifier } from '../verification/jwt-verifier.js';
import { quoted, refused } from '../verification/refused.js';
import { RememberedTokens } from '../verification/remembered-tokens.js';
import type { VerifiedToken } from '../verification/verified-token.js';
import { presentedToken } from './presented-token.js';
import { TenantNames } from './tenant-names.js';
import { UserToken } from './user-token.js';
import { CLASS_NAME } from '../util/class-name.js';

type TenantRule = Extract<VerificationOptions['allowedTenants'], (...tenant: never[]) => unknown>;

/** Verifies users' tokens and remembers them until they expire or their key leaves its set. */
export class TokenVerifier {
  /** @internal */
  static readonly [CLASS_NAME]: string = 'TokenVerifier';
  readonly #options: ResolvedOptions;
  readonly #reporter: Reporter;
  readonly #verifier: JwtVerifier;
  readonly #remembered: RememberedTokens<RememberedUser>;
  readonly #names: TenantNames;
  readonly #allowsTenant?: TenantRule;
  #destroyed = false;

  /** @internal Objects come from injection. */
  constructor(options: ResolvedOptions, reporter = new Reporter(), verifier = new JwtVerifier(options, reporter)) {
    const { allowedTenants } = options.verification;
    this.#options = options;
    this.#reporter = reporter;
    this.#verifier = verifier;
    this.#remembered = new RememberedTokens(options.cache.maxVerifiedTokens);
    this.#names = new TenantNames(options, reporter);
    this.#allowsTenant = typeof allowedTenants === 'function' ? allowedTenants : undefined;
  }

  /**
   * The verified user of a token, then completes. May do network I/O, for a key set, when subscribed. A verified token
   * is remembered and cannot be revoked before its `exp`. Fails with `token_malformed`, `token_algorithm`,
   * `token_type`, `token_signature`, `token_issuer`, `token_expired`, `token_not_yet_valid`, `token_client`,
   * `token_tenant`, `key_set_unavailable` or `module_destroyed`.
   */
  verify(jwt: string): Observable<UserToken> {
    return new Observable((subscriber) => {
      const user = this.recall(jwt);
      if (user === undefined) return this.#verifyAnew(jwt).pipe(this.#reportRefused(jwt)).subscribe(subscriber);
      return this.#emitAllowed(user, jwt, subscriber);
    });
  }

  /**
   * @internal The user of a token verified before; `undefined` where {@link verify} has to verify it. No network I/O. The
   * function `verification.allowedTenants` is not called.
   */
  recall(jwt: string): UserToken | undefined {
    const found = typeof jwt === 'string' ? this.#remembered.get(jwt) : undefined;
    if (found === undefined || this.#destroyed) return undefined;
    if (this.#verifier.stillHolds(found.token)) return found.user;
    this.#remembered.delete(found);
    return undefined;
  }

  /**
   * @internal The platform of an unverified token, by the form of its `iss` alone: for choosing a gateway, and nothing
   * else. `undefined` where it has the form of no platform of this registration.
   */
  platformOf(jwt: string): Platform | undefined {
    const { iss } = (typeof jwt === 'string' ? decodeJwt(jwt)?.claims : undefined) ?? {};
    const named = this.#options.platforms.find(({ issuerUrls }) => tenantOfAny(issuerUrls, iss) !== undefined);
    return named?.rules.platform;
  }

  /** @internal Whether `verification.allowedTenants` is a function, which is called for every request. */
  get hasTenantRule(): boolean {
    return this.#allowsTenant !== undefined;
  }

  /** @internal Until when a verified user of this verifier is accepted, in epoch milliseconds. */
  acceptsUntil(user: UserToken): number {
    return (user.expiresAt?.getTime() ?? 0) + this.#options.verification.clockToleranceMs;
  }

  /** @internal The token a request presents. Throws `token_missing` or `token_malformed`. */
  presented(request: unknown): string {
    try {
      return presentedToken(request, this.#options.userToken);
    } catch (failure) {
      this.#reporter.userTokenRefused(failure);
      throw failure;
    }
  }

  /** Called by Nest, once no request is served any more: aborts requests for key sets. */
  onApplicationShutdown(): void {
    this.#destroyed = true;
    this.#verifier.close();
  }

  #emitAllowed(user: UserToken, jwt: string, subscriber: Subscriber<UserToken>) {
    const rule = this.#allowsTenant;
    if (rule !== undefined) return this.#allowed(user, rule).pipe(this.#reportRefused(jwt)).subscribe(subscriber);
    subscriber.next(user);
    subscriber.complete();
    return undefined;
  }

  #reportRefused(jwt: string): MonoTypeOperatorFunction<UserToken> {
    return tap({ error: (failure: unknown) => this.#reporter.userTokenRefused(failure, () => this.platformOf(jwt)) });
  }

  #verifyAnew(jwt: string): Observable<UserToken> {
    const user$ = defer(() => {
      this.#demandAlive();
      return from(this.#verifier.verify(jwt));
    }).pipe(
      catchError((failure: unknown) => {
        this.#demandAlive();
        throw failure;
      }),
      switchMap((token) => this.#userOf(token)),
    );
    const rule = this.#allowsTenant;
    return rule === undefined ? user$ : user$.pipe(switchMap((user) => this.#allowed(user, rule)));
  }

  /** The user of a token that has just been verified: the same object for all requests that presented it meanwhile. */
  #userOf(token: VerifiedToken): Observable<UserToken> {
    this.#demandAlive();
    const known = this.recall(token.value);
    if (known !== undefined) return of(known);
    return this.#names.of(token).pipe(
      map((tenantName) => {
        this.#demandAlive();
        return this.recall(token.value) ?? this.#remember(token, tenantName);
      }),
    );
  }

  #remember(token: VerifiedToken, tenantName: string | undefined): UserToken {
    const content = Object.freeze({ value: token.value, platform: token.platform, verified: token, tenantName });
    const user = new UserToken(() => content);
    // Many requests share a remembered user, so none of them must be able to change it.
    Object.freeze(user);
    this.#remembered.set(Object.freeze({ token, user }));
    return user;
  }

  /** Calls `verification.allowedTenants`. Only `true`, within the deadline, allows the tenant. */
  #allowed(user: UserToken, rule: TenantRule): Observable<UserToken> {
    const { tenant, platform } = user;
    const denied = (why: string) =>
      refused('token_tenant', `the function verification.allowedTenants ${why} for tenant ${quoted(tenant)}`);
    if (tenant === undefined || platform === undefined) return throwError(() => denied('cannot be called'));
    return resultOf(() => rule(tenant, platform)).pipe(
      take(1),
      failAfter(this.#options.request.deadlineMs, () => denied('did not answer in time')),
      throwIfEmpty(() => denied('did not answer')),
      catchError((failure: unknown) => {
        throw failure instanceof MindsphereCredentialsError ? failure : denied('failed');
      }),
      map((answer) => {
        if (answer === true) return user;
        throw denied('did not return true');
      }),
    );
  }

  #demandAlive(): void {
    if (!this.#destroyed) return;
    throw new MindsphereCredentialsError(
      'module_destroyed',
      'The module has been destroyed, so no token is verified any more.',
    );
  }
}

interface RememberedUser {
  readonly token: VerifiedToken;
  readonly user: UserToken;
}

import { inspect } from 'node:util';
import { map, type Observable } from 'rxjs';
import type { Platform } from '../platform/platform.interface.js';
import type { AccessToken } from './access-token.js';
import { CLASS_NAME, classNameOf } from '../util/class-name.js';

/**
 * Details for fetching tokens, and the tokens fetched. Inject this class for the application's default credentials:
 * those given in code before those from the environment; within each, app before tenant credentials.
 */
export abstract class MindsphereCredentials {
  /** @internal */
  static readonly [CLASS_NAME]: string = 'MindsphereCredentials';
  /**
   * The platform that they belong to. `undefined` for an unverified `UserToken` whose `iss` has the form of neither
   * platform. No network I/O.
   */
  abstract get platform(): Platform | undefined;

  /**
   * One valid token, then completes: from the cache if there is one, else from one request that all callers share. May
   * do network I/O when subscribed. Fails with `credentials_missing`, `token_request_failed`, `token_response_invalid`,
   * `options_invalid` (a secret function failed) or `module_destroyed`; a `UserToken` also with `token_missing` or
   * `token_malformed`.
   */
  abstract getToken(): Observable<AccessToken>;

  /**
   * The current token, then every later one, renewed ahead of time while somebody listens; the same Observable at each
   * reading. Its timer does not keep the process alive. Failures that may pass are silent while a token is valid; a
   * final refusal, or expiry without a new token, is an error, after which one may subscribe again. Completes at module
   * destroy. May do network I/O. Fails as {@link getToken} does.
   */
  abstract get token$(): Observable<AccessToken>;

  /**
   * Forgets `token`, or whatever is cached: the next call asks anew. A token that has been replaced already is left
   * alone, so that many parallel 401s cause one request. A string is a token with or without `Bearer ` before it; an
   * empty one does nothing. No network I/O, unless somebody listens to {@link token$} or a `cache.store` is set, from which
   * the token is removed in the background.
   */
  abstract invalidate(token?: AccessToken | string): void;

  /**
   * @internal Takes note that an API has rejected a token (status 401), and gives another one to send once more with, or
   * `undefined` where that would not help. The cached token stays until the new one is there. `place` is the API: its
   * origin and the first parts of its path. May do network I/O when subscribed; fails as {@link getToken} does.
   */
  replaceRejected(token: AccessToken, _place: string): Observable<AccessToken | undefined> {
    this.invalidate(token);
    return this.getToken().pipe(map((next) => (next.value === token.value ? undefined : next)));
  }

  /** @internal Notes that an API has accepted a token. No network I/O. */
  noteAccepted(_token: AccessToken, _place: () => string): void {
    // Where rejected tokens are not counted, there is nothing to forget.
  }

  /** `'Bearer …'`, one value, then completes. May do network I/O and fail as {@link getToken} does. */
  getAuthorization(): Observable<string> {
    return this.getToken().pipe(map((token) => token.authorization));
  }

  /** @internal The tenant that their tokens are for, where that is known without asking for one. No network I/O. */
  get knownTenant(): string | undefined {
    return undefined;
  }

  /** Names and hosts only; never a secret or token. */
  abstract toJSON(): Record<string, unknown>;

  /** As {@link toJSON}, for interpolation and logs. */
  toString(): string {
    return inspect(this);
  }

  /** As {@link toJSON}, for `util.inspect` and Nest's logger. */
  [inspect.custom](): string {
    return `${classNameOf(this.constructor) ?? ''} ${inspect(this.toJSON())}`;
  }
}

import type { Observable } from 'rxjs';
import type { ResolvedAppOptions } from '../config/resolved-options.interface.js';
import { type AppIdentity, appTokenSource } from '../token/app-token.source.js';
import type { TokenHandle } from '../token/token-cache.js';
import type { TokenState } from '../token/token-state.js';
import { refused } from '../verification/refused.js';
import type { CredentialsContext } from './credentials-context.js';
import { demandLabel, DerivedCredentials } from './derived-credentials.js';
import { missingGroup, missingTenants } from './missing-credentials.js';
import { TechnicalCredentials } from './technical-credentials.js';
import { tokensForUser } from './tokens-for-user.js';
import type { UserToken } from '../users/user-token.js';

/**
 * App credentials: technical tokens for a user tenant, from the Technical Token Manager. Deployed apps keep host and
 * user tenant out of their configuration and act for the tenant of each request's user.
 */
export class AppCredentials extends TechnicalCredentials {
  readonly #context: CredentialsContext;
  readonly #app?: ResolvedAppOptions;
  readonly #isForUser: boolean;
  readonly #derived: DerivedCredentials<AppCredentials>;

  /** @internal Objects come from injection or from the factory. */
  constructor(
    context: CredentialsContext,
    app?: ResolvedAppOptions,
    derived = new DerivedCredentials<AppCredentials>(context.options.cache.maxTokens, app?.hostTenant),
    tokensOfUser?: TokenHandle,
  ) {
    super(tokensOfUser ?? tokensOf(context, app));
    this.#isForUser = tokensOfUser !== undefined;
    this.#context = context;
    this.#app = app;
    this.#derived = derived;
  }

  /**
   * The same app acting for another user tenant. Asking again for the same tenant costs a look-up and shares its token.
   * No network I/O. Throws `options_invalid` where a tenant is not one DNS label.
   *
   * @param userTenant the tenant the tokens are for.
   * @param hostTenant the tenant that hosts the app; default: as in these credentials.
   */
  forUserTenant(userTenant: string, hostTenant: string | undefined = this.#app?.hostTenant): AppCredentials {
    return this.#derived.find(userTenant, hostTenant) ?? this.#derive(userTenant, hostTenant);
  }

  /**
   * The same app acting for a user's tenant. Whatever object is given, its token is verified by this registration
   * before its tenant is believed; the token is fixed now, the tenant once it was verified. From then on the object goes
   * on working, whatever becomes of the user's token: do not keep it beyond the request. The host tenant is the
   * configured one, else the one in an accepted `cid`. No network I/O by itself. Uses fail as `getToken` and
   * `TokenVerifier.verify` do, and with `token_tenant` for a user of a subtenant unless `app.allowSubtenantUsers` is set.
   */
  forUser(user: UserToken): AppCredentials {
    const tokens = tokensForUser(user, this.#context.verifier, (verified) => this.#actFor(verified));
    return new AppCredentials(this.#context, this.#app, this.#derived, tokens);
  }

  /**
   * The tenants that the app is provisioned to, read page by page with a token of the host tenant, whatever tenant
   * these credentials act for. Cold: each subscription reads anew, asks for a page of 100 when it is needed, and ends its
   * request when unsubscribed; `take(1)` costs one request. Operators that work on some at a time, such as
   * `mergeMap(…, 4)`, keep the names that wait, and nothing else is kept. A tenant that comes or goes meanwhile may be
   * missed, or come twice.
   *
   * Does network I/O when subscribed, repeated as token requests are. Fails as `getToken` does, with
   * `token_request_failed` where the list is refused or cannot be had, and with `token_response_invalid` for an answer
   * that is no such list, repeats itself, or goes beyond 1,000 pages (protocol page, section 4).
   */
  userTenants(): Observable<string> {
    return this.#context.userTenants.all(this.#ofHostTenant());
  }

  #ofHostTenant(): AppCredentials {
    const hostTenant = this.#app?.hostTenant;
    if (hostTenant !== undefined) return this.forUserTenant(hostTenant);
    const missing = this.#app === undefined ? missingGroup('app') : missingTenants(['hostTenant']);
    return new AppCredentials(this.#context, this.#app, this.#derived, missing);
  }

  #derive(userTenant: string, hostTenant: string | undefined): AppCredentials {
    demandLabel(userTenant, 'userTenant');
    if (hostTenant !== undefined) demandLabel(hostTenant, 'hostTenant');
    const app = this.#app === undefined ? undefined : Object.freeze({ ...this.#app, userTenant, hostTenant });
    const derived = new AppCredentials(this.#context, app, this.#derived);
    return this.#derived.remember(derived, userTenant, hostTenant);
  }

  #actFor(user: UserToken): AppCredentials {
    if (this.#app === undefined) return this;
    if (user.subtenant !== undefined && !this.#app.allowSubtenantUsers) {
      throw refused('token_tenant', 'a technical token would show a user of a subtenant the whole tenant');
    }
    const hostTenant = this.#app.hostTenant ?? this.#context.clients.hostTenantOf(user.clientId);
    return this.forUserTenant(user.tenant ?? '', hostTenant);
  }

  /** @internal Whether there is an app to act for. */
  get isConfigured(): boolean {
    return this.#app !== undefined;
  }

  /** @internal What is known of the tokens for other tenants, as far as they are remembered. No network I/O. */
  get derivedStates(): TokenState[] {
    return this.#derived.all.flatMap(({ state }) => state ?? []);
  }

  override toJSON(): Record<string, unknown> {
    if (this.#app === undefined) return { configured: false };
    const { clientId, appName, appVersion, hostTenant } = this.#app;
    const userTenant = this.#isForUser ? "the user's" : this.#app.userTenant;
    return { gatewayUrl: this.#context.platform.gatewayUrl, clientId, appName, appVersion, hostTenant, userTenant };
  }
}

function tokensOf({ platform, endpoint, cache }: CredentialsContext, app?: ResolvedAppOptions): TokenHandle {
  if (app === undefined) return missingGroup('app');
  if (hasTenants(app)) return cache.handle(appTokenSource(app, platform, endpoint));
  return missingTenants((['hostTenant', 'userTenant'] as const).filter((name) => app[name] === undefined));
}

function hasTenants(app: ResolvedAppOptions): app is AppIdentity {
  return app.hostTenant !== undefined && app.userTenant !== undefined;
}

import type { Observable } from 'rxjs';
import type { ResolvedAppOptions } from '../config/resolved-options.interface.js';
import { tenantLabel } from '../config/run-time-options.js';
import type { Platform } from '../platform/platform.interface.js';
import { type AppIdentity, appTokenSource, type CallerContext } from '../token/token-sources.js';
import type { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import type { TokenHandle } from '../token/token-cache.js';
import type { TokenState } from '../token/held-token.js';
import { refused } from '../verification/refused.js';
import type { CredentialsContext } from './credentials-context.js';
import { DerivedCredentials, TechnicalCredentials } from './technical-credentials.js';
import { MissingCredentials, missingGroup, missingTenants } from './missing-credentials.js';
import { tokensForUser } from './tokens-for-user.js';
import { readUserContext, type UserContext, UserContextCredentials } from './user-context.js';
import type { UserToken } from '../users/user-token.js';
import { CLASS_NAME } from '../util/class-name.js';

/** What credentials that act for a user stand on. */
export interface ActingForUser {
  readonly tokens: TokenHandle;
  /** The app's credentials on the platform of the user. */
  readonly home: () => AppCredentials;
  /** The tenant of the user, where the user's token was verified already. */
  readonly tenant: () => string | undefined;
}

/**
 * App credentials: technical tokens for a user tenant, from the Technical Token Manager. Deployed apps keep host and
 * user tenant out of their configuration and act for the tenant of each request's user.
 */
export class AppCredentials extends TechnicalCredentials {
  /** @internal */
  static override readonly [CLASS_NAME]: string = 'AppCredentials';
  readonly #context: CredentialsContext;
  readonly #app?: ResolvedAppOptions;
  readonly #derived: DerivedCredentials<AppCredentials>;
  readonly #user?: ActingForUser;
  /** Made at the first use: most credentials are never asked for another platform. */
  #elsewhere?: Map<Platform, AppCredentials>;

  /** @internal Objects come from injection or from the factory. */
  constructor(
    context: CredentialsContext,
    app?: ResolvedAppOptions,
    derived = new DerivedCredentials<AppCredentials>(context.options.cache.maxTokens),
    user?: ActingForUser,
  ) {
    super(user?.tokens ?? tokensOf(context, app));
    this.#user = user;
    this.#context = context;
    this.#app = app;
    this.#derived = derived;
  }

  /** The platform they act on: of credentials that act for a user, the one of the user's token. */
  override get platform(): Platform {
    return this.home.#context.platform.rules.platform;
  }

  /**
   * The registration's app credentials on a platform, to act there without a user. Tenants derived before are not carried
   * over, since a tenant has another id on each platform. No network I/O. Throws `options_invalid` for a name that is
   * none; where app credentials are not configured there, the first use fails with `credentials_missing`.
   */
  on(platform: Platform): AppCredentials {
    const known = this.#elsewhere?.get(platform);
    if (known !== undefined) return known;
    const context = this.#context.all.on(platform);
    const credentials = new AppCredentials(context, context.platform.app);
    (this.#elsewhere ??= new Map()).set(platform, credentials);
    return credentials;
  }

  /**
   * The same app acting for another user tenant, on the same platform. Asking again for the same tenant costs a look-up and shares its token.
   * No network I/O. Throws `options_invalid` where a tenant is not one DNS label.
   *
   * @param userTenant the tenant the tokens are for.
   * @param hostTenant the tenant that hosts the app; default: as in these credentials.
   */
  forUserTenant(userTenant: string, hostTenant?: string): AppCredentials {
    return this.home.#forTenants(userTenant, hostTenant);
  }

  /**
   * The app acting for a user's tenant, on the platform of the user's token. Whatever object is given, its token is verified by this registration
   * before its tenant is used; the token is fixed now, the tenant once it was verified. From then on the object goes
   * on working, whatever becomes of the user's token: do not keep it beyond the request. The host tenant is the
   * configured one on that platform, else the one in an accepted `cid` (on `mindsphere.io`). No network I/O by itself. Uses fail as `getToken` and
   * `TokenVerifier.verify` do, and with `token_tenant` for a user of a subtenant unless `app.allowSubtenantUsers` is set.
   */
  forUser(user: UserToken): AppCredentials {
    const home = (platform: Platform | undefined) => this.#onPlatform(platform);
    const tokens = tokensForUser(user, this.#context.verifier, (verified) => home(verified.platform).#actFor(verified));
    const acting = { tokens, home: () => home(tokens.platform()), tenant: tokens.tenant };
    return new AppCredentials(this.#context, this.#app, this.#derived, acting);
  }

  /**
   * The app acting in the context of a user: technical tokens for a user tenant that are limited to what the user may
   * do (protocol page, section 4). On the same platform. Equal contexts share one cached token, which no other credentials
   * get; at most `cache.maxTokens` tokens are kept. Neither the e-mail address nor the access token is in a key, a log
   * line, an event or an error. No network I/O. Throws `options_invalid` where a tenant is not one DNS label, where the
   * context has neither or both of its members, and for an e-mail address on `siemens.app`.
   *
   * @param userTenant the tenant the tokens are for.
   * @param context the user.
   * @param hostTenant the tenant that hosts the app; default: as in these credentials.
   */
  forUserContext(userTenant: string, context: UserContext, hostTenant?: string): MindsphereCredentials {
    const { home } = this;
    const { platform } = home.#context;
    const user = readUserContext(context, platform.rules);
    const tenants = tenantsOf(userTenant, hostTenant ?? home.#app?.hostTenant);
    const app = home.#app === undefined ? undefined : Object.freeze({ ...home.#app, ...tenants });
    const tokens = tokensOf(home.#context, app, user);
    const shown = { ...shownOf(platform.gatewayUrl, app), ...(app && { userContext: user.kind }) };
    return new UserContextCredentials(tokens, platform.rules.platform, shown, tenants.userTenant);
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
    const home = this.home;
    return home.#context.userTenants.all(home.#ofHostTenant());
  }

  /** @internal */
  override get knownTenant(): string | undefined {
    return this.#user === undefined ? this.#app?.userTenant : this.#user.tenant();
  }

  /** @internal Whose options and context count: for credentials that act for a user, those on the user's platform. */
  get home(): AppCredentials {
    return this.#user === undefined ? this : this.#user.home();
  }

  /** @internal What these credentials stand on. */
  get context(): CredentialsContext {
    return this.#context;
  }

  /** These credentials, or the registration's on another platform; where none is known, verification will fail anyway. */
  #onPlatform(platform: Platform | undefined): AppCredentials {
    const home = this.home;
    return platform === undefined || platform === home.#context.platform.rules.platform ? home : home.on(platform);
  }

  #forTenants(userTenant: string, hostTenant: string | undefined = this.#app?.hostTenant): AppCredentials {
    return this.#derived.find(userTenant, hostTenant) ?? this.#derive(userTenant, hostTenant);
  }

  #ofHostTenant(): TechnicalCredentials {
    const hostTenant = this.#app?.hostTenant;
    if (hostTenant !== undefined) return this.#forTenants(hostTenant);
    const { platform } = this.#context.platform.rules;
    const tokens = this.#app === undefined ? missingGroup(platform, 'app') : missingTenants(platform, ['hostTenant']);
    return new MissingCredentials(platform, tokens);
  }

  /** Letter case does not count in a tenant: the credentials are known by its lower-case name alone. */
  #derive(givenUser: string, givenHost: string | undefined): AppCredentials {
    const { userTenant, hostTenant } = tenantsOf(givenUser, givenHost);
    const known = this.#derived.find(userTenant, hostTenant);
    if (known !== undefined) return known;
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
    return this.#forTenants(user.tenant ?? '', hostTenant);
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
    const { home } = this;
    const shown = shownOf(home.#context.platform.gatewayUrl, home.#app);
    return this.#user === undefined || home.#app === undefined ? shown : { ...shown, userTenant: "the user's" };
  }
}

function tenantsOf(userTenant: string, hostTenant: string | undefined) {
  return {
    userTenant: tenantLabel(userTenant, 'userTenant'),
    hostTenant: hostTenant === undefined ? undefined : tenantLabel(hostTenant, 'hostTenant'),
  };
}

/** Names and hosts only. */
function shownOf(gatewayUrl: string, app: ResolvedAppOptions | undefined): Record<string, unknown> {
  if (app === undefined) return { configured: false };
  const { clientId, appName, appVersion, hostTenant, userTenant } = app;
  return { gatewayUrl, clientId, appName, appVersion, hostTenant, userTenant };
}

function tokensOf(
  { platform, endpoint, cache }: CredentialsContext,
  app?: ResolvedAppOptions,
  context?: CallerContext,
): TokenHandle {
  const { platform: name } = platform.rules;
  if (app === undefined) return missingGroup(name, 'app');
  if (hasTenants(app)) return cache.handle(appTokenSource(app, platform, endpoint, context));
  const missing = (['hostTenant', 'userTenant'] as const).filter((tenant) => app[tenant] === undefined);
  return missingTenants(name, missing);
}

function hasTenants(app: ResolvedAppOptions): app is AppIdentity {
  return app.hostTenant !== undefined && app.userTenant !== undefined;
}

import type { AxiosRequestConfig } from 'axios';
import type { Observable } from 'rxjs';
import type { TokenStore } from '../store/token-store.interface.js';

/**
 * A client secret, up to 4,096 characters; or a function that is called once per token request, so that a rotated secret
 * needs no restart. A function that fails, or returns no secret, fails the token request with `options_invalid`; it has
 * until `request.deadlineMs`.
 */
export type ClientSecret = string | (() => string | Promise<string>);

/**
 * App-specific service credentials from Developer or Operator Cockpit. They yield technical tokens from the Technical
 * Token Manager.
 */
export interface AppCredentialsOptions {
  /** Client id of the app credentials. Printable ASCII without a colon, up to 256 characters. Variable: `MDSP_KEY_STORE_CLIENT_ID`. */
  keyStoreClientId: string;
  /** Client secret of the app credentials, or a function that returns it. Variable: `MDSP_KEY_STORE_CLIENT_SECRET`. */
  keyStoreClientSecret: ClientSecret;
  /** Name of the app in the cockpit: letters, digits and `. _ ~ + -`, up to 128. Variable: `MDSP_OS_VM_APP_NAME`. */
  appName: string;
  /** Version of the app: letters, digits and `. _ ~ + -`, up to 128. Variable: `MDSP_OS_VM_APP_VERSION`. */
  appVersion: string;
  /** Tenant that hosts the app, one DNS label. Default: taken from a verified user token. Variable: `MDSP_HOST_TENANT`. */
  hostTenant?: string;
  /** Tenant the token is for, one DNS label. Default: taken from a verified user token. Variable: `MDSP_USER_TENANT`. */
  userTenant?: string;
  /** Scheme in `X-SPACE-AUTH-KEY`. Default `'Basic'`; one vendor page shows `'Bearer'`. */
  authKeyScheme?: 'Basic' | 'Bearer';
  /**
   * Whether users of a subtenant may act through app credentials. Default `false`: a technical token covers the whole
   * tenant, so switching this on lets a subtenant's user see what belongs to the whole tenant.
   */
  allowSubtenantUsers?: boolean;
}

/** Tenant-specific service credentials (a technical user). They yield technical tokens from the tenant's OAuth server. */
export interface TenantCredentialsOptions {
  /** Client id. Printable ASCII without a colon, up to 256 characters. Variable: `MINDSPHERE_CLIENT_ID`. */
  clientId: string;
  /** Client secret, or a function that returns it. Variable: `MINDSPHERE_CLIENT_SECRET`. */
  clientSecret: ClientSecret;
  /** The tenant, one DNS label. Variable: `MINDSPHERE_TENANT`, where absent `MDSP_USER_TENANT`. */
  tenant: string;
  /** Subtenant to impersonate, one DNS label. Default: none. Variable: `MINDSPHERE_SUB_TENANT`. */
  subTenant?: string;
}

/** When tokens are renewed. */
export interface RefreshOptions {
  /**
   * A cached token with less life than this is still answered, while a new one is fetched behind it. Milliseconds,
   * 0 to 86,400,000; default 300,000; never more than half of a token's life.
   */
  aheadMs?: number;
  /**
   * With less life than this, callers wait for the new token. Milliseconds, 0 to 86,400,000; default 30,000; never
   * more than a quarter of a token's life.
   */
  minValidityMs?: number;
}

/** Limits of token requests. */
export interface RequestOptions {
  /** Time for one attempt, body included. Milliseconds, 1 to 600,000; default 10,000. */
  timeoutMs?: number;
  /** Time for all attempts of one token request together. Milliseconds, 1 to 600,000; default 15,000. */
  deadlineMs?: number;
  /** Attempts after the first. 0 to 10; default 3. */
  retries?: number;
  /** First backoff; it doubles with each attempt, with full jitter. Milliseconds, 0 to 60,000; default 250. */
  retryDelayMs?: number;
  /** Longest `Retry-After` that is honoured; a longer one ends the request. Milliseconds, 0 to 3,600,000; default 60,000. */
  maxRetryAfterMs?: number;
  /** Proxy and agents, as Axios takes them. Default: Axios' own, which reads `HTTPS_PROXY` and `NO_PROXY`. */
  axios?: Pick<AxiosRequestConfig, 'proxy' | 'httpAgent' | 'httpsAgent'>;
}

/** Where the user's token is found. */
export interface UserTokenOptions {
  /**
   * Takes the token from the framework's request object. Default: the one `Authorization: Bearer` header. It may return
   * the bare token or `Bearer …`; `undefined` means that the request carries none.
   */
  extract?: (request: unknown) => string | undefined;
}

/** How user tokens are verified. */
export interface VerificationOptions {
  /** Allowed difference of clocks for `exp`, `nbf` and `iat`. Milliseconds, 0 to 600,000; default 30,000. */
  clockToleranceMs?: number;
  /**
   * Age at which a key set is read again; from 80 % of it in the background. Milliseconds, 1,000 to 86,400,000; default
   * 600,000. A key that the platform withdraws is trusted for so long, and for 1 h more while the key server fails.
   */
  keySetMaxAgeMs?: number;
  /** Shortest time between two fetches that an unknown key id causes. Milliseconds, 0 to 3,600,000; default 30,000. */
  keySetCooldownMs?: number;
  /** Template of a token's `iss`, holding `{tenant}` once. Default: `oauthUrl` + `/oauth/token`. */
  issuerUrl?: string;
  /**
   * One tenant, a DNS label, whose key set is read for all issuers, such as `core`. Default: the issuer's own. Whoever
   * holds a key of that tenant can sign for every tenant.
   */
  keySetTenant?: string;
  /** Tenants, each one DNS label, whose server may sign. Default: any of this region. */
  issuers?: readonly string[];
  /**
   * Tenants (`ten`) whose users are let in, as a list or a function. Default: any. A function is asked at each request,
   * has until `request.deadlineMs`, and refuses with whatever is not `true`.
   */
  allowedTenants?: readonly string[] | ((tenant: string) => boolean | Promise<boolean> | Observable<boolean>);
  /**
   * Accepted `cid`. Default: `{app.appName}-{one label}` where app credentials are configured, else `'any'`, with a
   * warning at start: any other app's backend could replay its users' tokens here.
   */
  clientIds?: readonly string[] | 'any';
}

/** Bounds of what is held in memory, and what is shared with other instances. */
export interface CacheOptions {
  /** Technical tokens. 1 to 1,000,000; default 10,000. Tokens in use are never evicted. */
  maxTokens?: number;
  /** Verified user tokens. 1 to 1,000,000, and 32 MiB of them; default 10,000. */
  maxVerifiedTokens?: number;
  /**
   * Where instances share technical tokens, so that one request serves all: a `RedisTokenStore`, a `KeyvTokenStore`, or
   * any object like them. The cache in memory stays in front. A store that is down costs a token request at most one
   * timeout of 500 ms, and never an error. Needs `encryptionKeys`. Default: none, every instance asks for itself.
   */
  store?: TokenStore;
  /**
   * Keys to what is stored: the first encrypts, all decrypt, so that keys can rotate. 1 to 8 texts, each base64 of 32
   * random bytes or more (`openssl rand -base64 32`); no passphrases. Secrets. No default.
   */
  encryptionKeys?: readonly string[];
}

/** What {@link MindsphereHttpService} may do. */
export interface HttpOptions {
  /**
   * Origins, beside the gateway's, that tokens may be sent to, e.g. `'https://api.example.com'`: `https:`, host and
   * port, nothing else; `http:` only for loopback addresses, unless `allowInsecureHttp` is set. Whoever answers there
   * can act with the tokens it gets. Default: none.
   */
  allowedOrigins?: readonly string[];
}

/**
 * What {@link MindsphereCredentialsModule.forRoot} takes and the factory of `forRootAsync` returns. Everything is
 * optional: `forRoot` reads the environment for what it was not given, `forRootAsync` reads only what its factory returns.
 */
export interface MindsphereCredentialsModuleOptions {
  /** Region label. Default `'eu1'`. Variable: `HOST_ENVIRONMENT`. */
  region?: string;
  /** Base domain. Default `'mindsphere.io'`, or `'mindsphere-in.cn'` for region `cn1`. Variable: `HOST_BASEDOMAIN`. */
  baseDomain?: string;
  /** Whole URL of the gateway; wins over region and base domain. Default `https://gateway.{region}.{baseDomain}`. */
  gatewayUrl?: string;
  /**
   * URL template of a tenant's OAuth server, holding `{tenant}` once, as a whole host label or path segment. Default:
   * the gateway's URL with `{tenant}.piam` for `gateway`.
   */
  oauthUrl?: string;
  /** Permits plain `http:` beyond loopback addresses. Default `false`: secrets would cross the network in the clear. */
  allowInsecureHttp?: boolean;
  /** App credentials; `false` switches them off, whatever the environment holds. App name and version may come from the environment. */
  app?: WithOptional<AppCredentialsOptions, 'appName' | 'appVersion'> | false;
  /** Tenant credentials; `false` switches them off, whatever the environment holds. The tenant may come from the environment. */
  tenant?: WithOptional<TenantCredentialsOptions, 'tenant'> | false;
  /** When tokens are renewed. */
  refresh?: RefreshOptions;
  /** Limits of token requests; `timeoutMs` and `axios` also hold for calls of APIs. */
  request?: RequestOptions;
  /** Where the user's token is found. */
  userToken?: UserTokenOptions;
  /** How user tokens are verified. */
  verification?: VerificationOptions;
  /** Bounds of what is held in memory, and what is shared with other instances. */
  cache?: CacheOptions;
  /** What calls of APIs may do. */
  http?: HttpOptions;
}

/** @inline */
type WithOptional<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

/** What a class given as `useClass` or `useExisting` implements. */
export interface MindsphereCredentialsOptionsFactory {
  /** Called once, at start. What it returns is all that counts: the environment is not read beside it. */
  createMindsphereCredentialsOptions():
    | MindsphereCredentialsModuleOptions
    | Promise<MindsphereCredentialsModuleOptions>;
}

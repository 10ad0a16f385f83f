import type { PlatformRules } from '../platform/platform.interface.js';
import type { Resolved } from './descriptor.js';
import type { SealedSecret } from './sealed-secrets.js';
import type { CACHE } from './sections/cache.options.js';
import type { APP, TENANT } from './sections/credentials.options.js';
import type { HTTP, REFRESH, REQUEST } from './sections/requests.options.js';
import type { USER_TOKEN, VERIFICATION } from './sections/users.options.js';
import type { XceleratorOptions } from './sections/xcelerator.options.js';
import type { TenantUrlTemplate } from './tenant-urls.js';

/** Client id and secret, under the names that both kinds of credentials share. */
interface ResolvedClient {
  readonly clientId: string;
  readonly secret: SealedSecret;
}

/** App credentials as checked: every part is there but the tenants, which a user token may bring. */
export type ResolvedAppOptions = ResolvedClient &
  Optional<Omit<Resolved<typeof APP>, 'keyStoreClientId' | 'keyStoreClientSecret'>, 'hostTenant' | 'userTenant'>;

/** Tenant credentials as checked. */
export type ResolvedTenantOptions = ResolvedClient &
  Optional<Omit<Resolved<typeof TENANT>, 'clientId' | 'clientSecret'>, 'subTenant'> & {
    /** Whose server is asked for the token. */
    readonly tokenTenant: string;
  };

/** Members that may be left out of a value made in code. */
type Optional<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

/** The hosts of one platform. Templates hold the tenant. */
export interface ResolvedUrls {
  /** Without a slash at its end. */
  readonly gatewayUrl: string;
  /**
   * Without a slash at its end. `undefined` where it was not given and does not follow from the gateway's: nothing is
   * sent to, or accepted from, the public platform because only a private gateway was given.
   */
  readonly oauthUrl?: TenantUrlTemplate;
  /**
   * What `iss` may be; empty where neither it nor `oauthUrl` is known. Two where `oauthUrl` has a path behind the tenant,
   * which `iss` need not have (protocol page, section 3).
   */
  readonly issuerUrls: readonly TenantUrlTemplate[];
}

/** Names of tenants that outlive their move to another platform: a map by id, or a function. */
export type TenantNames = NonNullable<XceleratorOptions['tenantName']>;

export type ResolvedRequestOptions = Resolved<typeof REQUEST>;

/** Whose users' tokens are accepted on one platform. */
export interface ResolvedUsers {
  /** Not set: the platform's set first. A tenant: that one's alone. `false`: the issuer's own alone. */
  readonly keySetTenant?: string | false;
  /** Tenants whose server may sign; `undefined`: any that the template of `iss` matches. */
  readonly issuers?: readonly string[];
  /** Accepted `cid`; `undefined`: those of the app {@link appName}, hosted by any tenant; none where that is not known. */
  readonly clientIds?: readonly string[] | 'any';
  readonly appName?: string;
  /** What to set for {@link clientIds}, with its variables, for messages. */
  readonly clientIdsSetting: string;
  /** The names that tenants keep when they move; `undefined`: the name in the token. */
  readonly tenantName?: TenantNames;
}

/**
 * One platform as one registration uses it: its rules, its hosts, and the credentials and users there. Code that is given
 * one of these needs to know nothing else of the platform.
 */
export interface ResolvedPlatform extends ResolvedUrls {
  readonly rules: PlatformRules;
  /** The tenant that stands for the platform itself in paths, where it has one. */
  readonly coreTenant?: string;
  readonly app?: ResolvedAppOptions;
  readonly tenant?: ResolvedTenantOptions;
  readonly users: ResolvedUsers;
}

/** The options of one registration: validated, complete, deeply frozen, with sealed secrets. */
export interface ResolvedOptions {
  /** The platforms of this registration, in their order of precedence. */
  readonly platforms: readonly [ResolvedPlatform, ...ResolvedPlatform[]];
  /** Which of the two kinds `MindsphereCredentials` stands for. */
  readonly preferred?: 'app' | 'tenant';
  readonly refresh: Resolved<typeof REFRESH>;
  readonly request: ResolvedRequestOptions;
  readonly userToken: Resolved<typeof USER_TOKEN>;
  readonly verification: Omit<Resolved<typeof VERIFICATION>, 'issuerUrl' | 'keySetTenant' | 'issuers' | 'clientIds'>;
  readonly cache: Resolved<typeof CACHE>;
  readonly http: Resolved<typeof HTTP>;
  /** Warnings about suspicious options, for the log. They name options and variables, and no value. */
  readonly warnings: readonly string[];
}

/** Injection token of a registration's {@link ResolvedOptions}. */
export const RESOLVED_OPTIONS = Symbol('mindsphere-credentials:resolved-options');

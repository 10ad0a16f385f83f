import type {
  CacheOptions,
  HttpOptions,
  RefreshOptions,
  RequestOptions,
  UserTokenOptions,
  VerificationOptions,
} from './module-options.interface.js';
import type { PlatformRules } from '../platform/platform.interface.js';
import type { TokenStore } from '../store/token-store.interface.js';
import type { SealedKeys } from './sealed-keys.js';
import type { SealedSecret } from './sealed-secret.js';
import type { TenantUrlTemplate } from './tenant-url-template.js';

/** App credentials as checked: every part is there but the tenants, which a user token may bring. */
export interface ResolvedAppOptions {
  readonly clientId: string;
  readonly secret: SealedSecret;
  readonly authKeyScheme: 'Basic' | 'Bearer';
  readonly appName: string;
  readonly appVersion: string;
  readonly hostTenant?: string;
  readonly userTenant?: string;
  readonly allowSubtenantUsers: boolean;
}

/** Tenant credentials as checked. */
export interface ResolvedTenantOptions {
  readonly clientId: string;
  readonly secret: SealedSecret;
  readonly tenant: string;
  /** Whose server is asked for the token. Default: the tenant's own. */
  readonly tokenTenant?: string;
  readonly subTenant?: string;
  readonly clientAuthentication: 'basic' | 'form';
}

/** The hosts of one platform. Templates hold the tenant. */
export interface ResolvedUrls {
  /** Without a slash at its end. */
  readonly gatewayUrl: string;
  /**
   * Without a slash at its end. `undefined` where it was not given and does not follow from the gateway's: nothing is
   * sent to, or believed from, the public platform because only a private gateway was given.
   */
  readonly oauthUrl?: TenantUrlTemplate;
  /** What `iss` must be; `undefined` where neither it nor `oauthUrl` is known. */
  readonly issuerUrl?: TenantUrlTemplate;
}

export interface ResolvedRequestOptions extends Readonly<Required<Omit<RequestOptions, 'axios'>>> {
  readonly axios: () => NonNullable<RequestOptions['axios']>;
}

/** The store that instances share, and the keys to it. */
export interface ResolvedShared {
  readonly store: () => TokenStore;
  readonly keys: SealedKeys;
}

/** Names of tenants that outlive their move to another platform: a map by id, or a function. */
export type TenantNames = Readonly<Record<string, string>> | ((tenant: string) => unknown);

/** Whose users' tokens are accepted on one platform, and what their tenants are called. */
export interface ResolvedUsers extends Readonly<Pick<VerificationOptions, 'keySetTenant' | 'issuers' | 'clientIds'>> {
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
  readonly refresh: Readonly<Required<RefreshOptions>>;
  readonly request: ResolvedRequestOptions;
  readonly userToken: Readonly<UserTokenOptions>;
  readonly verification: Readonly<
    Required<Pick<VerificationOptions, 'clockToleranceMs' | 'keySetMaxAgeMs' | 'keySetCooldownMs'>> &
      Pick<VerificationOptions, 'allowedTenants'>
  >;
  readonly cache: Readonly<Required<Pick<CacheOptions, 'maxTokens' | 'maxVerifiedTokens'>>> & {
    readonly shared?: ResolvedShared;
  };
  readonly http: Readonly<Required<HttpOptions>>;
}

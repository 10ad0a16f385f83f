import type { Claims } from '../util/jwt.js';

/** `'mindsphere'` is `mindsphere.io`; `'xcelerator'` is `siemens.app`, on the Xcelerator IAM. */
export type Platform = 'mindsphere' | 'xcelerator';

/** The place of the tenant in the template of a URL that differs between tenants. */
export const TENANT_PLACEHOLDER = '{tenant}';

/**
 * Everything in which one platform differs from another: values and small pure functions. Code outside of `platform/`
 * and `config/` reads these rules and never asks which platform it is by name. Each platform sets `undefined` where
 * it has no rule, so that none is read from a polluted `Object.prototype`.
 */
export interface PlatformRules {
  readonly platform: Platform;
  /** Its name in log lines and messages. */
  readonly domain: string;
  readonly hosts: HostRules;
  readonly oauthServer: OauthServerRules;
  readonly tokenManager: TokenManagerRules;
  /**
   * The path of an API call on this platform, from the path as it is written for `mindsphere.io`. Takes a path that
   * begins with a slash, with or without a query.
   */
  readonly apiPath: (path: string, coreTenant?: string) => string;
  readonly claims: ClaimNames;
  /** The tenant id that a claim holds; `undefined` where it holds none, or something that is not one DNS label. */
  readonly readTenant: (claim: unknown) => string | undefined;
  /** Whether claims are those of a user's token. Technical tokens and agents' tokens are signed by the same keys. */
  readonly isUserToken: (claims: Claims) => boolean;
  /** App name and host tenant in the client id of a user's token; `undefined` where it does not contain them. */
  readonly appAndHost: (clientId: unknown) => { readonly appName: string; readonly hostTenant: string } | undefined;
  /** The client id of the users' tokens of an app; `undefined` where no rule is known. */
  readonly clientIdOf: ((appName: string, hostTenant: string) => string) | undefined;
  /** The tenant whose key set holds the keys of the whole platform; `undefined` where each issuer has its own. */
  readonly keySetTenant: string | undefined;
  /** What the gateway accepts; `undefined` where the platform sets no limit of its own. */
  readonly limits: RequestLimits | undefined;
}

/** The region and base domain from which host names are made. */
export interface PlatformSite {
  readonly region: string;
  readonly baseDomain: string;
}

/** How hosts are derived from region and gateway. */
interface HostRules {
  readonly defaultRegion: string;
  readonly baseDomainOf: (region: string) => string;
  readonly gateway: (site: PlatformSite) => string;
  /** The template of the OAuth servers; `undefined` where it cannot be derived from a configured gateway. */
  readonly oauthTemplate: (site: PlatformSite, gatewayUrl: string) => string | undefined;
  /** Why {@link oauthTemplate} may be `undefined`, for a message. */
  readonly underivable: string;
  /** The tenant that stands for the platform itself in paths. */
  readonly coreTenant: string | undefined;
}

/** The OAuth Authorization Server of a tenant. */
export interface OauthServerRules {
  /** Path of the token endpoint. */
  readonly tokenPath: string;
  /** Path of the key set. */
  readonly keySetPath: string;
  /** The path behind the URL of the server in `iss`. */
  readonly issuerPath: string;
  /** Form fields that limit a token to a subtenant; `undefined` where the platform documents none. */
  readonly subtenantForm: ((subtenant: string) => Readonly<Record<string, string>>) | undefined;
}

/** The Technical Token Manager, behind the gateway. */
export interface TokenManagerRules {
  readonly authHeader: string;
  readonly tokenPath: (coreTenant?: string) => string;
  readonly userTenantsPath: (coreTenant?: string) => string;
  /** The largest page of the list of user tenants. */
  readonly userTenantsPageSize: number;
  /** How the body of a token request names the user that the token is for. */
  readonly userContext: UserContextRules;
}

/** Names of the fields, and the types of context. */
interface UserContextRules {
  readonly value: string;
  readonly type: string;
  /** `email` is `undefined` where an e-mail address is not supported. */
  readonly types: { readonly email: string | undefined; readonly accessToken: string };
}

/** Names of the claims that are not RFC 7519's own. */
export interface ClaimNames {
  readonly tenant: string;
  /** The name of the tenant that outlives its move to another platform. */
  readonly tenantName: string;
  /** The body of a token answer has a field of the same name. */
  readonly subtenant: string | undefined;
  /** The user's id: the first of these that is there. */
  readonly userIds: readonly string[];
  readonly userName: string;
  readonly email: string;
  /** The client that the token was issued for. */
  readonly clientId: string;
  /** A second name of the same; where it is there, both must agree. */
  readonly clientIdAlias: string;
  /** Claims that must be strings where they are there. */
  readonly strings: readonly string[];
}

/** Sizes in bytes. */
interface RequestLimits {
  readonly bodyBytes: number;
  /** All headers: names, values and {@link bytesPerHeader} for each line. */
  readonly headerBytes: number;
  readonly bytesPerHeader: number;
}

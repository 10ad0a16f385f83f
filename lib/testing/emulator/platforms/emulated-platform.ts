/** The platforms that an emulator can play: `mindsphere.io` and `siemens.app`. */
export type EmulatedPlatform = 'mindsphere' | 'xcelerator';

/** Claims of a token. */
export type Claims = Readonly<Record<string, unknown>>;

/** Content of a technical token. */
export interface TechnicalTokenContent {
  readonly clientId: string;
  readonly issuer: string;
  /** Tenant whose server signs. */
  readonly issuerTenant: string;
  /** Tenant the token is for. */
  readonly tenant: string;
  readonly tenantName?: string | undefined;
  readonly subtenant?: string | undefined;
  readonly scopes: readonly string[];
  readonly lifeSeconds: number;
  /** User that a technical token is for. */
  readonly contextUserId?: string | undefined;
}

/** Content of a user's token. */
export interface UserTokenContent extends TechnicalTokenContent {
  readonly email: string;
  /** Name that decides about the user id. */
  readonly userName: string;
  /** Whether the caller asked for this name. */
  readonly isNamed: boolean;
}

/** A tenant's OAuth server as a host name addresses it. */
interface TenantHost {
  readonly tenant: string;
  /** The rest of the host name that all tenants share, with the port. */
  readonly domain: string;
}

/**
 * Everything in which one platform differs from the other: addresses, paths and claims. The library is not imported:
 * library and emulator would otherwise agree by construction. Source: protocol page, sections 3 to 8.
 */
export interface PlatformProfile {
  readonly name: EmulatedPlatform;
  /** Path of the gateway below the emulator's origin, without a slash at the end. */
  readonly gatewayPath: string;
  /** Path of the OAuth servers below the emulator's origin; the tenant's name follows as the next segment. */
  readonly oauthPath: string;
  /** Path of the Technical Token Manager below the gateway. */
  readonly tokenManagerPath: string;
  /** The Token Manager's path in other spellings that the platform's gateway accepts. */
  readonly tokenManagerAliases: readonly string[];
  /** Whether its OAuth servers know subtenant impersonation. */
  readonly hasSubtenants: boolean;
  /** Whether the Token Manager accepts an e-mail address as user context. */
  readonly hasEmailContext: boolean;
  /** Tenant that signs for apps whose host tenant is this. */
  issuerOfApp(hostTenant: string): string;
  /** Tenant whose server signs the tokens of this tenant's users. */
  issuerOfUsers(tenant: string): string;
  /** Client id of the tokens of an app's users. */
  userClientId(app: { readonly appName: string; readonly appVersion: string; readonly hostTenant: string }): string;
  /** The path of an API as `mindsphere.io` writes it; `undefined` where the gateway knows no such path. */
  plainApiPath(path: string): string | undefined;
  /** The path of an API as this platform's gateway writes it. */
  gatewayApiPath(path: string): string;
  /** Domain that the gateway shares with the OAuth servers; `undefined` where the host is no gateway. */
  gatewayDomain(host: string): string | undefined;
  /** The OAuth server that a host name addresses, if it does. */
  tenantHost(host: string): TenantHost | undefined;
  /** Host name of a tenant's OAuth server. */
  oauthHost(server: TenantHost): string;
  /** The tenant that a token is for. */
  tenantIn(claims: Claims): unknown;
  technicalClaims(content: TechnicalTokenContent): Claims;
  userClaims(content: UserTokenContent): Claims;
}

import { isDnsLabel } from '../../../util/formats.js';
import type { PlatformProfile } from '../platforms/emulated-platform.js';

/** The endpoints of the emulator. */
export type EmulatorEndpoint =
  | 'app-token'
  | 'tenant-token'
  | 'token-keys'
  | 'openid-configuration'
  | 'user-tenants'
  | 'api';

/** Address of a tenant's issuer, as seen from the address that was asked. */
type IssuerOf = (tenant: string) => string;

/** The endpoint of a request, with what its address contains. */
export interface Route {
  readonly endpoint: EmulatorEndpoint;
  readonly profile: PlatformProfile;
  /** Path below the gateway or below the tenant's server. */
  readonly path: string;
  /** Whether the path is the documented one, not an alias that the gateway tolerates. */
  readonly documented: boolean;
  /** Tenant of the OAuth server, in lower case; empty at a gateway. */
  readonly tenant: string;
  readonly issuerOf: IssuerOf;
}

const OAUTH_PATHS: ReadonlyMap<string, EmulatorEndpoint> = new Map<string, EmulatorEndpoint>([
  ['/oauth/token', 'tenant-token'],
  ['/token_keys', 'token-keys'],
  ['/.well-known/openid-configuration', 'openid-configuration'],
  // UAA's issuer ends with `/oauth/token`, and this is where OpenID Connect Discovery looks below it.
  ['/oauth/token/.well-known/openid-configuration', 'openid-configuration'],
]);

/** The issuer of a tenant that is addressed by path. A DNS name has no case, so neither has an issuer's tenant. */
export function issuerByPath(profile: PlatformProfile, origin: string, tenant: string): string {
  return `${origin}${profile.oauthPath}/${tenant.toLowerCase()}/oauth/token`;
}

/**
 * Finds the endpoint of an address.
 *
 * @param profiles the emulated platforms
 * @param host value of the `Host` header, in lower case
 * @param path the request's path, without its query
 */
export function findRoute(profiles: readonly PlatformProfile[], host: string, path: string): Route | undefined {
  for (const profile of profiles) {
    const server = profile.tenantHost(host);
    if (server)
      return oauthRoute(profile, server.tenant, path, (tenant) => issuerByHost(profile, server.domain, tenant));
  }
  for (const profile of profiles) {
    const domain = profile.gatewayDomain(host);
    if (domain !== undefined && !path.startsWith(`${profile.oauthPath}/`)) {
      return gatewayRoute(profile, path, (tenant) => issuerByHost(profile, domain, tenant));
    }
  }
  return routeByPath(profiles, host, path);
}

function routeByPath(profiles: readonly PlatformProfile[], host: string, path: string): Route | undefined {
  for (const profile of profiles) {
    const issuerOf: IssuerOf = (tenant) => issuerByPath(profile, `http://${host}`, tenant);
    const server = below(profile.oauthPath, path);
    if (server !== undefined) {
      const end = server.indexOf('/', 1);
      return end < 0 ? undefined : oauthRoute(profile, server.slice(1, end), server.slice(end), issuerOf);
    }
    const rest = profile.gatewayPath === '' ? undefined : below(profile.gatewayPath, path);
    if (rest !== undefined) return gatewayRoute(profile, rest, issuerOf);
  }
  const [first] = profiles;
  return first && gatewayRoute(first, path, (tenant) => issuerByPath(first, `http://${host}`, tenant));
}

/** The rest of a path below a folder, with its leading slash. */
function below(folder: string, path: string): string | undefined {
  return path.startsWith(`${folder}/`) ? path.slice(folder.length) : undefined;
}

function oauthRoute(profile: PlatformProfile, name: string, path: string, issuerOf: IssuerOf): Route | undefined {
  const endpoint = OAUTH_PATHS.get(path);
  if (!endpoint || !isDnsLabel(name)) return undefined;
  return { endpoint, profile, path, documented: true, tenant: name.toLowerCase(), issuerOf };
}

function gatewayRoute(profile: PlatformProfile, path: string, issuerOf: IssuerOf): Route | undefined {
  const common = { profile, path, tenant: '', issuerOf };
  const { tokenManagerPath } = profile;
  if (path === `${tokenManagerPath}/oauth/token`) return { ...common, endpoint: 'app-token', documented: true };
  if (path === `${tokenManagerPath}/userTenants`) return { ...common, endpoint: 'user-tenants', documented: true };
  if (profile.tokenManagerAliases.some((alias) => path === `${alias}/oauth/token`)) {
    return { ...common, endpoint: 'app-token', documented: false };
  }
  return path.startsWith('/api/') ? { ...common, endpoint: 'api', documented: true } : undefined;
}

function issuerByHost(profile: PlatformProfile, domain: string, tenant: string): string {
  return `http://${profile.oauthHost({ tenant: tenant.toLowerCase(), domain })}/oauth/token`;
}

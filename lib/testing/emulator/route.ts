import { isDnsLabel } from './dns-label.js';

/** What of the emulator a request was for. */
export type EmulatorEndpoint = 'app-token' | 'tenant-token' | 'token-keys' | 'user-tenants' | 'api';

/** Where a request goes. */
export type Route =
  | { readonly endpoint: 'api' | 'user-tenants' }
  | { readonly endpoint: 'app-token'; issuerOf(tenant: string): string }
  | { readonly endpoint: 'tenant-token' | 'token-keys'; readonly tenant: string; readonly issuer: string };

const TOKEN_MANAGER_PATH = '/api/technicaltokenmanager/v3/oauth/token';
const USER_TENANTS_PATH = '/api/technicaltokenmanager/v3/userTenants';
const OAUTH_PATHS = new Map<string, 'tenant-token' | 'token-keys'>([
  ['/oauth/token', 'tenant-token'],
  ['/token_keys', 'token-keys'],
]);

/** The issuer of a tenant that is addressed by path. A DNS name has no case, so neither has an issuer's tenant. */
export function issuerByPath(origin: string, tenant: string): string {
  return `${origin}/piam/${tenant.toLowerCase()}/oauth/token`;
}

/**
 * Finds the endpoint of an address.
 *
 * @param host what the `Host` header says, in lower case
 * @param path the request's path, without its query
 */
export function findRoute(host: string, path: string): Route | undefined {
  const [, tenant, domain] = /^([^.]+)\.piam\.(.+)$/.exec(host) ?? [];
  if (tenant && domain) return oauthRoute(tenant, path, issuerByHost(domain, tenant));
  if (path === TOKEN_MANAGER_PATH) return { endpoint: 'app-token', issuerOf: appIssuer(host) };
  if (path === USER_TENANTS_PATH) return { endpoint: 'user-tenants' };
  if (path.startsWith('/api/')) return { endpoint: 'api' };
  return routeByPath(host, path);
}

/** Whether an issuer is one that this emulator, listening on `port` or asked as `host`, may have named. */
export function isOwnIssuer(issuer: unknown, port: number, host: string): boolean {
  const [, authority = '', path = ''] = /^http:\/\/([^/]+)(\/.*)$/.exec(String(issuer)) ?? [];
  if (![port, portOf(host)].includes(portOf(authority))) return false;
  return findRoute(authority, path)?.endpoint === 'tenant-token';
}

function routeByPath(host: string, path: string): Route | undefined {
  const [, tenant, rest] = /^\/piam\/([^/]+)(\/.*)$/.exec(path) ?? [];
  return tenant && rest ? oauthRoute(tenant, rest, issuerByPath(`http://${host}`, tenant)) : undefined;
}

function oauthRoute(name: string, path: string, issuer: string): Route | undefined {
  const endpoint = OAUTH_PATHS.get(path);
  return endpoint && isDnsLabel(name) ? { endpoint, tenant: name.toLowerCase(), issuer } : undefined;
}

/** Clients find a tenant's server by putting `{tenant}.piam` for `gateway`; elsewhere there are only paths. */
function appIssuer(host: string): (tenant: string) => string {
  const [, domain] = /^gateway\.(.+)$/.exec(host) ?? [];
  return (tenant) => (domain ? issuerByHost(domain, tenant) : issuerByPath(`http://${host}`, tenant));
}

function issuerByHost(domain: string, tenant: string): string {
  return `http://${tenant.toLowerCase()}.piam.${domain}/oauth/token`;
}

function portOf(authority: string): number {
  const [, port = '80'] = /:(\d+)$/.exec(authority) ?? [];
  return Number(port);
}

import { isDnsLabel } from '../util/formats.js';
import { type PlatformRules, type PlatformSite, TENANT_PLACEHOLDER } from './platform.interface.js';
import { COMMON_CLAIMS, namesUser, OAUTH_SERVER, TOKEN_MANAGER, UAA_CLAIMS, UAA_STRINGS } from './siemens-iam.js';

/** `eu1` is the vendor's default [doc]. */
const DEFAULT_REGION = 'eu1';
const BASE_DOMAIN = 'mindsphere.io';
/** The region with a base domain of its own. */
export const CHINA = { region: 'cn1', baseDomain: 'mindsphere-in.cn' } as const;

/**
 * Asks for a token limited to a subtenant. The name is documented, the value was seen once, and scopes of real clients
 * join the two by a dot [doc][code][recorded].
 */
const IMPERSONATION = { 'iam-action': 'client_credentials.subtenant-impersonation' } as const;

/** With this tenant's name the platform's own key set is read [doc]. */
const KEY_SET_TENANT = 'core';

const CLAIMS = { tenant: 'ten', tenantName: 'ten', subtenant: 'subtenant', userIds: [UAA_CLAIMS.userId] } as const;

/** `mindsphere.io` (protocol page, sections 1 to 7). */
export const mindsphere: PlatformRules = {
  platform: 'mindsphere',
  domain: BASE_DOMAIN,
  hosts: {
    defaultRegion: DEFAULT_REGION,
    baseDomainOf: (region) => (isChina(region) ? CHINA.baseDomain : BASE_DOMAIN),
    gateway: ({ region, baseDomain }) => `https://gateway.${region}.${baseDomain}`,
    oauthTemplate: (_site, gatewayUrl) => templateFromGateway(gatewayUrl),
    underivable: "it cannot be derived from a gatewayUrl whose host does not begin with 'gateway.'",
    coreTenant: undefined,
  },
  oauthServer: { ...OAUTH_SERVER, subtenantForm: (subtenant) => ({ ...IMPERSONATION, subtenant }) },
  tokenManager: {
    ...TOKEN_MANAGER,
    tokenPath: () => TOKEN_MANAGER.tokenPath,
    userTenantsPath: () => TOKEN_MANAGER.userTenantsPath,
  },
  apiPath: (path) => path,
  claims: { ...COMMON_CLAIMS, ...CLAIMS, strings: [...UAA_STRINGS, CLAIMS.subtenant] },
  readTenant: (claim) => (isDnsLabel(claim) ? claim : undefined),
  // `user_name` may be empty where `user_id` names the user, or the other way round [doc].
  isUserToken: (claims) => namesUser(claims, [...CLAIMS.userIds, COMMON_CLAIMS.userName]),
  appAndHost,
  clientIdOf: (appName, hostTenant) => `${appName}-${hostTenant}`,
  keySetTenant: KEY_SET_TENANT,
  limits: undefined,
};

/** The site that a Cloud Foundry app runs at: `cf_api` is `https://api.cf.{region}.{base domain}` [code]. */
export function siteOfCloudFoundry(vcapApplication: string): PlatformSite | undefined {
  const found = /"cf_api"\s*:\s*"https:\/\/api\.cf\.([a-z0-9-]+)\.([a-z0-9.-]+)"/i.exec(vcapApplication);
  const [, region, baseDomain] = found ?? [];
  return region === undefined || baseDomain === undefined ? undefined : { region, baseDomain };
}

/** Environments of China have suffixes, such as `cn1-cert` [code]. */
function isChina(region: string): boolean {
  return region === CHINA.region || region.startsWith(`${CHINA.region}-`);
}

/** Public clients derive the OAuth server by replacing `gateway` with `{tenant}.piam` [code]. */
function templateFromGateway(gatewayUrl: string): string | undefined {
  const derived = gatewayUrl.replace(/^(https?:\/\/)gateway\./i, `$1${TENANT_PLACEHOLDER}.piam.`);
  return derived === gatewayUrl ? undefined : derived;
}

/**
 * `{app}-{host tenant}`: the part behind the last dash is the tenant [inferred], because app names may contain a dash.
 * A tenant with a dash is therefore not recognized: else app `my` would accept tokens of app `my-app`.
 */
function appAndHost(clientId: unknown): { appName: string; hostTenant: string } | undefined {
  if (typeof clientId !== 'string') return undefined;
  const dash = clientId.lastIndexOf('-');
  const hostTenant = clientId.slice(dash + 1);
  return dash > 0 && isDnsLabel(hostTenant) ? { appName: clientId.slice(0, dash), hostTenant } : undefined;
}

import { isDnsLabel } from '../util/formats.js';
import { type PlatformRules, TENANT_PLACEHOLDER } from './platform.interface.js';
import { COMMON_CLAIMS, namesUser, OAUTH_SERVER, TOKEN_MANAGER, UAA_CLAIMS, UAA_STRINGS } from './siemens-iam.js';

/*
 * `siemens.app` (protocol page, section 8). Where a value is [inferred] or [code], its comment says so; the guide
 * docs/two-platforms.md lists these values with the option that replaces each.
 */

/** The only region that is documented [doc]. */
const DEFAULT_REGION = 'eu1';
const BASE_DOMAIN = 'siemens.app';
/** Domain of the OAuth servers [code][recorded]. */
const OAUTH_DOMAIN = 'sws.siemens.com';
/** Insights Hub itself [doc]. */
const CORE_TENANT = '1000001700';

const CLAIMS = {
  /** A string [recorded]; the hub's ids are 10 digits, so a whole number counts as well [inferred]. */
  tenant: 'sws.samauth.ten',
  /** May hold the name that the tenant has on `mindsphere.io` [inferred]. */
  tenantName: 'sws.samauth.ten.name',
  /** `user_id` is not seen in a user's token of this platform; the IAM is a UAA, which has it [inferred]. */
  userIds: ['sws.samauth.ten.user', UAA_CLAIMS.userId],
} as const;

/** The gateway refuses more [doc]; 10 MB and 10 KB are read as decimal, the smaller reading [inferred]. */
const LIMITS = { bodyBytes: 10_000_000, headerBytes: 10_000, bytesPerHeader: 4 } as const;

/** `siemens.app`: Insights Hub on the Xcelerator IAM. */
export const xcelerator: PlatformRules = {
  platform: 'xcelerator',
  domain: BASE_DOMAIN,
  hosts: {
    defaultRegion: DEFAULT_REGION,
    baseDomainOf: () => BASE_DOMAIN,
    gateway: ({ region, baseDomain }) => `https://api.${region}.${baseDomain}`,
    oauthTemplate: ({ region }) => `https://${TENANT_PLACEHOLDER}.${region}.${OAUTH_DOMAIN}`,
    underivable: 'it must be given',
    coreTenant: CORE_TENANT,
  },
  // Impersonation of a subtenant is unknown here, so there is no subtenantForm.
  oauthServer: OAUTH_SERVER,
  tokenManager: {
    ...TOKEN_MANAGER,
    // One vendor client leaves out `/api`, and notes that the gateway takes either [code].
    tokenPath: (coreTenant) => apiPath(TOKEN_MANAGER.tokenPath, coreTenant),
    // Whether the list of user tenants is there: unknown.
    userTenantsPath: (coreTenant) => apiPath(TOKEN_MANAGER.userTenantsPath, coreTenant),
    // An e-mail address as user context is not supported [doc].
    userContext: { ...TOKEN_MANAGER.userContext, types: { ...TOKEN_MANAGER.userContext.types, email: undefined } },
  },
  apiPath,
  claims: {
    ...COMMON_CLAIMS,
    ...CLAIMS,
    subtenant: undefined,
    strings: [...UAA_STRINGS, CLAIMS.tenantName, ...CLAIMS.userIds],
  },
  readTenant,
  isUserToken: (claims) => namesUser(claims, CLAIMS.userIds),
  // No rule is known by which a client id would name an app or its host.
  appAndHost: () => undefined,
  clientIdOf: undefined,
  keySetTenant: undefined,
  limits: LIMITS,
};

/** `/api/{service}/…` becomes `/api/{service}-{core tenant}/…` [doc]; a service that ends with digits has it already. */
function apiPath(path: string, coreTenant: string = CORE_TENANT): string {
  const [, api, service] = /^(\/api\/)([^/?#]+)/.exec(path) ?? [];
  if (api === undefined || service === undefined || /-\d+$/.test(service)) return path;
  return `${api}${service}-${coreTenant}${path.slice(api.length + service.length)}`;
}

function readTenant(claim: unknown): string | undefined {
  const id = typeof claim === 'number' && Number.isSafeInteger(claim) && claim >= 0 ? String(claim) : claim;
  return isDnsLabel(id) ? id : undefined;
}

import { commonClaims, userIdOf, userOfContext } from './common-claims.js';
import type { Claims, PlatformProfile, TechnicalTokenContent, UserTokenContent } from './emulated-platform.js';

/** Recorded in one technical token of another product of this IAM (protocol page, section 8). */
const SCHEMAS: readonly string[] = ['urn:siemens:xf:iam:v1'];
/** The only region that is documented. */
const REGION = 'eu1';
/** The claim is recorded, its value is not. Inferred. */
const ENVIRONMENT = 'prod';
/** Inferred: no user's token was recorded whole. */
const USER_ROLE = 'user';

/**
 * `siemens.app` (protocol page, section 8).
 *
 * @param coreTenant the provider's tenant, whose id stands in the paths of APIs and which signs users' tokens
 */
export function xceleratorProfile(coreTenant: string): PlatformProfile {
  const suffix = `-${coreTenant}`;
  const tokenManagerPath = `/api/technicaltokenmanager${suffix}/v3`;
  return {
    name: 'xcelerator',
    gatewayPath: '/xcelerator',
    oauthPath: '/sws',
    tokenManagerPath,
    // One vendor client leaves the first segment out, and the gateway tolerates it.
    tokenManagerAliases: [tokenManagerPath.replace('/api/', '/')],
    hasSubtenants: false,
    hasEmailContext: false,
    // Inferred, as is that of the users: the IAM is the provider's.
    issuerOfApp: () => coreTenant,
    issuerOfUsers: () => coreTenant,
    // Recorded of technical clients; that users' tokens have it, too, is inferred.
    userClientId: ({ appName, appVersion, hostTenant }) => `${hostTenant}-${appName}-v${appVersion}_1`,
    plainApiPath,
    gatewayApiPath: (path) =>
      plainApiPath(path) === undefined ? path.replace(/^\/api\/[^/]+/, (service) => service + suffix) : path,
    gatewayDomain: (host) => /^api\.([^.]+\..+)$/.exec(host)?.[1],
    tenantHost(host) {
      const [, tenant, region, rest] = /^([^.]+)\.([^.]+)\.sws\.(.+)$/.exec(host) ?? [];
      return tenant && region && rest ? { tenant, domain: `${region}.${rest}` } : undefined;
    },
    oauthHost: ({ tenant, domain }) =>
      `${tenant}.${domain.replace('.', '.sws.').replace('siemens.app', 'siemens.com')}`,
    tenantIn: (claims) => claims['sws.samauth.ten'],
    technicalClaims,
    userClaims,
  };
}

/** Behind a service's name stands a tenant's id; a path without one is unknown there. */
function plainApiPath(path: string): string | undefined {
  const [, service, rest] = /^\/api\/([^/]+)-\d+((?:\/.*)?)$/.exec(path) ?? [];
  return service === undefined ? undefined : `/api/${service}${rest}`;
}

function technicalClaims(content: TechnicalTokenContent): Claims {
  return {
    ...claimsOf(content),
    sub: content.clientId,
    ...userOfContext(content),
    grant_type: 'client_credentials',
    cat: 'client-token:api-app:v1',
  };
}

/** The known claims of such tokens, and `user_name` where a test sets one. */
function userClaims(content: UserTokenContent): Claims {
  const claims = claimsOf(content);
  const userId = userIdOf(content);
  return {
    ...claims,
    sub: userId,
    email: content.email,
    ...(content.isNamed && { user_name: content.userName }),
    'sws.samauth.ten.user': userId,
    'sws.samauth.role': USER_ROLE,
    'sws.samauth.tiers': [],
    auth_time: claims.iat,
    grant_type: 'authorization_code',
    cat: 'user-token:v1',
  };
}

function claimsOf(content: TechnicalTokenContent) {
  const { subtenant, tenant, tenantName } = content;
  return {
    ...commonClaims(content),
    'sws.samauth.ten': tenant,
    ...(tenantName !== undefined && { 'sws.samauth.ten.name': tenantName }),
    'sws.samauth.ten.extId': `ext-${tenant}`,
    orig_ten: tenant,
    // Not of this platform; for tests of what happens if it is there all the same.
    ...(subtenant !== undefined && { subtenant }),
    env: ENVIRONMENT,
    region: REGION,
    schemas: SCHEMAS,
  };
}

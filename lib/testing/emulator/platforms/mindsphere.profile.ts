import { commonClaims, userIdOf, userOfContext } from './common-claims.js';
import type { Claims, PlatformProfile, TechnicalTokenContent, UserTokenContent } from './emulated-platform.js';

/** Recorded in all public tokens (protocol page, section 7). */
const SCHEMAS: readonly string[] = ['urn:siemens:mindsphere:iam:v1'];

/** `mindsphere.io` (protocol page, sections 3 to 7). */
export const MINDSPHERE: PlatformProfile = {
  name: 'mindsphere',
  gatewayPath: '',
  oauthPath: '/piam',
  tokenManagerPath: '/api/technicaltokenmanager/v3',
  tokenManagerAliases: [],
  hasSubtenants: true,
  hasEmailContext: true,
  issuerOfApp: (hostTenant) => hostTenant,
  issuerOfUsers: (tenant) => tenant,
  userClientId: ({ appName, hostTenant }) => `${appName}-${hostTenant}`,
  plainApiPath: (path) => path,
  gatewayApiPath: (path) => path,
  gatewayDomain: (host) => /^gateway\.(.+)$/.exec(host)?.[1],
  tenantHost(host) {
    const [, tenant, domain] = /^([^.]+)\.piam\.(.+)$/.exec(host) ?? [];
    return tenant && domain ? { tenant, domain } : undefined;
  },
  oauthHost: ({ tenant, domain }) => `${tenant}.piam.${domain}`,
  tenantIn: (claims) => claims['ten'],
  technicalClaims,
  userClaims,
};

function technicalClaims(content: TechnicalTokenContent): Claims {
  return {
    ...claimsOf(content),
    sub: content.clientId,
    ...userOfContext(content),
    grant_type: 'client_credentials',
    cat: 'client-token:v1',
  };
}

function userClaims(content: UserTokenContent): Claims {
  const claims = claimsOf(content);
  const userId = userIdOf(content);
  return {
    ...claims,
    sub: userId,
    user_id: userId,
    user_name: content.userName,
    email: content.email,
    origin: content.issuerTenant,
    auth_time: claims.iat,
    grant_type: 'authorization_code',
    cat: 'user-token:v1',
  };
}

function claimsOf(content: TechnicalTokenContent) {
  const { subtenant, tenant } = content;
  return {
    ...commonClaims(content),
    ten: tenant,
    ...(subtenant !== undefined && { subtenant }),
    schemas: SCHEMAS,
  };
}

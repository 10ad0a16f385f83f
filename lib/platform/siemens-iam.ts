import type { Claims } from '../util/jwt.js';
import type { ClaimNames, OauthServerRules, TokenManagerRules } from './platform.interface.js';

/*
 * What both platforms have in common, because both run a UAA of Cloud Foundry and the same Technical Token Manager. A
 * platform that turns out to differ overrides the value in its own file.
 */

/** Protocol page, sections 5, 6 and 8. */
export const OAUTH_SERVER = {
  tokenPath: '/oauth/token',
  keySetPath: '/token_keys',
  issuerPath: '/oauth/token',
  subtenantForm: undefined,
} as const satisfies OauthServerRules;

/** The documents spell the two fields with and without underscores; the request parameters have them [doc]. */
const USER_CONTEXT = {
  value: 'caller_context',
  type: 'caller_context_type',
  types: { email: 'email', accessToken: 'accesstoken' },
} as const;

/** Protocol page, section 4, as the paths are written for `mindsphere.io`. */
export const TOKEN_MANAGER = {
  authHeader: 'X-SPACE-AUTH-KEY',
  tokenPath: '/api/technicaltokenmanager/v3/oauth/token',
  userTenantsPath: '/api/technicaltokenmanager/v3/userTenants',
  /** The documents name both 500 and 100 as the largest. */
  userTenantsPageSize: 100,
  userContext: USER_CONTEXT,
} as const satisfies Record<keyof TokenManagerRules, unknown>;

/** Claims of a UAA (protocol page, section 7). */
export const UAA_CLAIMS = {
  userId: 'user_id',
  userName: 'user_name',
  email: 'email',
  clientId: 'cid',
  clientIdAlias: 'client_id',
  grantType: 'grant_type',
  zone: 'zid',
} as const;

/** Every claim of these names that is there must be a string. */
export const UAA_STRINGS: readonly string[] = Object.values(UAA_CLAIMS);

/** Zone of agents' tokens, which are signed by the same keys (protocol page, section 7). */
const AGENT_ZONE = 'agentiam';
const TECHNICAL_GRANT = 'client_credentials';

/** Whether one of these claims names a user, and the token is neither a technical user's nor an agent's. */
export function namesUser(claims: Claims, names: readonly string[]): boolean {
  const isNamed = names.some((name) => typeof claims[name] === 'string' && claims[name] !== '');
  const { grantType, zone } = UAA_CLAIMS;
  return isNamed && claims[grantType] !== TECHNICAL_GRANT && claims[zone] !== AGENT_ZONE;
}

/** The claims that have the same names on both platforms. */
export const COMMON_CLAIMS = {
  userName: UAA_CLAIMS.userName,
  email: UAA_CLAIMS.email,
  clientId: UAA_CLAIMS.clientId,
  clientIdAlias: UAA_CLAIMS.clientIdAlias,
} as const satisfies Partial<ClaimNames>;

import type { ResolvedOptions, ResolvedPlatform } from '../config/resolved-options.interface.js';
import type { TokenCache } from '../token/token-cache.js';
import type { TokenEndpoint } from '../token/token-endpoint.interface.js';
import type { UserTenantsClient } from './user-tenants.client.js';
import type { ClientRule } from '../verification/client-rule.js';
import type { TokenVerifier } from '../users/token-verifier.js';

/** What the credentials of one registration stand on, on one platform. */
export interface CredentialsContext {
  readonly options: ResolvedOptions;
  readonly platform: ResolvedPlatform;
  readonly endpoint: TokenEndpoint;
  readonly userTenants: UserTenantsClient;
  readonly cache: TokenCache;
  readonly verifier: TokenVerifier;
  readonly clients: ClientRule;
}

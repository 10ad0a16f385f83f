import type { ResolvedOptions } from '../config/resolved-options.interface.js';
import type { TokenCache } from '../token/token-cache.js';
import type { TokenEndpoint } from '../token/token-endpoint.interface.js';

/** What all credentials of one registration stand on. */
export interface CredentialsContext {
  readonly options: ResolvedOptions;
  readonly endpoint: TokenEndpoint;
  readonly cache: TokenCache;
}

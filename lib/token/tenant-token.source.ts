import type { ResolvedPlatform, ResolvedTenantOptions } from '../config/resolved-options.interface.js';
import { sourceOfOrder } from './source-of-order.js';
import type { TokenEndpoint, TokenMessage, TokenOrder } from './token-endpoint.interface.js';
import type { TokenSource } from './token-source.interface.js';

/**
 * Technical tokens for a tenant, or for one of its subtenants, from the tenant's OAuth Authorization Server (protocol
 * page, section 5).
 */
export function tenantTokenSource(
  options: ResolvedTenantOptions,
  platform: ResolvedPlatform,
  endpoint: TokenEndpoint,
): TokenSource {
  return sourceOfOrder(() => tenantOrder(options, platform), endpoint);
}

function tenantOrder(options: ResolvedTenantOptions, { rules, oauthUrl, issuerUrl }: ResolvedPlatform): TokenOrder {
  const { platform, oauthServer } = rules;
  const { clientId, secret, tenant, subTenant: subtenant } = options;
  const url = (oauthUrl?.for(tenant) ?? '') + oauthServer.tokenPath;
  const limitedTo = subtenant === undefined ? {} : oauthServer.subtenantForm?.(subtenant);
  return {
    identity: [platform, 'tenant', url, clientId, tenant, subtenant],
    url,
    clientId,
    secret,
    subject: { platform, credentials: 'tenant', tenant, subtenant },
    message: (basicCredentials) => tenantMessage(limitedTo, basicCredentials),
    expected: { rules, issuerUrl, tenant, subtenant },
  };
}

function tenantMessage(
  limitedTo: Readonly<Record<string, string>> | undefined,
  basicCredentials: string,
): TokenMessage {
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...limitedTo });
  return {
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Authorization: `Basic ${basicCredentials}`,
    },
    body: form.toString(),
  };
}

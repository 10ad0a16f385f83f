import type { ResolvedTenantOptions, ResolvedUrls } from '../config/resolved-options.interface.js';
import { sourceOfOrder } from './source-of-order.js';
import type { TokenEndpoint, TokenMessage, TokenOrder } from './token-endpoint.interface.js';
import type { TokenSource } from './token-source.interface.js';

/** OAuth Authorization Server (protocol page, section 5). */
const TOKEN_PATH = '/oauth/token';

/** Asks for a token limited to a subtenant. The value was seen once, the name is its sibling's [doc][code]. */
const IMPERSONATION = { 'iam-action': 'client_credentials.subtenant-impersonation' } as const;

/** Technical tokens for a tenant, or for one of its subtenants, from the tenant's OAuth Authorization Server. */
export function tenantTokenSource(
  options: ResolvedTenantOptions,
  urls: ResolvedUrls,
  endpoint: TokenEndpoint,
): TokenSource {
  return sourceOfOrder(() => tenantOrder(options, urls), endpoint);
}

function tenantOrder(options: ResolvedTenantOptions, urls: ResolvedUrls): TokenOrder {
  const { clientId, secret, tenant, subTenant: subtenant } = options;
  const url = (urls.oauthUrl?.for(tenant) ?? '') + TOKEN_PATH;
  return {
    identity: ['tenant', url, clientId, tenant, subtenant],
    url,
    clientId,
    secret,
    subject: { credentials: 'tenant', tenant, subtenant },
    message: (basicCredentials) => tenantMessage(subtenant, basicCredentials),
    expected: { issuerUrl: urls.issuerUrl, tenant, subtenant },
  };
}

function tenantMessage(subtenant: string | undefined, basicCredentials: string): TokenMessage {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(subtenant === undefined ? {} : { ...IMPERSONATION, subtenant }),
  });
  return {
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Authorization: `Basic ${basicCredentials}`,
    },
    body: form.toString(),
  };
}

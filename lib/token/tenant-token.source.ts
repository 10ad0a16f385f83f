import type { ResolvedTenantOptions, ResolvedUrls } from '../config/resolved-options.interface.js';
import { sourceKey } from './source-key.js';
import type { TokenEndpoint, TokenMessage } from './token-endpoint.interface.js';
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
  const { clientId, secret, tenant, subTenant: subtenant } = options;
  const subject = { credentials: 'tenant', tenant, subtenant } as const;
  const url = (urls.oauthUrl?.for(tenant) ?? '') + TOKEN_PATH;
  const identity = ['tenant', url, clientId, tenant, subtenant];
  return {
    key: sourceKey([...identity, secret.fingerprint]),
    ...subject,
    ...endpoint.exchange({
      identity,
      url,
      clientId,
      secret,
      subject,
      message: (basicCredentials) => tenantMessage(subtenant, basicCredentials),
      expected: { issuerUrl: urls.issuerUrl, tenant, subtenant },
    }),
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

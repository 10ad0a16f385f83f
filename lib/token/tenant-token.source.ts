import type { ResolvedPlatform, ResolvedTenantOptions } from '../config/resolved-options.interface.js';
import { basicCredentials } from './basic-credentials.js';
import { sourceOfOrder } from './source-of-order.js';
import type { TokenEndpoint, TokenMessage, TokenOrder } from './token-endpoint.interface.js';
import type { TokenSource } from './token-source.interface.js';

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' } as const;

/**
 * Technical tokens for a tenant, or for one of its subtenants, from the OAuth Authorization Server of the tenant or of
 * the `tokenTenant` (protocol page, sections 5 and 8).
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
  const { clientId, secret, tenant, tokenTenant, subTenant: subtenant, clientAuthentication } = options;
  const url = (oauthUrl?.for(tokenTenant ?? tenant) ?? '') + oauthServer.tokenPath;
  const grant = {
    grant_type: 'client_credentials',
    ...(subtenant === undefined ? {} : oauthServer.subtenantForm?.(subtenant)),
  };
  return {
    identity: [platform, 'tenant', url, clientId, tenant, subtenant, clientAuthentication],
    url,
    clientId,
    secret,
    subject: { platform, credentials: 'tenant', tenant, subtenant },
    message: (secretNow) => MESSAGES[clientAuthentication](grant, clientId, secretNow),
    expected: { rules, issuerUrl, tenant, subtenant },
  };
}

type Grant = Readonly<Record<string, string>>;

/** The ways of RFC 6749, section 2.3.1. */
const MESSAGES: Record<
  ResolvedTenantOptions['clientAuthentication'],
  (grant: Grant, clientId: string, secret: string) => TokenMessage
> = {
  basic: (grant, clientId, secret) => ({
    headers: { ...FORM, Authorization: `Basic ${basicCredentials(clientId, secret)}` },
    body: new URLSearchParams(grant).toString(),
  }),
  form: (grant, clientId, secret) => ({
    headers: FORM,
    body: new URLSearchParams({ ...grant, client_id: clientId, client_secret: secret }).toString(),
  }),
};

import type { ResolvedAppOptions, ResolvedPlatform } from '../config/resolved-options.interface.js';
import { basicCredentials } from './basic-credentials.js';
import { sourceOfOrder } from './source-of-order.js';
import type { TokenEndpoint, TokenMessage, TokenOrder } from './token-endpoint.interface.js';
import type { TokenSource } from './token-source.interface.js';

/** App credentials with both tenants known. */
export interface AppIdentity extends ResolvedAppOptions {
  readonly hostTenant: string;
  readonly userTenant: string;
}

/** Technical tokens for a user tenant, from the Technical Token Manager (protocol page, section 4). */
export function appTokenSource(app: AppIdentity, platform: ResolvedPlatform, endpoint: TokenEndpoint): TokenSource {
  return sourceOfOrder(() => appOrder(app, platform), endpoint);
}

function appOrder(app: AppIdentity, { rules, gatewayUrl, coreTenant, issuerUrl }: ResolvedPlatform): TokenOrder {
  const { platform, tokenManager } = rules;
  const url = gatewayUrl + tokenManager.tokenPath(coreTenant);
  const { clientId, secret, authKeyScheme, appName, appVersion, hostTenant, userTenant } = app;
  return {
    identity: [platform, 'app', url, clientId, authKeyScheme, appName, appVersion, hostTenant, userTenant],
    url,
    clientId,
    secret,
    subject: { platform, credentials: 'app', tenant: userTenant, subtenant: undefined },
    message: (secretNow) => appMessage(app, tokenManager.authHeader, secretNow),
    expected: { rules, issuerUrl, tenant: userTenant, subtenant: undefined },
  };
}

function appMessage(app: AppIdentity, authHeader: string, secret: string): TokenMessage {
  const { clientId, authKeyScheme, appName, appVersion, hostTenant, userTenant } = app;
  return {
    headers: {
      'Content-Type': 'application/json',
      [authHeader]: `${authKeyScheme} ${basicCredentials(clientId, secret)}`,
    },
    body: JSON.stringify({ appName, appVersion, hostTenant, userTenant }),
  };
}

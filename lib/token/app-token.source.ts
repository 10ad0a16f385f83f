import type { ResolvedAppOptions, ResolvedUrls } from '../config/resolved-options.interface.js';
import { sourceOfOrder } from './source-of-order.js';
import type { TokenEndpoint, TokenMessage, TokenOrder } from './token-endpoint.interface.js';
import type { TokenSource } from './token-source.interface.js';

/** Technical Token Manager (protocol page, section 4). */
const TOKEN_PATH = '/api/technicaltokenmanager/v3/oauth/token';

/** App credentials with both tenants known. */
export interface AppIdentity extends ResolvedAppOptions {
  readonly hostTenant: string;
  readonly userTenant: string;
}

/** Technical tokens for a user tenant, from the Technical Token Manager. */
export function appTokenSource(app: AppIdentity, urls: ResolvedUrls, endpoint: TokenEndpoint): TokenSource {
  return sourceOfOrder(() => appOrder(app, urls), endpoint);
}

function appOrder(app: AppIdentity, urls: ResolvedUrls): TokenOrder {
  const url = urls.gatewayUrl + TOKEN_PATH;
  const { clientId, secret, authKeyScheme, appName, appVersion, hostTenant, userTenant } = app;
  return {
    identity: ['app', url, clientId, authKeyScheme, appName, appVersion, hostTenant, userTenant],
    url,
    clientId,
    secret,
    subject: { credentials: 'app', tenant: userTenant },
    message: (basicCredentials) => appMessage(app, basicCredentials),
    expected: { issuerUrl: urls.issuerUrl, tenant: userTenant },
  };
}

function appMessage(app: AppIdentity, basicCredentials: string): TokenMessage {
  const { authKeyScheme, appName, appVersion, hostTenant, userTenant } = app;
  return {
    headers: { 'Content-Type': 'application/json', 'X-SPACE-AUTH-KEY': `${authKeyScheme} ${basicCredentials}` },
    body: JSON.stringify({ appName, appVersion, hostTenant, userTenant }),
  };
}

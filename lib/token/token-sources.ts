import type {
  ResolvedAppOptions,
  ResolvedPlatform,
  ResolvedTenantOptions,
} from '../config/resolved-options.interface.js';
import type { TokenEndpoint, TokenMessage, TokenOrder, TokenSource } from './token-source.interface.js';
import { fingerprintOf } from '../config/sealed-secrets.js';

/** App credentials with both tenants known. */
export interface AppIdentity extends ResolvedAppOptions {
  readonly hostTenant: string;
  readonly userTenant: string;
}

/** The user that a technical token is for. No dump of it shows the user: what could is returned by functions. */
export interface CallerContext {
  readonly kind: string;
  /** Differs from context to context; the same in every process. */
  readonly fingerprint: string;
  /** What names the user in the body of a token request. */
  readonly fields: () => Readonly<Record<string, string>>;
  /** What of it must not be shown. */
  readonly secrets: () => readonly string[];
}

/** Technical tokens for a user tenant, from the Technical Token Manager (protocol page, section 4). */
export function appTokenSource(
  app: AppIdentity,
  platform: ResolvedPlatform,
  endpoint: TokenEndpoint,
  context?: CallerContext,
): TokenSource {
  return sourceOfOrder(() => appOrder(app, platform, context), endpoint);
}

function appOrder(
  app: AppIdentity,
  { rules, gatewayUrl, coreTenant, issuerUrls }: ResolvedPlatform,
  context: CallerContext | undefined,
): TokenOrder {
  const { platform, tokenManager } = rules;
  const url = gatewayUrl + tokenManager.tokenPath(coreTenant);
  const { clientId, secret, authKeyScheme, appName, appVersion, hostTenant, userTenant } = app;
  const identity = [platform, 'app', url, clientId, authKeyScheme, appName, appVersion, hostTenant, userTenant];
  return {
    identity: context === undefined ? identity : [...identity, context.kind, context.fingerprint],
    url,
    clientId,
    secret,
    subject: { platform, credentials: 'app', tenant: userTenant, subtenant: undefined },
    message: (secretNow) => appMessage(app, tokenManager.authHeader, secretNow, context),
    confidential: context?.secrets,
    expected: { rules, issuerUrls, tenant: userTenant, subtenant: undefined },
  };
}

function appMessage(app: AppIdentity, authHeader: string, secret: string, context?: CallerContext): TokenMessage {
  const { clientId, authKeyScheme, appName, appVersion, hostTenant, userTenant } = app;
  return {
    headers: {
      'Content-Type': 'application/json',
      [authHeader]: `${authKeyScheme} ${basicCredentials(clientId, secret)}`,
    },
    body: JSON.stringify({ appName, appVersion, hostTenant, userTenant, ...context?.fields() }),
  };
}

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

function tenantOrder(options: ResolvedTenantOptions, { rules, oauthUrl, issuerUrls }: ResolvedPlatform): TokenOrder {
  const { platform, oauthServer } = rules;
  const { clientId, secret, tenant, tokenTenant, subTenant: subtenant, clientAuthentication } = options;
  const url = (oauthUrl?.for(tokenTenant) ?? '') + oauthServer.tokenPath;
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
    confidential: undefined,
    expected: { rules, issuerUrls, tenant, subtenant },
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

/** Client id and secret as HTTP Basic credentials, without the scheme (RFC 7617, section 2). A secret. */
function basicCredentials(clientId: string, secret: string): string {
  return Buffer.from(`${clientId}:${secret}`, 'utf8').toString('base64');
}

/**
 * The source that places an order at an endpoint. There may be 10,000 sources, so each keeps a short key and a function
 * that makes the order, not the order itself.
 */
function sourceOfOrder(makeOrder: () => TokenOrder, endpoint: TokenEndpoint): TokenSource {
  const { identity, secret, subject } = makeOrder();
  const key = fingerprintOf(JSON.stringify([...identity, secret.fingerprint]));
  return { key, ...subject, ...endpoint.exchange(makeOrder) };
}

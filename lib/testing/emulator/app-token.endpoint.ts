import { type Answer, answer, platformError } from './answer.js';
import { readClientCredentials } from './authorization.js';
import { isDnsLabel } from './dns-label.js';
import { type EmulatedRequest, mediaType, singleHeader } from './emulated-request.js';
import type { EmulatorSettings } from './emulator-options.interface.js';
import type { TokenIssuer } from './token-issuer.js';

const FIELDS = ['appName', 'appVersion', 'hostTenant', 'userTenant'] as const;

type TokenRequest = Record<(typeof FIELDS)[number], string>;

/** The Technical Token Manager's `oauth/token`. */
export class AppTokenEndpoint {
  readonly #settings: EmulatorSettings;
  readonly #issuer: TokenIssuer;

  constructor(settings: EmulatorSettings, issuer: TokenIssuer) {
    this.#settings = settings;
    this.#issuer = issuer;
  }

  /** Answers a token request; `issuerOf` names a tenant's issuer at the address that was asked. */
  handle(request: EmulatedRequest, issuerOf: (tenant: string) => string): Answer {
    if (request.method !== 'POST') return platformError(405, 'method', 'Method not allowed', { allow: 'POST' });
    if (!this.#isAuthorized(request)) return platformError(401, 'unauthorized', 'X-SPACE-AUTH-KEY is not valid');
    if (mediaType(request) !== 'application/json') return platformError(415, 'mediatype', 'JSON is expected');
    const wanted = readTokenRequest(request.body);
    if (typeof wanted === 'string') return platformError(400, 'badrequest', wanted);
    const refusal = this.#refuse(wanted);
    return refusal ? platformError(403, 'forbidden', refusal) : this.#grant(wanted, issuerOf);
  }

  #isAuthorized(request: EmulatedRequest): boolean {
    const { app, authKeyScheme } = this.#settings;
    const given = readClientCredentials(singleHeader(request, 'x-space-auth-key'), authKeyScheme);
    return given?.id === app.keyStoreClientId && given.secret === app.keyStoreClientSecret;
  }

  #refuse({ appName, appVersion, hostTenant, userTenant }: TokenRequest): string | undefined {
    const { app, userTenants } = this.#settings;
    if (appName !== app.appName || appVersion !== app.appVersion) return 'The credentials belong to another app';
    if (hostTenant !== app.hostTenant) return 'The host tenant does not host the app';
    const provisioned = userTenants ? userTenants.includes(userTenant) : isDnsLabel(userTenant);
    return provisioned ? undefined : 'The app is not provisioned to the user tenant';
  }

  #grant({ hostTenant, userTenant }: TokenRequest, issuerOf: (tenant: string) => string): Answer {
    const { keyStoreClientId: clientId } = this.#settings.app;
    const issuer = issuerOf(hostTenant);
    const fields = this.#issuer.technical({ clientId, issuer, issuerTenant: hostTenant, tenant: userTenant });
    return answer({ ...fields, token_type: 'bearer', timestamp: Date.now() });
  }
}

/** The fields, all of them and no others, or what is wrong with them. */
function readTokenRequest(body: string): TokenRequest | string {
  const content = parseObject(body);
  if (!content) return 'The body is not a JSON object';
  const unknown = Object.keys(content).find((name) => !FIELDS.some((field) => field === name));
  if (unknown !== undefined) return 'The body holds a field that is not known';
  const { appName, appVersion, hostTenant, userTenant } = content;
  if (!isText(appName) || !isText(appVersion)) return 'appName and appVersion are required texts';
  if (!isText(hostTenant) || !isText(userTenant)) return 'hostTenant and userTenant are required texts';
  return { appName, appVersion, hostTenant, userTenant };
}

function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

import { type Answer, answer, platformError } from '../http/answer.js';
import { readDocumentedCredentials, readTolerantCredentials } from '../http/authorization.js';
import { type EmulatedRequest, mediaType, queryOf, singleHeader } from '../http/emulated-request.js';
import type { Route } from '../http/route.js';
import { isDnsLabel } from '../../../util/formats.js';
import type { EmulatorSettings, PlatformSettings } from '../options/emulator-options.interface.js';
import { userIdOf } from '../platforms/common-claims.js';
import type { TokenChecker, TokenPlace } from '../tokens/token-checker.js';
import type { TokenIssuer } from '../tokens/token-issuer.js';
import { readTokenRequest, type TokenRequest } from './app-token-request.js';

/** The Technical Token Manager's `oauth/token`. */
export class AppTokenEndpoint {
  readonly #settings: EmulatorSettings;
  readonly #platform: PlatformSettings;
  readonly #issuer: TokenIssuer;
  readonly #tokens: TokenChecker;

  constructor(settings: EmulatorSettings, platform: PlatformSettings, issuer: TokenIssuer, tokens: TokenChecker) {
    this.#settings = settings;
    this.#platform = platform;
    this.#issuer = issuer;
    this.#tokens = tokens;
  }

  /** Answers a token request; `port` is the one that the emulator listens on. */
  handle(request: EmulatedRequest, route: Route, port: number): Answer {
    const { strict } = this.#settings;
    if (strict && !route.documented) return platformError(404, 'notfound', 'Not found');
    if (request.method !== 'POST') return platformError(405, 'method', 'Method not allowed', { allow: 'POST' });
    if (!this.#isAuthorized(request)) return platformError(401, 'unauthorized', 'X-SPACE-AUTH-KEY is not valid');
    if (!isJson(request, strict)) return platformError(415, 'mediatype', 'JSON is expected');
    const wanted = readTokenRequest(request, strict);
    if (typeof wanted === 'string') return platformError(400, 'badrequest', wanted);
    const user = this.#userOfContext(wanted, { profile: route.profile, port, host: request.host });
    if (typeof user === 'string') return platformError(400, 'badrequest', user);
    const refusal = this.#refuse(wanted);
    return refusal ? platformError(403, 'forbidden', refusal) : this.#grant(wanted, route, user?.id);
  }

  #isAuthorized(request: EmulatedRequest): boolean {
    const { strict, authKeyScheme } = this.#settings;
    const { keyStoreClientId, keyStoreClientSecret } = this.#platform.app;
    const key = singleHeader(request, 'x-space-auth-key');
    const given = strict
      ? readDocumentedCredentials(key, authKeyScheme)
      : readTolerantCredentials(key ?? singleHeader(request, 'authorization'), ['basic', 'bearer']);
    return given?.id === keyStoreClientId && given.secret === keyStoreClientSecret;
  }

  /** The user that the token is to act for, or what is wrong with that. */
  #userOfContext({ context }: TokenRequest, place: TokenPlace): { readonly id: string } | string | undefined {
    if (!context) return undefined;
    if (context.type === 'accesstoken') {
      const claims = this.#tokens.claimsOf(context.value, place);
      return claims ? { id: String(claims['sub']) } : 'The caller context is no valid access token';
    }
    if (!place.profile.hasEmailContext) return 'An e-mail address as caller context is not supported';
    return context.value.includes('@')
      ? { id: userIdOf({ userName: context.value }) }
      : 'The caller context is no e-mail address';
  }

  #refuse({ appName, appVersion, hostTenant, userTenant }: TokenRequest): string | undefined {
    const { app, userTenants } = this.#platform;
    if (appName !== app.appName || appVersion !== app.appVersion) return 'The credentials belong to another app';
    if (hostTenant !== app.hostTenant) return 'The host tenant does not host the app';
    const provisioned = userTenants ? userTenants.includes(userTenant) : isDnsLabel(userTenant);
    return provisioned ? undefined : 'The app is not provisioned to the user tenant';
  }

  #grant({ hostTenant, userTenant }: TokenRequest, { issuerOf, profile }: Route, contextUserId?: string): Answer {
    const { keyStoreClientId: clientId } = this.#platform.app;
    const issuerTenant = profile.issuerOfApp(hostTenant);
    const fields = this.#issuer.technical({
      clientId,
      issuer: issuerOf(issuerTenant),
      issuerTenant,
      tenant: userTenant,
      contextUserId,
    });
    return answer({ ...fields, token_type: 'bearer', timestamp: Date.now() });
  }
}

/** Parameters in the query need no body, and no body needs no type. */
function isJson(request: EmulatedRequest, strict: boolean): boolean {
  if (!strict && request.body === '' && queryOf(request) !== '') return true;
  return mediaType(request) === 'application/json';
}

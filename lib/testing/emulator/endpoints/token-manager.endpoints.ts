import { type Answer, answer, platformError } from '../http/answer.js';
import {
  type EmulatedRequest,
  mediaType,
  queryOf,
  readDocumentedCredentials,
  readTolerantCredentials,
  singleHeader,
} from '../http/emulated-request.js';
import type { Route } from '../http/route.js';
import { isDnsLabel } from '../../../util/formats.js';
import type { EmulatorSettings, PlatformSettings } from '../options/emulator-options.interface.js';
import { userIdOf } from '../platforms/common-claims.js';
import type { TokenChecker, TokenPlace } from '../tokens/token-checker.js';
import type { TokenIssuer } from '../tokens/token-issuer.js';
import type { Claims } from '../platforms/emulated-platform.js';
import { unauthorized } from './api.endpoint.js';

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

  /** The user of the requested user context, or a message why it is invalid. */
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

const FIELDS = ['appName', 'appVersion', 'hostTenant', 'userTenant'] as const;
/** The documents spell the two fields both ways; the request parameters use the underscores. */
const CONTEXT = { value: 'caller_context', type: 'caller_context_type' } as const;
const TOLERATED_CONTEXT = { value: 'callercontext', type: 'callercontexttype' } as const;
const DOCUMENTED: readonly string[] = [...FIELDS, ...Object.values(CONTEXT)];

/** The user for whom a token is requested. */
interface UserContext {
  readonly type: 'email' | 'accesstoken';
  readonly value: string;
}

/** A request to the Token Manager. */
type TokenRequest = Record<(typeof FIELDS)[number], string> & { readonly context?: UserContext };

/**
 * Reads the parameters of a token request, or returns a message why they are invalid. Where it is strict, only the
 * documented fields of a JSON body count, and no others may stand there.
 */
function readTokenRequest(request: EmulatedRequest, strict: boolean): TokenRequest | string {
  const content = strict ? parseObject(request.body) : parametersOf(request);
  if (typeof content === 'string') return content;
  if (strict && Object.keys(content).some((name) => !DOCUMENTED.includes(name))) {
    return 'The body holds a field that is not known';
  }
  const { appName, appVersion, hostTenant, userTenant } = content;
  if (!isFilled(appName) || !isFilled(appVersion)) return 'appName and appVersion are required strings';
  if (!isFilled(hostTenant) || !isFilled(userTenant)) return 'hostTenant and userTenant are required strings';
  const context = contextOf(content);
  if (typeof context === 'string') return context;
  return { appName, appVersion, hostTenant, userTenant, ...(context && { context }) };
}

/** The parameters stand in the body or in the query, not in both. */
function parametersOf(request: EmulatedRequest): Record<string, unknown> | string {
  const query = queryOf(request);
  if (query === '') return parseObject(request.body);
  if (request.body === '') return Object.fromEntries(new URLSearchParams(query));
  const body = parseObject(request.body);
  if (typeof body === 'string') return body;
  const doubled = [...new URLSearchParams(query).keys()].some((name) => DOCUMENTED.includes(name));
  return doubled ? 'The parameters stand in the query and in the body' : body;
}

function contextOf(content: Readonly<Record<string, unknown>>): UserContext | string | undefined {
  const value = content[CONTEXT.value] ?? content[TOLERATED_CONTEXT.value];
  const type = content[CONTEXT.type] ?? content[TOLERATED_CONTEXT.type];
  if (value === undefined && type === undefined) return undefined;
  if (!isFilled(value)) return `${CONTEXT.value} is required beside its type`;
  if (type !== 'email' && type !== 'accesstoken') return `${CONTEXT.type} is email or accesstoken`;
  return { type, value };
}

function parseObject(body: string): Record<string, unknown> | string {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // The same error as for JSON that is not an object.
  }
  return 'The body is not a JSON object';
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** The documents name both 100 and 500. */
const LARGEST_SIZE = 500;
/** Inferred: the default is not documented. */
const DEFAULT_SIZE = 100;
const PARAMETERS: readonly string[] = ['page', 'size'];

/** The Technical Token Manager's `userTenants`. That `siemens.app` has it, too, is inferred. */
export class UserTenantsEndpoint {
  readonly #platform: PlatformSettings;

  constructor(platform: PlatformSettings) {
    this.#platform = platform;
  }

  /** Answers a page of the tenants; `claims` are those of the request's token, if it has a valid one. */
  handle(request: EmulatedRequest, claims: Claims | undefined): Answer {
    if (request.method !== 'GET') return platformError(405, 'method', 'Method not allowed', { allow: 'GET' });
    if (!claims) return unauthorized();
    if (!this.#isOfHost(claims)) {
      return platformError(403, 'forbidden', "The token is not the app's for its host tenant");
    }
    const query = new URLSearchParams(queryOf(request));
    const page = wholeNumber(query, 'page', 0);
    const size = wholeNumber(query, 'size', DEFAULT_SIZE);
    const isKnown = [...query.keys()].every((name) => PARAMETERS.includes(name));
    if (page === undefined || size === undefined || size < 1 || size > LARGEST_SIZE || !isKnown) {
      return platformError(400, 'badrequest', `page and size are whole numbers, size at most ${LARGEST_SIZE}`);
    }
    return answer(pageOf(this.#platform.provisionedTenants, page, size));
  }

  #isOfHost(claims: Claims): boolean {
    const { app, profile } = this.#platform;
    const isTechnical = claims['grant_type'] === 'client_credentials';
    return isTechnical && profile.tenantIn(claims) === app.hostTenant && claims['client_id'] === app.keyStoreClientId;
  }
}

function pageOf(tenants: readonly string[], number: number, size: number) {
  const totalElements = tenants.length;
  const userTenants = tenants.slice(number * size, (number + 1) * size).map((id) => ({ id }));
  return { page: { size, totalElements, totalPages: Math.ceil(totalElements / size), number }, userTenants };
}

/** A parameter that stands there once at most. */
function wholeNumber(query: URLSearchParams, name: string, byDefault: number): number | undefined {
  const [value = String(byDefault), ...others] = query.getAll(name);
  return /^\d{1,9}$/.test(value) && others.length === 0 ? Number(value) : undefined;
}

import { type Answer, answer, platformError } from '../http/answer.js';
import { type EmulatedRequest, singleHeader } from '../http/emulated-request.js';
import type { Route } from '../http/route.js';
import type { Claims } from '../platforms/emulated-platform.js';
import type { TokenChecker } from '../tokens/token-checker.js';

const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Any API behind a gateway: it demands a token, and answers what the token says. */
export class ApiEndpoint {
  readonly #tokens: TokenChecker;
  readonly #strict: boolean;

  constructor(tokens: TokenChecker, strict: boolean) {
    this.#tokens = tokens;
    this.#strict = strict;
  }

  /** Answers what the token says; `port` is the one that the emulator listens on. */
  handle(request: EmulatedRequest, route: Route, port: number): Answer {
    if (route.profile.plainApiPath(route.path) === undefined) return platformError(404, 'notfound', 'Not found');
    const claims = this.claimsOf(request, route, port);
    return claims ? answer(describe(request, route, claims)) : unauthorized();
  }

  /** The claims of the request's token; `undefined` where it has no valid one. */
  claimsOf(request: EmulatedRequest, { profile }: Route, port: number): Claims | undefined {
    const header = singleHeader(request, 'authorization') ?? '';
    const scheme = header.slice(0, 6);
    const token = header.slice(7);
    const isBearer = this.#strict ? scheme === 'Bearer' : scheme.toLowerCase() === 'bearer';
    if (!isBearer || header[6] !== ' ' || !TOKEN.test(token)) return undefined;
    return this.#tokens.claimsOf(token, { profile, port, host: request.host });
  }
}

/** What a gateway answers to a request without a valid token. */
export function unauthorized(): Answer {
  const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' };
  return platformError(401, 'unauthorized', 'The access token is missing or not valid', challenge);
}

function describe({ method }: EmulatedRequest, { path, profile }: Route, claims: Claims): Claims {
  return {
    method,
    path,
    tenant: profile.tenantIn(claims),
    subtenant: claims['subtenant'],
    clientId: claims['client_id'],
    userName: claims['user_name'],
    grantType: claims['grant_type'],
    scopes: claims['scope'],
    // Where only one platform is played, nobody asks which.
    ...(profile.name === 'xcelerator' && { platform: profile.name, tenantName: claims['sws.samauth.ten.name'] }),
  };
}

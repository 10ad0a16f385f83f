import { type Answer, answer, platformError } from './answer.js';
import { type EmulatedRequest, singleHeader } from './emulated-request.js';
import { type Claims, verifyJwt } from './jwt.js';
import type { KeyRing } from './key-ring.js';
import { isOwnIssuer } from './route.js';

/** Any API behind the gateway: it demands a token and tells who came with it. */
export class ApiEndpoint {
  readonly #keys: KeyRing;

  constructor(keys: KeyRing) {
    this.#keys = keys;
  }

  /** Answers what the token says; `port` is the one that the emulator listens on. */
  handle(request: EmulatedRequest, port: number): Answer {
    const claims = this.claimsOf(request, port);
    if (claims) return answer(describe(request, claims));
    const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' };
    return platformError(401, 'unauthorized', 'The access token is missing or not valid', challenge);
  }

  /** What the request's token says; `undefined` where it has no valid one. */
  claimsOf(request: EmulatedRequest, port: number): Claims | undefined {
    const [, token] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(singleHeader(request, 'authorization') ?? '') ?? [];
    const claims = token === undefined ? undefined : verifyJwt(token, this.#keys);
    return claims && isOwnIssuer(claims['iss'], port, request.host) ? claims : undefined;
  }
}

function describe({ method, path }: EmulatedRequest, claims: Claims): Claims {
  return {
    method,
    path,
    tenant: claims['ten'],
    subtenant: claims['subtenant'],
    clientId: claims['client_id'],
    userName: claims['user_name'],
    grantType: claims['grant_type'],
    scopes: claims['scope'],
  };
}

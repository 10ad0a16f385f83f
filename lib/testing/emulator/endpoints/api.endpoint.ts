import { type Answer, answer, platformError } from '../http/answer.js';
import { type EmulatedRequest, singleHeader } from '../http/emulated-request.js';
import type { Route } from '../http/route.js';
import type { Claims } from '../platforms/emulated-platform.js';
import { firstFound, type FixtureFolder } from '../stubs/fixture-folder.js';
import { segmentsOf, type StubTable } from '../stubs/stub-table.js';
import { stubRequestOf } from '../stubs/stub-answer.js';
import type { TokenChecker } from '../tokens/token-checker.js';

const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** What the APIs of both platforms answer with. */
export interface ApiAnswers {
  readonly stubs: StubTable;
  readonly fixtures: FixtureFolder | undefined;
}

/** Any API behind a gateway: it demands a token, and answers a stub or fixture, else a description of the request. */
export class ApiEndpoint {
  readonly #tokens: TokenChecker;
  readonly #answers: ApiAnswers;
  readonly #strict: boolean;

  constructor(tokens: TokenChecker, answers: ApiAnswers, strict: boolean) {
    this.#tokens = tokens;
    this.#answers = answers;
    this.#strict = strict;
  }

  /** Answers a request; `port` is the one that the emulator listens on. */
  async handle(request: EmulatedRequest, route: Route, port: number): Promise<Answer> {
    const plainPath = route.profile.plainApiPath(route.path);
    if (plainPath === undefined) return platformError(404, 'notfound', 'Not found');
    const claims = this.claimsOf(request, route, port);
    if (!claims) return unauthorized();
    try {
      const given = await this.#given(request, route, claims, [...new Set([route.path, plainPath])]);
      return given ?? answer(describe(request, route, claims));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return platformError(500, 'stub', `The answer of a test or of a fixture failed: ${message}`);
    }
  }

  /** The claims of the request's token; `undefined` where it has no valid one. */
  claimsOf(request: EmulatedRequest, { profile }: Route, port: number): Claims | undefined {
    const header = singleHeader(request, 'authorization') ?? '';
    const [scheme, token] = [header.slice(0, 6), header.slice(7)] as const;
    const isBearer = this.#strict ? scheme === 'Bearer' : scheme.toLowerCase() === 'bearer';
    if (!isBearer || header[6] !== ' ' || !TOKEN.test(token)) return undefined;
    return this.#tokens.claimsOf(token, { profile, port, host: request.host });
  }

  /** The answer of a stub or fixture: for the path that arrived, then for the path without the id of a provider. */
  async #given(
    request: EmulatedRequest,
    { path, profile }: Route,
    claims: Claims,
    spellings: readonly string[],
  ): Promise<Answer | undefined> {
    const paths = spellings.map(segmentsOf).filter((segments) => segments !== undefined);
    for (const segments of paths) {
      const stub = this.#answers.stubs.find(request.method, segments);
      const details = { path, params: stub?.params ?? {}, claims, platform: profile.name };
      if (stub) return stub.respond(stubRequestOf(request, details));
    }
    return firstFound(paths, async (segments) => this.#answers.fixtures?.find(request.method, segments));
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
    // Not needed where only one platform is emulated.
    ...(profile.name === 'xcelerator' && { platform: profile.name, tenantName: claims['sws.samauth.ten.name'] }),
  };
}

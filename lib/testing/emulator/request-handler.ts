import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, oauthError, platformError } from './answer.js';
import { faultAnswer, hold, writeAnswer } from './answer-writer.js';
import { ApiEndpoint } from './api.endpoint.js';
import { AppTokenEndpoint } from './app-token.endpoint.js';
import { type EmulatedRequest, readRequest } from './emulated-request.js';
import type { EmulatorSettings } from './emulator-options.interface.js';
import { type FaultQueue, LONGEST_DELAY_MS } from './fault-queue.js';
import type { KeyRing } from './key-ring.js';
import { RandomFailures } from './random-failures.js';
import type { RequestLog } from './request-log.js';
import { findRoute, type Route } from './route.js';
import { TenantTokenEndpoint } from './tenant-token.endpoint.js';
import type { TokenIssuer } from './token-issuer.js';
import { TokenKeysEndpoint } from './token-keys.endpoint.js';
import { UserTenantsEndpoint } from './user-tenants.endpoint.js';

const HOST = /^(?:[a-z\d._-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/;

/** The parts that requests meet. */
export interface RequestHandlerParts {
  readonly settings: EmulatorSettings;
  readonly keys: KeyRing;
  readonly issuer: TokenIssuer;
  readonly faults: FaultQueue;
  readonly log: RequestLog;
}

/** Takes a request to its endpoint, past the log and the faults. */
export class RequestHandler {
  readonly #parts: RequestHandlerParts;
  readonly #appToken: AppTokenEndpoint;
  readonly #tenantToken: TenantTokenEndpoint;
  readonly #tokenKeys: TokenKeysEndpoint;
  readonly #userTenants: UserTenantsEndpoint;
  readonly #api: ApiEndpoint;
  readonly #failures: RandomFailures;

  constructor(parts: RequestHandlerParts) {
    this.#parts = parts;
    this.#appToken = new AppTokenEndpoint(parts.settings, parts.issuer);
    this.#tenantToken = new TenantTokenEndpoint(parts.settings, parts.issuer);
    this.#tokenKeys = new TokenKeysEndpoint(parts.keys);
    this.#userTenants = new UserTenantsEndpoint(parts.settings);
    this.#api = new ApiEndpoint(parts.keys);
    this.#failures = new RandomFailures(parts.settings);
  }

  /** Reads a request and answers it; rejects if the client leaves before its request is whole. */
  async handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const host = (message.headers.host ?? '').toLowerCase();
    const request = await readRequest(message, host);
    if (!HOST.test(host) || !request.path.startsWith('/')) {
      return writeAnswer(response, platformError(400, 'badrequest', 'Malformed host or path'));
    }
    const route = this.#route(request);
    if (!route) return writeAnswer(response, platformError(404, 'notfound', 'Not found'));
    this.#parts.log.add(route.endpoint, request);
    const outcome = await this.#meetFault(route, message);
    if (outcome === 'gone') return;
    writeAnswer(response, outcome ?? this.#answer(route, request, message.socket.localPort ?? 0));
  }

  #route({ host, path }: EmulatedRequest): Route | undefined {
    const { tenants } = this.#parts.settings;
    const route = findRoute(host, path);
    return route && 'tenant' in route && tenants?.includes(route.tenant) === false ? undefined : route;
  }

  async #meetFault({ endpoint }: Route, { socket }: IncomingMessage): Promise<Answer | 'gone' | undefined> {
    const fault = this.#parts.faults.take(endpoint) ?? this.#failures.take(endpoint);
    const delayMs = this.#parts.settings.latencyMs + (fault?.delayMs ?? 0);
    if (delayMs > 0 && !(await hold(socket, Math.min(delayMs, LONGEST_DELAY_MS)))) return 'gone';
    if (!fault) return undefined;
    if (!fault.reset) return faultAnswer(fault);
    socket.resetAndDestroy();
    return 'gone';
  }

  #answer(route: Route, request: EmulatedRequest, port: number): Answer {
    if (request.tooLarge) return oauthError(413, 'invalid_request', 'The body is too large');
    switch (route.endpoint) {
      case 'app-token':
        return this.#appToken.handle(request, (tenant) => route.issuerOf(tenant));
      case 'tenant-token':
        return this.#tenantToken.handle(request, route.tenant, route.issuer);
      case 'token-keys':
        return this.#tokenKeys.handle(request.method);
      case 'user-tenants':
        return this.#userTenants.handle(request, this.#api.claimsOf(request, port));
      default:
        return this.#api.handle(request, port);
    }
  }
}

import { type Answer, answer, platformError } from '../http/answer.js';
import { type EmulatedRequest, queryOf } from '../http/emulated-request.js';
import type { PlatformSettings } from '../options/emulator-options.interface.js';
import type { Claims } from '../platforms/emulated-platform.js';
import { unauthorized } from './api.endpoint.js';

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

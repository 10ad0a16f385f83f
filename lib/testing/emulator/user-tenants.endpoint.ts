import { type Answer, answer, platformError } from './answer.js';
import type { EmulatedRequest } from './emulated-request.js';
import type { EmulatorSettings } from './emulator-options.interface.js';
import type { Claims } from './jwt.js';

/** The documents name both 100 and 500. */
const LARGEST_SIZE = 500;
/** Inferred: the default is not documented. */
const DEFAULT_SIZE = 100;
const PARAMETERS: readonly string[] = ['page', 'size'];

/** The Technical Token Manager's `userTenants`. */
export class UserTenantsEndpoint {
  readonly #settings: EmulatorSettings;

  constructor(settings: EmulatorSettings) {
    this.#settings = settings;
  }

  /** Answers a page of the tenants; `claims` are those of the request's token, if it has a valid one. */
  handle(request: EmulatedRequest, claims: Claims | undefined): Answer {
    if (request.method !== 'GET') return platformError(405, 'method', 'Method not allowed', { allow: 'GET' });
    if (!claims) return platformError(401, 'unauthorized', 'The access token is missing or not valid', CHALLENGE);
    if (!this.#isOfHost(claims))
      return platformError(403, 'forbidden', "The token is not the app's for its host tenant");
    const query = new URLSearchParams(request.target.split('?')[1]);
    const page = wholeNumber(query, 'page', 0);
    const size = wholeNumber(query, 'size', DEFAULT_SIZE);
    const isKnown = [...query.keys()].every((name) => PARAMETERS.includes(name));
    if (page === undefined || size === undefined || size < 1 || size > LARGEST_SIZE || !isKnown) {
      return platformError(400, 'badrequest', `page and size are whole numbers, size at most ${LARGEST_SIZE}`);
    }
    return answer(pageOf(this.#settings.provisionedTenants, page, size));
  }

  #isOfHost(claims: Claims): boolean {
    const { hostTenant, keyStoreClientId } = this.#settings.app;
    const isTechnical = claims['grant_type'] === 'client_credentials';
    return isTechnical && claims['ten'] === hostTenant && claims['client_id'] === keyStoreClientId;
  }
}

const CHALLENGE = { 'www-authenticate': 'Bearer error="invalid_token"' };

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

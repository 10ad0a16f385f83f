import { isDnsLabel } from '../util/formats.js';
import { isValues, NO_VALUES, ownValue, parseValues } from '../util/json.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { HttpAnswer } from '../transport/request-failure.js';

/** A page of the tenants that an app is provisioned to. */
export interface UserTenantsPage {
  readonly tenants: readonly string[];
  /** Whether the server says that others follow. */
  readonly isLast: boolean;
}

/** An answer of the endpoint that is not believed. */
export function pageRefused(endpoint: string, fault: string, attempts?: number): MindsphereCredentialsError {
  const message = `The endpoint ${endpoint} gave an answer that is refused: ${fault}.`;
  return new MindsphereCredentialsError('token_response_invalid', message, { endpoint, attempts });
}

/**
 * The page in a successful answer (protocol page, section 4), checked before it is believed: a tenant becomes part of
 * requests and of host names. Throws `token_response_invalid`.
 */
export function readPage(answer: HttpAnswer, number: number, endpoint: string, attempts: number): UserTenantsPage {
  const { page, userTenants } = parseValues(answer.body) ?? NO_VALUES;
  const demand = (holds: boolean, fault: string) => {
    if (!holds) throw pageRefused(endpoint, fault, attempts);
  };
  const [given, totalPages] = ['number', 'totalPages'].map((name) =>
    isValues(page) ? ownValue(page, name) : undefined,
  );
  demand(isValues(page) && Array.isArray(userTenants), 'it is no JSON object with page and userTenants');
  demand(given === number, `it is another page than page ${number}, which was asked for`);
  demand(isCount(totalPages), 'page.totalPages is no whole number');
  const tenants = (Array.isArray(userTenants) ? userTenants : []).map(idOf);
  demand(tenants.every(isDnsLabel), 'the id of a user tenant is not one DNS label');
  const isLast = number + 1 >= Number(totalPages);
  demand(isLast || tenants.length > 0, `page ${number} is empty, and others are said to follow`);
  return { tenants: tenants.filter(isDnsLabel), isLast };
}

function idOf(userTenant: unknown): unknown {
  return isValues(userTenant) ? ownValue(userTenant, 'id') : undefined;
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

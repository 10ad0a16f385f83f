import { tenantOfAny } from '../config/tenant-urls.js';
import { isDnsLabel } from '../util/formats.js';
import { parseValues, type Values } from '../util/json.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { type Claims, decodeJwt, nonEmptyString } from '../util/jwt.js';
import type { ExpectedToken, TokenGrant } from './token-source.interface.js';
import type { HttpAnswer } from '../transport/request-failure.js';

/** A technical token lives 30 minutes (protocol page, section 1); a longer life than a day is taken for a fault of the server. */
const LONGEST_LIFE_SECONDS = 86_400;
const SHORTEST_LIFE_SECONDS = 1;

/**
 * The token in a successful answer, once it is checked. Its `exp` and `iat` are compared with each other
 * only, never with the local clock, which may be off. Throws `token_response_invalid`.
 */
export function readGrant(answer: HttpAnswer, endpoint: string, expected: ExpectedToken, attempts: number): TokenGrant {
  const demand: Demand = (holds, fault) => {
    if (holds) return;
    const message = `The token endpoint ${endpoint} gave an invalid answer: ${fault}.`;
    throw new MindsphereCredentialsError('token_response_invalid', message, {
      status: answer.status,
      endpoint,
      attempts,
    });
  };
  return grantOf(answer.body, expected, demand);
}

type Demand = (holds: boolean, fault: string) => asserts holds;

function grantOf(json: string, expected: ExpectedToken, demand: Demand): TokenGrant {
  const body = parseValues(json);
  demand(body !== undefined, json === '' ? 'it is empty' : 'it is not a JSON object');
  const { access_token: value, token_type: type, expires_in: expiresIn, scope } = body;
  demand(typeof type === 'string' && type.toLowerCase() === 'bearer', 'token_type is not bearer');
  demand(isLife(expiresIn), `expires_in is not a number from ${SHORTEST_LIFE_SECONDS} to ${LONGEST_LIFE_SECONDS}`);
  demand(typeof value === 'string', 'access_token is not a string');
  const jwt = decodeJwt(value);
  demand(jwt !== undefined, 'access_token is not a JWT');
  demand(jwt.header['alg'] === 'RS256', "the token's alg is not RS256");
  demand(isJwtType(jwt.header['typ']), "the token's typ is not JWT");
  const life = lifeByClaims(jwt.claims);
  demand(isLife(life), "the token's exp and iat are not numbers that span a life");
  demandExpected(jwt.claims, body, expected, demand);
  return {
    value,
    lifeMs: 1_000 * Math.min(expiresIn, life),
    scope: nonEmptyString(scope),
    usedMs: undefined,
    earlierMs: undefined,
  };
}

function demandExpected(claims: Claims, body: Values, expected: ExpectedToken, demand: Demand): void {
  const { tenant, subtenant } = expected.rules.claims;
  demand(isIssuer(claims['iss'], expected), `the token's iss does not match ${expected.issuerUrls.join(' or ')}`);
  demand(isForTenant(claims[tenant], expected), 'the token is for another tenant than requested');
  // Where the platform has no claim for a subtenant, a token cannot be limited to one.
  const named = subtenant === undefined ? [] : [claims[subtenant], body[subtenant]].filter((name) => !isNone(name));
  demand(subtenant === undefined || isLabelOrNone(claims[subtenant]), "the token's subtenant is not one DNS label");
  demand(isLimited(named, expected.subtenant), 'the token is not limited to the subtenant requested');
}

function isLife(seconds: unknown): seconds is number {
  return typeof seconds === 'number' && seconds >= SHORTEST_LIFE_SECONDS && seconds <= LONGEST_LIFE_SECONDS;
}

function lifeByClaims({ exp, iat }: Claims): number | undefined {
  return typeof exp === 'number' && typeof iat === 'number' ? exp - iat : undefined;
}

/** `typ` is compared without case (RFC 7515, section 4.1.9). */
function isJwtType(type: unknown): boolean {
  return typeof type === 'string' && type.toUpperCase() === 'JWT';
}

function isIssuer(issuer: unknown, { issuerUrls }: ExpectedToken): boolean {
  return issuer === undefined || issuerUrls.length === 0 || tenantOfAny(issuerUrls, issuer) !== undefined;
}

function isForTenant(claim: unknown, { rules, tenant }: ExpectedToken): boolean {
  return claim === undefined || rules.readTenant(claim) === tenant;
}

/** An empty `subtenant` means none (protocol page, section 7); some servers write nulls. */
function isNone(name: unknown): boolean {
  return name === undefined || name === null || name === '';
}

function isLabelOrNone(claim: unknown): boolean {
  return isNone(claim) || isDnsLabel(claim);
}

/** A server may ignore fields it does not know: an answer that names no subtenant is a token for the whole tenant. */
function isLimited(named: readonly unknown[], requested: string | undefined): boolean {
  if (requested === undefined) return true;
  return named.length > 0 && named.every((name) => name === requested);
}

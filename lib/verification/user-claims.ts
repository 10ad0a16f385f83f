import type { ResolvedPlatform } from '../config/resolved-options.interface.js';
import type { ClaimNames, Platform, PlatformRules } from '../platform/platform.interface.js';
import { isDnsLabel } from '../util/formats.js';
import type { Claims } from '../util/jwt.js';
import type { ClientRule } from './client-rule.js';
import { quoted, refused } from './refused.js';

/** Year 5138: what is later is milliseconds that somebody took for seconds. */
const LAST_SECOND = 100_000_000_000;

/** What of the options decides on claims. */
export interface ClaimRules {
  readonly platform: PlatformRules;
  readonly users: Pick<ResolvedPlatform['users'], 'issuers'>;
  /** The host tenant of the options. */
  readonly hostTenant?: string;
  readonly clients: ClientRule;
  readonly clockToleranceMs: number;
  readonly allowedTenants?: readonly string[];
}

/** A user's claims that have passed every check. */
export interface UserClaims {
  readonly platform: Platform;
  readonly claims: Claims;
  /** The tenant whose server issued the token. */
  readonly issuer: string;
  /** The tenant that the token is for. */
  readonly tenant: string;
  /** Claim `exp`, epoch milliseconds. */
  readonly expiresAt: number;
  /** Claim `iat`, else the moment of the check; epoch milliseconds. */
  readonly issuedAt: number;
}

/**
 * Checks the claims of a user's token by wall time. They may be checked before the signature is: that spares the platform
 * requests for the keys of tokens that are refused anyway, and the answer is the same. Throws a refusal by its code.
 *
 * @param issuer the tenant that `iss` names.
 */
export function checkUserClaims(given: Claims, issuer: string, rules: ClaimRules): UserClaims {
  const { platform } = rules;
  const claims = withoutNulls(given);
  checkTypes(claims, platform.claims);
  const { expiresAt, issuedAt } = checkTimes(claims, rules.clockToleranceMs);
  if (!platform.isUserToken(claims)) throw refused('token_type', "it is no user's token");
  const tenant = checkTenant(claims, rules);
  const clientId = checkClient(claims, rules);
  checkIssuer(issuer, tenant, clientId, rules);
  return { platform: platform.platform, claims: given, issuer, tenant, expiresAt, issuedAt };
}

/** To be asked again after a wait, in which a token may have expired. Throws `token_expired`. */
export function demandUnexpired(expiresAt: number, toleranceMs: number): void {
  if (Date.now() < expiresAt + toleranceMs) return;
  throw refused('token_expired', `its exp, ${quoted(expiresAt / 1_000)} (${dateOf(expiresAt)}), has passed`);
}

/** `null` means that a claim is absent (protocol page, section 7). */
function withoutNulls(claims: Claims): Claims {
  const entries = Object.entries(claims);
  if (!entries.some(([, value]) => value === null)) return claims;
  // Not by assignment: a claim may be called `__proto__`.
  return Object.fromEntries(entries.filter(([, value]) => value !== null));
}

function checkTypes(claims: Claims, { strings }: ClaimNames): void {
  const wrong = strings.find((name) => claims[name] !== undefined && typeof claims[name] !== 'string');
  if (wrong !== undefined) throw refused('token_malformed', `its ${wrong} is not a string`);
  const scope = claims['scope'] ?? [];
  const isScope =
    typeof scope === 'string' || (Array.isArray(scope) && scope.every((item) => typeof item === 'string'));
  if (!isScope) throw refused('token_malformed', 'its scope is not a list of strings');
}

function checkTimes({ exp, nbf, iat }: Claims, toleranceMs: number): { expiresAt: number; issuedAt: number } {
  const now = Date.now();
  if (!isSecond(exp)) throw refused('token_malformed', 'its exp is not a time');
  if ((nbf !== undefined && !isSecond(nbf)) || (iat !== undefined && !isSecond(iat))) {
    throw refused('token_malformed', 'its nbf or iat is not a time');
  }
  demandUnexpired(exp * 1_000, toleranceMs);
  const begin = Math.max(nbf ?? 0, iat ?? 0) * 1_000;
  if (now < begin - toleranceMs) {
    throw refused(
      'token_not_yet_valid',
      `its nbf or iat, ${quoted(begin / 1_000)} (${dateOf(begin)}), lies in the future`,
    );
  }
  return { expiresAt: exp * 1_000, issuedAt: iat === undefined ? now : iat * 1_000 };
}

function isSecond(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= LAST_SECOND;
}

function dateOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

function checkTenant(claims: Claims, { platform, allowedTenants }: ClaimRules): string {
  const names = platform.claims;
  const tenant = platform.readTenant(claims[names.tenant]);
  if (tenant === undefined) {
    throw refused('token_tenant', `its ${names.tenant} is ${quoted(claims[names.tenant])}, not a tenant`);
  }
  const subtenant = names.subtenant === undefined ? undefined : claims[names.subtenant];
  if (subtenant !== undefined && subtenant !== '' && !isDnsLabel(subtenant)) {
    throw refused('token_tenant', `its subtenant is ${quoted(subtenant)}, not a subtenant`);
  }
  if (allowedTenants !== undefined && !allowedTenants.includes(tenant)) {
    throw refused('token_tenant', `users of tenant ${quoted(tenant)} are not accepted`);
  }
  return tenant;
}

function checkClient(claims: Claims, { platform, clients }: ClaimRules): unknown {
  const { clientId, clientIdAlias } = platform.claims;
  const alias = claims[clientIdAlias];
  const isOne = alias === undefined || alias === claims[clientId];
  if (isOne && clients.accepts(claims[clientId])) return claims[clientId];
  const client = isOne ? quoted(claims[clientId]) : `${quoted(claims[clientId])} and ${quoted(alias)}`;
  throw refused('token_client', `it was issued for the client ${client}; ${clients.accepted}`);
}

/** Any server of the platform can sign with its own keys: it may do so for its own tenant, or where the app is hosted. */
function checkIssuer(
  issuer: string,
  tenant: string,
  clientId: unknown,
  { users, hostTenant, clients }: ClaimRules,
): void {
  const trusted = users.issuers ?? [tenant, hostTenant, clients.hostTenantOf(clientId)];
  // The tenant of an `iss` is in lower case; those of other claims need not be, and host names have no case.
  if (trusted.some((name) => name?.toLowerCase() === issuer)) return;
  const setting = users.issuers === undefined ? `for users of tenant ${quoted(tenant)}` : 'here';
  throw refused('token_issuer', `the server of tenant ${quoted(issuer)} may not issue tokens ${setting}`);
}

import { isDnsLabel } from '../util/formats.js';
import type { ResolvedPlatform } from '../config/resolved-options.interface.js';
import type { ClaimNames, Platform, PlatformRules } from '../platform/platform.interface.js';
import type { Claims } from '../util/jwt.js';
import { quoted, refused } from './refused.js';

/** Year 5138: what is later is milliseconds that somebody took for seconds. */
const LAST_SECOND = 100_000_000_000;

/** What of the options decides on claims. */
export interface ClaimRules extends Pick<ResolvedPlatform, 'issuerUrl'> {
  readonly platform: PlatformRules;
  readonly clockToleranceMs: number;
  readonly issuers?: readonly string[];
  readonly allowedTenants?: readonly string[];
  readonly acceptsClient: (clientId: unknown) => boolean;
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
 * Judges the claims of a user's token by wall time. They may be judged before the signature is: that spares the
 * platform requests for keys of hopeless tokens, and the answer is the same. Throws a refusal by its code.
 */
export function judgeUserClaims(claims: Claims, rules: ClaimRules): UserClaims {
  const { platform } = rules;
  demandTypes(claims, platform.claims);
  const { expiresAt, issuedAt } = judgeTime(claims, rules.clockToleranceMs);
  const issuer = judgeIssuer(claims['iss'], rules);
  if (!platform.speaksForUser(claims)) throw refused('token_type', "it is no user's token");
  const tenant = judgeTenant(claims, rules);
  demandClient(claims, rules);
  return { platform: platform.platform, claims, issuer, tenant, expiresAt, issuedAt };
}

/** To be asked again after a wait, in which a token may have expired. Throws `token_expired`. */
export function demandUnexpired(expiresAt: number, toleranceMs: number): void {
  if (Date.now() < expiresAt + toleranceMs) return;
  throw refused('token_expired', `its exp, ${quoted(expiresAt / 1_000)}, has passed`);
}

function demandTypes(claims: Claims, { strings }: ClaimNames): void {
  const wrong = strings.find((name) => claims[name] !== undefined && typeof claims[name] !== 'string');
  if (wrong !== undefined) throw refused('token_malformed', `its ${wrong} is no text`);
  const scope = claims['scope'] ?? [];
  const isScope =
    typeof scope === 'string' || (Array.isArray(scope) && scope.every((item) => typeof item === 'string'));
  if (!isScope) throw refused('token_malformed', 'its scope is no list of texts');
}

function judgeTime({ exp, nbf, iat }: Claims, toleranceMs: number): { expiresAt: number; issuedAt: number } {
  const now = Date.now();
  if (!isSecond(exp)) throw refused('token_malformed', 'its exp is no time');
  if ((nbf !== undefined && !isSecond(nbf)) || (iat !== undefined && !isSecond(iat))) {
    throw refused('token_malformed', 'its nbf or iat is no time');
  }
  demandUnexpired(exp * 1_000, toleranceMs);
  const begin = Math.max(nbf ?? 0, iat ?? 0) * 1_000;
  if (now < begin - toleranceMs) throw refused('token_not_yet_valid', 'its nbf or iat lies in the future');
  return { expiresAt: exp * 1_000, issuedAt: iat === undefined ? now : iat * 1_000 };
}

function isSecond(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= LAST_SECOND;
}

function judgeIssuer(iss: unknown, { issuerUrl, issuers }: ClaimRules): string {
  const issuer = typeof iss === 'string' ? issuerUrl?.tenantOf(iss) : undefined;
  // Host names have no case, but `iss` is a text and the platform writes it small.
  if (issuer === undefined || issuer !== issuer.toLowerCase()) {
    throw refused('token_issuer', `its iss is ${quoted(iss)}, not ${String(issuerUrl ?? 'known: set oauthUrl')}`);
  }
  if (issuers !== undefined && !issuers.includes(issuer)) {
    throw refused('token_issuer', `the server of tenant ${quoted(issuer)} may not issue tokens for here`);
  }
  return issuer;
}

function demandClient(claims: Claims, { platform, acceptsClient }: ClaimRules): void {
  const { clientId, clientIdAlias } = platform.claims;
  const isOne = !(clientIdAlias in claims) || claims[clientIdAlias] === claims[clientId];
  if (isOne && acceptsClient(claims[clientId])) return;
  throw refused('token_client', `it was issued for the client ${quoted(claims[clientId])}`);
}

function judgeTenant(claims: Claims, { platform, allowedTenants }: ClaimRules): string {
  const names = platform.claims;
  const tenant = platform.readTenant(claims[names.tenant]);
  if (tenant === undefined) {
    throw refused('token_tenant', `its ${names.tenant} is ${quoted(claims[names.tenant])}, no tenant`);
  }
  const subtenant = names.subtenant === undefined ? undefined : claims[names.subtenant];
  if (subtenant !== undefined && subtenant !== '' && !isDnsLabel(subtenant)) {
    throw refused('token_tenant', `its subtenant is ${quoted(subtenant)}, no subtenant`);
  }
  if (allowedTenants !== undefined && !allowedTenants.includes(tenant)) {
    throw refused('token_tenant', `users of tenant ${quoted(tenant)} are not let in`);
  }
  return tenant;
}

import type { ResolvedOptions, ResolvedPlatform } from '../config/resolved-options.interface.js';
import { tenantOfAny } from '../config/tenant-urls.js';
import { Reporter } from '../telemetry/reporter.js';
import { clientRule } from './client-rule.js';
import { type CompactJwt, readCompactJwt } from './compact-jwt.js';
import { KeySetClient } from './key-set.client.js';
import { KeySets, type KeySetsRules } from './key-sets.js';
import { ReadLimit } from './read-limit.js';
import { quoted, refused } from './refused.js';
import { SignedToken } from './signed-token.js';
import { checkUserClaims, type ClaimRules, demandUnexpired } from './user-claims.js';
import { VerifiedToken } from './verified-token.js';

/**
 * Verifies users' tokens: form, platform, claims, then signature. `iss` chooses the platform; from there on the rules,
 * keys, clients and issuers of that platform alone decide. Keeps nothing but key sets.
 */
export class JwtVerifier {
  readonly #platforms: readonly PlatformVerifier[];
  readonly #clockToleranceMs: number;

  constructor(options: ResolvedOptions, reporter = new Reporter(), random: () => number = Math.random) {
    // One limit for the whole registration, however many platforms it has.
    const readLimit = new ReadLimit();
    this.#clockToleranceMs = options.verification.clockToleranceMs;
    this.#platforms = options.platforms.map(
      (platform) => new PlatformVerifier(platform, options, readLimit, reporter, random),
    );
  }

  /** Verifies a token. May do network I/O for a key set. Fails with a `token_…` code or `key_set_unavailable`. */
  async verify(value: string): Promise<VerifiedToken> {
    const jwt = readCompactJwt(value);
    const { iss } = jwt.claims;
    for (const platform of this.#platforms) {
      const issuer = platform.issuerOf(iss);
      if (issuer !== undefined) return platform.verify(jwt, issuer);
    }
    const forms = this.#platforms.map(({ issuerForm }) => issuerForm).join(' or ');
    throw refused('token_issuer', `its iss is ${quoted(iss)}, not ${forms}`);
  }

  /** Whether a token verified before would still be: not expired, its key still in a set that is good to use. */
  stillHolds({ expiresAt, proof: { key, keySet } }: VerifiedToken): boolean {
    const timeMs = Date.now();
    return timeMs < expiresAt + this.#clockToleranceMs && !key.gone && keySet.stillGood(timeMs);
  }

  /** Aborts requests. */
  close(): void {
    for (const platform of this.#platforms) platform.close();
  }
}

/** Verifies the users' tokens of one platform. */
class PlatformVerifier {
  readonly #platform: ResolvedPlatform;
  readonly #rules: ClaimRules;
  readonly #keySets: KeySets;
  readonly #deadlineMs: number;

  constructor(
    platform: ResolvedPlatform,
    { request, verification }: ResolvedOptions,
    readLimit: ReadLimit,
    reporter: Reporter,
    random: () => number,
  ) {
    this.#platform = platform;
    this.#rules = claimRules(platform, verification);
    const client = new KeySetClient(platform, request);
    this.#deadlineMs = client.timeoutMs;
    const rules = keySetRules(platform, verification, this.#deadlineMs);
    this.#keySets = new KeySets(client, rules, readLimit, reporter, random);
  }

  /** The tenant of a server of this platform that an `iss` names; `undefined` for any other `iss`. */
  issuerOf(iss: unknown): string | undefined {
    const tenant = tenantOfAny(this.#platform.issuerUrls, iss);
    // Host names have no case, but `iss` is a string, and the platform writes it in lower case.
    return tenant === tenant?.toLowerCase() ? tenant : undefined;
  }

  /** What an `iss` of this platform looks like, for messages. */
  get issuerForm(): string {
    return this.#platform.issuerUrls.join(' or ') || 'known: set oauthUrl';
  }

  /** Verifies a token whose `iss` names an issuer of this platform. May do network I/O for a key set. */
  async verify({ value, keyId, claims }: CompactJwt, issuer: string): Promise<VerifiedToken> {
    const user = checkUserClaims(claims, issuer, this.#rules);
    const proof = await this.#keySets.prove(new SignedToken(value, keyId, issuer, this.#deadlineMs));
    demandUnexpired(user.expiresAt, this.#rules.clockToleranceMs);
    return new VerifiedToken(value, user, proof);
  }

  /** Aborts requests. */
  close(): void {
    this.#keySets.close();
  }
}

function claimRules(platform: ResolvedPlatform, verification: ResolvedOptions['verification']): ClaimRules {
  const { clockToleranceMs, allowedTenants } = verification;
  return {
    platform: platform.rules,
    users: platform.users,
    hostTenant: platform.app?.hostTenant,
    clients: clientRule(platform),
    clockToleranceMs,
    allowedTenants: typeof allowedTenants === 'function' ? undefined : allowedTenants,
  };
}

function keySetRules(
  { rules, app, tenant, users }: ResolvedPlatform,
  verification: ResolvedOptions['verification'],
  deadlineMs: number,
): KeySetsRules {
  const allowed = Array.isArray(verification.allowedTenants) ? verification.allowedTenants : [];
  const credentials = [app?.hostTenant, app?.userTenant, tenant?.tenant].filter((name) => name !== undefined);
  const { keySetTenant = rules.keySetTenant } = users;
  return {
    platform: rules.platform,
    platformTenant: keySetTenant === false ? undefined : keySetTenant,
    ownSets: typeof users.keySetTenant !== 'string',
    listed: new Set([...credentials, ...(users.issuers ?? []), ...allowed]),
    limits: verification,
    deadlineMs,
  };
}

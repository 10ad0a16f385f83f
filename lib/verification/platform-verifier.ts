import type { ResolvedOptions, ResolvedPlatform } from '../config/resolved-options.interface.js';
import type { Reporter } from '../telemetry/reporter.js';
import { clientRule } from './client-rule.js';
import type { CompactJwt } from './compact-jwt.js';
import { KeySetClient, LONGEST_READ_MS } from './key-set.client.js';
import { KeySets } from './key-sets.js';
import type { ReadLimit } from './read-limit.js';
import { SignedToken } from './signed-token.js';
import { checkUserClaims, type ClaimRules, demandUnexpired } from './user-claims.js';
import { VerifiedToken } from './verified-token.js';

/** Verifies the users' tokens of one platform, by the rules, keys, clients and issuers of that platform alone. */
export class PlatformVerifier {
  readonly #platform: ResolvedPlatform;
  readonly #rules: ClaimRules;
  readonly #keySets: KeySets;
  readonly #deadlineMs: number;

  constructor(
    platform: ResolvedPlatform,
    options: ResolvedOptions,
    readLimit: ReadLimit,
    reporter: Reporter,
    random: () => number,
  ) {
    const { request, verification } = options;
    this.#platform = platform;
    this.#rules = claimRules(platform, verification);
    this.#deadlineMs = Math.min(LONGEST_READ_MS, request.timeoutMs);
    const client = new KeySetClient(platform, request);
    const rules = { ...keySetRules(platform, verification), limits: verification, deadlineMs: this.#deadlineMs };
    this.#keySets = new KeySets(client, rules, readLimit, reporter, random);
  }

  /** The tenant of a server of this platform that an `iss` names; `undefined` for any other `iss`. */
  issuerOf(iss: unknown): string | undefined {
    if (typeof iss !== 'string') return undefined;
    const { issuerUrl, otherIssuerUrl } = this.#platform;
    const tenant = issuerUrl?.tenantOf(iss) ?? otherIssuerUrl?.tenantOf(iss);
    // Host names have no case, but `iss` is a string, and the platform writes it in lower case.
    return tenant === tenant?.toLowerCase() ? tenant : undefined;
  }

  /** What an `iss` of this platform looks like, for messages. */
  get issuerForm(): string {
    return String(this.#platform.issuerUrl ?? 'known: set oauthUrl');
  }

  /** Verifies a token whose `iss` names an issuer of this platform. May do network I/O for a key set. */
  async verify({ text, keyId, claims }: CompactJwt, issuer: string): Promise<VerifiedToken> {
    const user = checkUserClaims(claims, issuer, this.#rules);
    const proof = await this.#keySets.prove(new SignedToken(text, keyId, issuer, this.#deadlineMs));
    demandUnexpired(user.expiresAt, this.#rules.clockToleranceMs);
    return new VerifiedToken(text, user, proof);
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
  { allowedTenants }: ResolvedOptions['verification'],
) {
  const allowed = Array.isArray(allowedTenants) ? allowedTenants : [];
  const credentials = [app?.hostTenant, app?.userTenant, tenant?.tenant].filter((name) => name !== undefined);
  const listed = [...credentials, ...(users.issuers ?? []), ...allowed].map((name) => name.toLowerCase());
  const { keySetTenant = rules.keySetTenant } = users;
  return {
    platform: rules.platform,
    platformTenant: keySetTenant === false ? undefined : keySetTenant?.toLowerCase(),
    ownSets: typeof users.keySetTenant !== 'string',
    listed: new Set(listed),
  };
}

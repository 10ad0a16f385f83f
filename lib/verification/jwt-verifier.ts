import { compactVerify } from 'jose';
import type { ResolvedOptions } from '../config/resolved-options.interface.js';
import { MindsphereCredentialsEvents } from '../telemetry/mindsphere-credentials.events.js';
import { clientRule } from './client-rule.js';
import { readCompactJwt } from './compact-jwt.js';
import type { VerificationKey } from './key-set.js';
import { KeySetClient } from './key-set.client.js';
import { KeySets } from './key-sets.js';
import { quoted, refused } from './refused.js';
import { type ClaimRules, demandUnexpired, judgeUserClaims } from './user-claims.js';
import { VerifiedToken } from './verified-token.js';

const RS256 = { algorithms: ['RS256'] };

/** Verifies users' tokens: form, claims, then signature. Remembers nothing but key sets. */
export class JwtVerifier {
  readonly #keySets: KeySets;
  readonly #rules: ClaimRules;

  constructor(
    options: ResolvedOptions,
    events = new MindsphereCredentialsEvents(),
    random: () => number = Math.random,
  ) {
    const { platforms, request, verification } = options;
    const [platform] = platforms;
    const { clockToleranceMs, allowedTenants } = verification;
    this.#keySets = new KeySets(new KeySetClient(platform, request), options, random, events);
    this.#rules = {
      platform: platform.rules,
      issuerUrl: platform.issuerUrl,
      clockToleranceMs,
      issuers: platform.users.issuers,
      allowedTenants: typeof allowedTenants === 'function' ? undefined : allowedTenants,
      acceptsClient: clientRule(platform).accepts,
    };
  }

  /** Verifies a token. May do network I/O for a key set. Fails with a `token_…` code or `key_set_unavailable`. */
  async verify(text: string): Promise<VerifiedToken> {
    const { keyId, claims } = readCompactJwt(text);
    const judged = judgeUserClaims(claims, this.#rules);
    const { keys, permit } = this.#keySets.of(judged.issuer);
    const key = await keys.keyOf(keyId, permit);
    if (key === undefined) throw refused('token_signature', `its issuer has no key ${quoted(keyId)}`);
    await verifySignature(text, key);
    demandUnexpired(judged.expiresAt, this.#rules.clockToleranceMs);
    this.#keySets.confirm(judged.issuer);
    return new VerifiedToken(text, judged, key, keys);
  }

  /** Whether a token verified before would still be: not expired, its key still in a set that is good to use. */
  stillHolds(token: VerifiedToken): boolean {
    const now = Date.now();
    if (now >= token.expiresAt + this.#rules.clockToleranceMs || token.key.gone) return false;
    return token.keys.stillGood(now, this.#keySets.of(token.issuer).permit);
  }

  /** Aborts requests. */
  close(): void {
    this.#keySets.close();
  }
}

async function verifySignature(text: string, key: VerificationKey): Promise<void> {
  const cryptoKey = await key.crypto();
  try {
    await compactVerify(text, cryptoKey, RS256);
  } catch {
    throw refused('token_signature', 'its signature does not match');
  }
}

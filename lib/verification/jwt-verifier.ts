import type { ResolvedOptions } from '../config/resolved-options.interface.js';
import { Reporter } from '../telemetry/reporter.js';
import { readCompactJwt } from './compact-jwt.js';
import { PlatformVerifier } from './platform-verifier.js';
import { ReadLimit } from './read-limit.js';
import { quoted, refused } from './refused.js';
import type { VerifiedToken } from './verified-token.js';

/**
 * Verifies users' tokens: form, platform, claims, then signature. `iss` chooses the platform; from there on everything is
 * demanded that the platform demands. Remembers nothing but key sets.
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
  async verify(text: string): Promise<VerifiedToken> {
    const jwt = readCompactJwt(text);
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

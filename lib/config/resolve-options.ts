import { readOptions } from './read-options.js';
import { Findings } from './read-section.js';
import { resolveCredentials } from './resolve-credentials.js';
import { refuseConfusion, resolvePlatforms } from './resolve-platforms.js';
import type { ResolvedOptions } from './resolved-options.interface.js';
import type { MindsphereCredentialsModuleOptions } from './sections/module.options.js';

/**
 * The one place where options are decided, for every way of registration: every section is read by its descriptor, then
 * the credentials and the platforms follow from what was read. The result is frozen, its secrets are sealed. Throws one
 * `options_invalid` that lists every fault.
 */
export function resolveOptions(options: MindsphereCredentialsModuleOptions): ResolvedOptions {
  const findings = new Findings();
  const read = readOptions(options, findings);
  const credentials = resolveCredentials(read, findings);
  const platforms = resolvePlatforms(read, credentials, findings);
  refuseConfusion(platforms, read.http.values.allowedOrigins, findings);
  findings.throwIfAny();
  // The others are rules of one platform, and stand there.
  const { clockToleranceMs, keySetMaxAgeMs, keySetCooldownMs, allowedTenants } = read.verification.values;
  return Object.freeze({
    // Without a platform there is a fault.
    platforms: platforms as ResolvedOptions['platforms'],
    preferred: credentials.preferred,
    refresh: read.refresh.values,
    request: read.request.values,
    userToken: read.userToken.values,
    verification: Object.freeze({ clockToleranceMs, keySetMaxAgeMs, keySetCooldownMs, allowedTenants }),
    cache: read.cache.values,
    http: read.http.values,
    warnings: findings.warnings,
  });
}

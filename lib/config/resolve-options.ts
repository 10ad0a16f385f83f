import { isValues, ownValue, type Values } from '../util/json.js';
import type { Options, Section } from './descriptor.js';
import { Findings } from './findings.js';
import { originOf } from './origin.js';
import { type Reading, readSection } from './read-section.js';
import { preferredCredentials } from './resolve-credentials.js';
import { refuseConfusion, resolvePlatforms } from './resolve-platforms.js';
import type { ResolvedOptions } from './resolved-options.interface.js';
import { CACHE } from './sections/cache.options.js';
import type { MindsphereCredentialsModuleOptions } from './sections/module.options.js';
import { HTTP, REFRESH, REQUEST } from './sections/requests.options.js';
import { USER_TOKEN, VERIFICATION } from './sections/users.options.js';

/**
 * The one place where options are decided, for every way of registration: validates, fills defaults, seals secrets and
 * freezes. Each section is read by its descriptor. Throws one `options_invalid` that lists every fault.
 */
export function resolveOptions(options: MindsphereCredentialsModuleOptions): ResolvedOptions {
  const findings = new Findings();
  const values = valuesOf(options, findings);
  const reading = readingOf(values, findings);
  const read = <O extends Options>(section: Section<O>) =>
    readSection(section, ownValue(values, section.path), reading);

  const { issuerUrl, keySetTenant, issuers, clientIds, ...verification } = read(VERIFICATION);
  const platforms = resolvePlatforms(values, { issuerUrl, keySetTenant, issuers, clientIds }, reading);
  const resolved = {
    platforms,
    preferred: preferredCredentials(values, platforms),
    refresh: read(REFRESH),
    request: read(REQUEST),
    userToken: read(USER_TOKEN),
    verification: Object.freeze(verification),
    cache: read(CACHE),
    http: read(HTTP),
    warnings: findings.warnings,
  };
  refuseConfusion(platforms, resolved.http.allowedOrigins, reading);
  findings.throwIfAny();
  // Without a platform there is a fault.
  return Object.freeze({ ...resolved, platforms: platforms as ResolvedOptions['platforms'] });
}

function valuesOf(options: unknown, findings: Findings): Values {
  if (isValues(options)) return options;
  findings.fault(
    'options',
    'must be an object: write what useFactory returns as `({ … })` or with `return`, e.g. mindsphereOptionsFromConfig(config)',
  );
  return {};
}

function readingOf(values: Values, findings: Findings): Reading {
  // Spread into another object, options from variables are known by their groups alone.
  const origin = [values, ...Object.values(values)].map(originOf).find(({ isEnvironment }) => isEnvironment);
  return {
    findings,
    prefix: origin?.prefix ?? '',
    allowInsecureHttp: ownValue(values, 'allowInsecureHttp') === true,
  };
}

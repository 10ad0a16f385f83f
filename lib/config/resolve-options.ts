import { Faults } from './faults.js';
import type { MindsphereCredentialsModuleOptions } from './module-options.interface.js';
import { OptionReader } from './option-reader.js';
import { preferredCredentials, refuseUnknownOauthServer, resolveApp, resolveTenant } from './resolve-credentials.js';
import { resolveHttp } from './resolve-http.js';
import { resolveLimits, resolveUsers, VERIFICATION_OPTIONS } from './resolve-limits.js';
import { resolveUrls, URL_VARIABLES } from './resolve-urls.js';
import { PLATFORMS } from '../platform/platforms.js';
import type { ResolvedOptions, ResolvedPlatform } from './resolved-options.interface.js';
import { isValues } from '../util/json.js';

const KNOWN = [
  'region',
  'baseDomain',
  'gatewayUrl',
  'oauthUrl',
  'allowInsecureHttp',
  'app',
  'tenant',
  'refresh',
  'request',
  'userToken',
  'verification',
  'cache',
  'http',
];

/**
 * The one place where options are decided, for every way of registration: validates, fills defaults, seals secrets and
 * freezes. Throws one `options_invalid` that lists every fault.
 */
export function resolveOptions(options: MindsphereCredentialsModuleOptions): ResolvedOptions {
  const faults = new Faults();
  const values = isValues(options) ? options : {};
  if (values !== options) faults.add('options', 'must be an object');
  const reader = new OptionReader(values, faults, '', URL_VARIABLES);
  reader.refuseUnknown(KNOWN);
  const verification = reader.section('verification', VERIFICATION_OPTIONS);
  const platform = resolveMindsphere(reader, verification);
  const limits = resolveLimits(reader, verification);
  const http = resolveHttp(reader);
  refuseUnknownOauthServer(platform, platform.tenant, faults);
  faults.throwIfAny();
  const preferred = preferredCredentials(values, platform.app, platform.tenant);
  return frozenCopy({ platforms: [platform], preferred, ...limits, http });
}

function resolveMindsphere(reader: OptionReader, verification: OptionReader): ResolvedPlatform {
  const rules = PLATFORMS.mindsphere;
  return {
    rules,
    ...resolveUrls(rules, reader, verification),
    app: resolveApp(reader),
    tenant: resolveTenant(reader),
    users: resolveUsers(verification),
  };
}

/** A frozen copy of plain objects and lists, at every depth; what belongs to others (agents, functions) is left as it is. */
function frozenCopy<T>(value: T): T {
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy)) as T;
  if (!isValues(value) || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, frozenCopy(item)]))) as T;
}

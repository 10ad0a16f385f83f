import { isValues, ownValue } from '../util/json.js';
import { type Options, optional, type Section, section as describe } from './descriptor.js';
import { Findings } from './findings.js';
import { label, nonEmpty } from './kinds.js';
import { isConfigured, type Reading, readSection } from './read-section.js';
import { readApp, refuseUnknownOauthServer, resolveTenant, resolveXceleratorTenant } from './resolve-credentials.js';
import type { ResolvedAppOptions, ResolvedPlatform, ResolvedTenantOptions } from './resolved-options.interface.js';
import { APP, TENANT } from './sections/credentials.options.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { XCELERATOR_TENANT } from './sections/xcelerator.options.js';

/** What `MindsphereCredentialsFactory` takes beside the options of credentials. */
export interface RunTimeOptions {
  /**
   * Names the secret where it is a function: calls whose options are equal and have the same `key` share one cached
   * token, and ask the function of the first of them. Default: a function counts by its identity, so that one written
   * into the call never meets the cache.
   */
  key?: string | undefined;
}

const RUN_TIME = describe<RunTimeOptions>()('', { key: optional(nonEmpty) }, { of: 'RunTimeOptions' });

/** App credentials known only at run time. Throws `options_invalid` with every fault. */
export function appAtRunTime(given: unknown): ResolvedAppOptions {
  const reading = newReading();
  const { key, group } = split(APP, given, reading);
  const app = readApp(group, reading).credentials;
  return keyed(app, key, reading);
}

/** Tenant credentials known only at run time. Throws `options_invalid` with every fault. */
export function tenantAtRunTime(given: unknown, platform: Omit<ResolvedPlatform, 'users'>): ResolvedTenantOptions {
  const reading = newReading();
  const isThere = platform.rules.platform === 'xcelerator';
  const { key, group } = split(isThere ? XCELERATOR_TENANT : TENANT, given, reading);
  const tenant = (isThere ? resolveXceleratorTenant : resolveTenant)(group, reading);
  refuseUnknownOauthServer({ ...platform, tenant }, reading);
  return keyed(tenant, key, reading);
}

/**
 * A tenant given at run time, in lower case as host labels are kept. Throws `options_invalid` where it is not one DNS
 * label; the value is not repeated.
 */
export function tenantLabel(value: unknown, name: string): string {
  const read = label.read(value, { allowInsecureHttp: false });
  if (read !== undefined) return read;
  throw new MindsphereCredentialsError('options_invalid', `${name} ${label.demand}.`);
}

function newReading(): Reading {
  return { findings: new Findings(), prefix: '', allowInsecureHttp: false };
}

/** The options of the group, and what stands beside them. */
function split(section: Section<Options>, given: unknown, reading: Reading) {
  const [identity, secret] = section.identity ?? [];
  if (!isConfigured(section, given)) reading.findings.fault(section.path, `needs ${identity} and ${secret}`);
  if (!isValues(given)) return { key: undefined, group: given };
  const group = Object.fromEntries(Object.entries(given).filter(([name]) => name !== 'key'));
  return { key: readSection(RUN_TIME, { key: ownValue(given, 'key') }, reading).key, group };
}

function keyed<T extends Pick<ResolvedAppOptions, 'secret'>>(
  credentials: T | undefined,
  key: string | undefined,
  { findings }: Reading,
): T {
  findings.throwIfAny();
  const found = credentials as T;
  return key === undefined ? found : Object.freeze({ ...found, secret: found.secret.withKey(key) });
}

import { copyOf, isValues, ownValue } from '../util/json.js';
import { type Options, optional, type Section, sectionOf } from './descriptor.js';
import { Findings, isConfigured, type Reading, readSection, refuseInherited } from './read-section.js';
import { label, nonEmpty } from './kinds.js';
import { appCredentials, tenantCredentials } from './resolve-credentials.js';
import { refuseUnknownOauthServer } from './resolve-platforms.js';
import type { ResolvedAppOptions, ResolvedPlatform, ResolvedTenantOptions } from './resolved-options.interface.js';
import { APP, TENANT } from './sections/credentials.options.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { XCELERATOR_TENANT } from './sections/xcelerator.options.js';

/** What `MindsphereCredentialsFactory` takes beside the options of credentials. */
export interface RunTimeOptions {
  /**
   * Names the secret where it is a function: calls whose options are equal and have the same `key` share one cached
   * token, and ask the function of the first of them. Default: a function counts by its identity, so that a function
   * that is created in the call never finds the cached token.
   */
  key?: string | undefined;
}

const RUN_TIME = sectionOf<RunTimeOptions>()('', { key: optional(nonEmpty) }, { of: 'RunTimeOptions' });

/** App credentials known only at run time. Throws `options_invalid` with every fault. */
export function appAtRunTime(given: unknown): ResolvedAppOptions {
  const reading = newReading();
  const { key, group } = split(APP, given, reading);
  return keyed(appCredentials(readSection(APP, group, reading)), key, reading);
}

/** Tenant credentials known only at run time. Throws `options_invalid` with every fault. */
export function tenantAtRunTime(given: unknown, platform: Omit<ResolvedPlatform, 'users'>): ResolvedTenantOptions {
  const reading = newReading();
  const isXcelerator = platform.rules.platform === 'xcelerator';
  const { key, group } = split(isXcelerator ? XCELERATOR_TENANT : TENANT, given, reading);
  const read = isXcelerator ? readSection(XCELERATOR_TENANT, group, reading) : readSection(TENANT, group, reading);
  const tenant = tenantCredentials(read);
  refuseUnknownOauthServer({ ...platform, tenant }, reading.findings);
  return keyed(tenant, key, reading);
}

/**
 * A tenant given at run time, in lower case as host labels are kept. Throws `options_invalid` where it is not one DNS
 * label; the value is not repeated.
 */
export function tenantLabel(value: unknown, name: string): string {
  const read = label.read(value, { allowInsecureHttp: false });
  if (read !== undefined) return read;
  const hint = typeof value === 'string' ? '' : `, and was given ${nameOfType(value)}`;
  throw new MindsphereCredentialsError('options_invalid', `${name} ${label.demand}${hint}.`);
}

function nameOfType(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function newReading(): Reading {
  return { findings: new Findings(), prefix: '', allowInsecureHttp: false };
}

/** The options of the group, and what stands beside them. The platform among them has been read before. */
function split(section: Section<Options>, given: unknown, reading: Reading) {
  const [identity, secret] = section.identity ?? [];
  if (!isConfigured(section, given)) reading.findings.fault(section.path, `needs ${identity} and ${secret}`);
  if (!isValues(given)) return { key: undefined, group: given };
  const beside = { key: undefined, platform: undefined };
  refuseInherited(given, Object.keys(beside), (name) => name, reading.findings);
  const group = copyOf(given, beside);
  return { key: readSection(RUN_TIME, { key: ownValue(given, 'key') }, reading).values.key, group };
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

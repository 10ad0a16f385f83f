import { isValues, ownValue } from '../util/json.js';
import type { Options, Resolved, Section } from './descriptor.js';
import { originOf } from './origin.js';
import { isConfigured, placeOf, type Reading, readSection } from './read-section.js';
import type { ResolvedAppOptions, ResolvedPlatform, ResolvedTenantOptions } from './resolved-options.interface.js';
import { APP, TENANT } from './sections/credentials.options.js';
import { XCELERATOR_APP, XCELERATOR_TENANT } from './sections/xcelerator.options.js';

/** Characters that a UAA reads otherwise in HTTP Basic credentials, which it decodes as a URL (protocol page, section 5). */
const DECODED_BY_SERVER = /[+%]/;

/** A group of app options, read; and whether it is app credentials. */
export interface ReadApp {
  readonly values: Resolved<typeof APP>;
  readonly credentials?: ResolvedAppOptions;
}

/** The app's names and, where its id or secret is set, app credentials. `false` switches both off. */
export function readApp(given: unknown, reading: Reading): ReadApp {
  const values = readSection(APP, given === false ? undefined : given, reading);
  if (!isConfigured(APP, given)) return { values };
  const { keyStoreClientId: clientId, keyStoreClientSecret: secret, ...rest } = values;
  return { values, credentials: Object.freeze({ clientId, secret, ...rest }) };
}

/** Tenant credentials, or `undefined` where they are switched off or not configured. */
export function resolveTenant(given: unknown, reading: Reading): ResolvedTenantOptions | undefined {
  const { clientSecret: secret, ...rest } = readSection(TENANT, given === false ? undefined : given, reading);
  if (!isConfigured(TENANT, given)) return undefined;
  warnOfDecodedCharacters(TENANT, given, rest.clientAuthentication, reading);
  return Object.freeze({ ...rest, secret, tokenTenant: rest.tenant });
}

/** App credentials on `siemens.app`: what its own options leave open is taken from option `app`. */
export function resolveXceleratorApp(
  given: unknown,
  app: ReadApp,
  tenants: Pick<ResolvedAppOptions, 'hostTenant' | 'userTenant'>,
  reading: Reading,
): ResolvedAppOptions | undefined {
  const own = readSection(XCELERATOR_APP, given === false ? undefined : given, reading);
  const clientId = own.keyStoreClientId ?? app.credentials?.clientId;
  const secret = own.keyStoreClientSecret ?? app.credentials?.secret;
  if (given === false || clientId === undefined || secret === undefined) return undefined;
  const named = (name: 'appName' | 'appVersion') => {
    const value = own[name] ?? app.values[name];
    if (value === undefined)
      reading.findings.fault(placeOf(XCELERATOR_APP, name), `is missing, and so is ${placeOf(APP, name)}`);
    return value;
  };
  const { hostTenant = tenants.hostTenant, userTenant = tenants.userTenant } = own;
  const { authKeyScheme, allowSubtenantUsers } = app.values;
  const names = { appName: named('appName'), appVersion: named('appVersion') };
  return Object.freeze({ clientId, secret, ...names, hostTenant, userTenant, authKeyScheme, allowSubtenantUsers });
}

/** Tenant credentials on `siemens.app`, where nothing is taken from option `tenant`. */
export function resolveXceleratorTenant(given: unknown, reading: Reading): ResolvedTenantOptions | undefined {
  const section = XCELERATOR_TENANT;
  const {
    clientSecret: secret,
    tokenTenant,
    ...rest
  } = readSection(section, given === false ? undefined : given, reading);
  if (!isConfigured(section, given)) return undefined;
  warnOfDecodedCharacters(section, given, rest.clientAuthentication, reading);
  return Object.freeze({ ...rest, secret, tokenTenant: tokenTenant ?? rest.tenant });
}

/** A tenant's secret must not reach the public platform because only a private gateway was given. */
export function refuseUnknownOauthServer(platform: Omit<ResolvedPlatform, 'users'>, { findings }: Reading): void {
  if (platform.tenant === undefined || platform.oauthUrl !== undefined) return;
  findings.fault('oauthUrl', `is missing: ${platform.rules.hosts.underivable}`);
}

/**
 * What `MindsphereCredentials` stands for: credentials given in code before those from the environment; within each,
 * app before tenant (protocol page, section 1).
 */
export function preferredCredentials(
  values: object,
  platforms: readonly Pick<ResolvedPlatform, 'app' | 'tenant'>[],
): 'app' | 'tenant' | undefined {
  const found = (['app', 'tenant'] as const).filter((group) =>
    platforms.some((platform) => platform[group] !== undefined),
  );
  return found.find((group) => isInCode(values, group)) ?? found[0];
}

function isInCode(values: object, group: 'app' | 'tenant'): boolean {
  const xcelerator = ownValue(values, 'xcelerator');
  const groups = [ownValue(values, group), isValues(xcelerator) ? ownValue(xcelerator, group) : undefined];
  return groups.some((given) => isValues(given) && !originOf(given).isEnvironment);
}

function warnOfDecodedCharacters(
  section: Section<Options>,
  given: unknown,
  clientAuthentication: 'basic' | 'form',
  { findings, prefix }: Reading,
): void {
  if (clientAuthentication !== 'basic' || !isValues(given)) return;
  for (const name of section.identity ?? []) {
    const value = ownValue(given, name);
    if (typeof value !== 'string' || !DECODED_BY_SERVER.test(value)) continue;
    const place = placeOf(section, name, originOf(given).prefix || prefix);
    findings.warn(
      place,
      `holds '+' or '%', which the OAuth server may decode: set ${placeOf(section, 'clientAuthentication')} to 'form'`,
    );
  }
}

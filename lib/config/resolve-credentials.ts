import { placeOf } from './descriptor.js';
import type { Findings, ReadSection } from './read-section.js';
import type { ReadOptions } from './read-options.js';
import type { ResolvedAppOptions, ResolvedTenantOptions } from './resolved-options.interface.js';
import { APP, type TENANT } from './sections/credentials.options.js';
import type { XCELERATOR_TENANT } from './sections/xcelerator.options.js';

/** The credentials of a platform. */
export interface PlatformCredentials {
  readonly app?: ResolvedAppOptions;
  readonly tenant?: ResolvedTenantOptions;
}

/** The credentials of a registration, on each platform. */
export interface RegistrationCredentials {
  readonly mindsphere: PlatformCredentials;
  readonly xcelerator: PlatformCredentials;
  /** Which of the two kinds `MindsphereCredentials` stands for. */
  readonly preferred?: 'app' | 'tenant';
}

/** The credentials of a registration. A platform that is switched off has none. */
export function resolveCredentials(read: ReadOptions, findings: Findings): RegistrationCredentials {
  const isMindsphereOff = read.module.values.mindsphere === false;
  const [app, tenant] = [appCredentials(read.app), tenantCredentials(read.tenant)];
  if (isMindsphereOff && tenant !== undefined) {
    findings.warn('tenant', 'is not used, because mindsphere is false: see xcelerator.tenant');
  }
  const mindsphere = isMindsphereOff ? {} : { app, tenant };
  const xcelerator = read.xcelerator.isGiven
    ? { app: xceleratorApp(read, app, findings), tenant: tenantCredentials(read.xceleratorTenant) }
    : {};
  return { mindsphere, xcelerator, preferred: preferredCredentials(read, [mindsphere, xcelerator]) };
}

/** App credentials, where their id or secret is set. */
export function appCredentials({
  values,
  isConfigured,
}: ReadSection<typeof APP.options>): ResolvedAppOptions | undefined {
  if (!isConfigured) return undefined;
  const { keyStoreClientId: clientId, keyStoreClientSecret: secret, ...rest } = values;
  return Object.freeze({ clientId, secret, ...rest });
}

/** Tenant credentials, where their id or secret is set. */
export function tenantCredentials({
  values,
  isConfigured,
}: ReadSection<typeof TENANT.options> | ReadSection<typeof XCELERATOR_TENANT.options>):
  | ResolvedTenantOptions
  | undefined {
  if (!isConfigured) return undefined;
  const { clientSecret: secret, tokenTenant = values.tenant, ...rest } = { tokenTenant: undefined, ...values };
  return Object.freeze({ ...rest, secret, tokenTenant });
}

/** App credentials on `siemens.app`: what its own options leave open is taken from option `app`. */
function xceleratorApp(
  { module, app: { values: shared }, xceleratorApp: { values: own, isOff, placeOf: placeOfOwn } }: ReadOptions,
  app: ResolvedAppOptions | undefined,
  findings: Findings,
): ResolvedAppOptions | undefined {
  const clientId = own.keyStoreClientId ?? app?.clientId;
  const secret = own.keyStoreClientSecret ?? app?.secret;
  if (isOff || clientId === undefined || secret === undefined) return undefined;
  const named = (name: 'appName' | 'appVersion') => {
    const value = own[name] ?? shared[name];
    if (value === undefined) findings.fault(placeOfOwn(name), `is missing, and so is ${placeOf(APP, name)}`);
    return value;
  };
  const names = { appName: named('appName'), appVersion: named('appVersion') };
  // Ids of tenants differ between the platforms: they are taken from option app only where it is for this one alone.
  const tenants: Partial<typeof shared> = module.values.mindsphere === false ? shared : {};
  const { hostTenant = tenants.hostTenant, userTenant = tenants.userTenant } = own;
  const { authKeyScheme, allowSubtenantUsers } = shared;
  return Object.freeze({ clientId, secret, ...names, hostTenant, userTenant, authKeyScheme, allowSubtenantUsers });
}

/**
 * What `MindsphereCredentials` stands for: credentials given in code before those from the environment; within each,
 * app before tenant (protocol page, section 1).
 */
function preferredCredentials(
  { app, tenant, xceleratorApp: appThere, xceleratorTenant: tenantThere }: ReadOptions,
  platforms: readonly PlatformCredentials[],
): 'app' | 'tenant' | undefined {
  const found = (['app', 'tenant'] as const).filter((kind) =>
    platforms.some((platform) => platform[kind] !== undefined),
  );
  const isInCode = { app: app.isInCode || appThere.isInCode, tenant: tenant.isInCode || tenantThere.isInCode };
  return found.find((kind) => isInCode[kind]) ?? found[0];
}

import { MINDSPHERE } from '../platforms/mindsphere.profile.js';
import { xceleratorProfile } from '../platforms/xcelerator.profile.js';
import { clientId, label, labels, nonEmpty } from './checks.js';
import type {
  EmulatedApp,
  EmulatedTechnicalUser,
  EmulatedXcelerator,
  EmulatorSettings,
  MindsphereEmulatorOptions,
  PlatformSettings,
} from './emulator-options.interface.js';
import { EmulatorOptionError } from './option-error.js';

/** Tenant of `mindsphere.io` with which the platform's own key set is read. */
const MINDSPHERE_CORE = 'core';
/** The documented core tenant of Insights Hub. */
const XCELERATOR_CORE = '1000001700';

/** What a registration of one platform may say of its tenants and clients. */
type PlatformOptions = Pick<EmulatedXcelerator, 'userTenants' | 'technicalUsers' | 'tenants' | 'tenantNames'>;
type PlatformBase = Pick<PlatformSettings, 'profile' | 'app' | 'missingTenant'> & { readonly core: string };

/**
 * The platforms that an emulator plays, `mindsphere` first.
 *
 * @throws EmulatorOptionError for an option that no emulator could work with
 */
export function resolvePlatforms(options: MindsphereEmulatorOptions): EmulatorSettings['platforms'] {
  const app = resolveApp('app.', options.app ?? {}, { hostTenant: 'operator', userTenant: 'customer' });
  const missingTenant = options.core === false ? MINDSPHERE_CORE : undefined;
  const mindsphere = platform('', options, { profile: MINDSPHERE, app, missingTenant, core: MINDSPHERE_CORE });
  const { xcelerator = false } = options;
  if (xcelerator === false) return [mindsphere];
  return [mindsphere, resolveXcelerator(xcelerator === true ? {} : xcelerator, app)];
}

function resolveXcelerator(options: EmulatedXcelerator, sibling: EmulatedApp): PlatformSettings {
  const core = label('xcelerator.coreTenant', options.coreTenant ?? XCELERATOR_CORE);
  // Credentials, name and version go on working there; ids of tenants are other ones.
  const defaults = { ...sibling, hostTenant: '1000000350', userTenant: '1000000351' };
  const app = resolveApp('xcelerator.app.', options.app ?? {}, defaults);
  const tenantNames = { [app.hostTenant]: sibling.hostTenant, [app.userTenant]: sibling.userTenant };
  const named = { ...options, tenantNames: options.tenantNames ?? tenantNames };
  return platform('xcelerator.', named, { profile: xceleratorProfile(core), app, missingTenant: undefined, core });
}

function platform(path: string, options: PlatformOptions, base: PlatformBase): PlatformSettings {
  const { profile, app, missingTenant, core } = base;
  const technicalUsers = resolveTechnicalUsers(path, options.technicalUsers, app);
  const tenants = options.tenants && labels(`${path}tenants`, options.tenants);
  return {
    profile,
    app,
    missingTenant,
    userTenants: options.userTenants && [app.hostTenant, ...labels(`${path}userTenants`, options.userTenants)],
    provisionedTenants: [...new Set(options.userTenants ?? [app.userTenant])],
    technicalUsers,
    tenants: tenants && knownTenants([core, ...tenants], app, technicalUsers),
    tenantNames: { ...options.tenantNames },
  };
}

function resolveApp(
  path: string,
  given: Partial<EmulatedApp>,
  defaults: Partial<EmulatedApp> & Pick<EmulatedApp, 'hostTenant' | 'userTenant'>,
): EmulatedApp {
  const appName = nonEmpty(`${path}appName`, given.appName ?? defaults.appName ?? 'myapp');
  const appVersion = nonEmpty(`${path}appVersion`, given.appVersion ?? defaults.appVersion ?? '1.0.0');
  const hostTenant = label(`${path}hostTenant`, given.hostTenant ?? defaults.hostTenant);
  const id = given.keyStoreClientId ?? defaults.keyStoreClientId ?? `${hostTenant}-${appName}-${appVersion}`;
  const secret = given.keyStoreClientSecret ?? defaults.keyStoreClientSecret ?? 'emulated-app-secret';
  return {
    keyStoreClientId: clientId(`${path}keyStoreClientId`, id),
    keyStoreClientSecret: nonEmpty(`${path}keyStoreClientSecret`, secret),
    appName,
    appVersion,
    hostTenant,
    userTenant: label(`${path}userTenant`, given.userTenant ?? defaults.userTenant),
  };
}

function resolveTechnicalUsers(
  path: string,
  given: readonly EmulatedTechnicalUser[] | undefined,
  { userTenant: tenant }: EmulatedApp,
): PlatformSettings['technicalUsers'] {
  const [first, ...others] = given ?? [
    { clientId: `${tenant}-technicaluser`, clientSecret: 'emulated-tenant-secret', tenant },
  ];
  if (!first) throw new EmulatorOptionError(`${path}technicalUsers`, 'must not be empty');
  const resolve = (user: EmulatedTechnicalUser) => resolveTechnicalUser(`${path}technicalUsers.`, user);
  return [resolve(first), ...others.map(resolve)];
}

function resolveTechnicalUser(path: string, user: EmulatedTechnicalUser): EmulatedTechnicalUser {
  return {
    clientId: clientId(`${path}clientId`, user.clientId),
    clientSecret: nonEmpty(`${path}clientSecret`, user.clientSecret),
    tenant: label(`${path}tenant`, user.tenant),
    ...(user.subtenants && { subtenants: labels(`${path}subtenants`, user.subtenants) }),
  };
}

function knownTenants(
  tenants: readonly string[],
  app: EmulatedApp,
  users: readonly EmulatedTechnicalUser[],
): readonly string[] {
  const all = [...tenants, app.hostTenant, app.userTenant, ...users.map((user) => user.tenant)];
  return all.map((tenant) => tenant.toLowerCase());
}

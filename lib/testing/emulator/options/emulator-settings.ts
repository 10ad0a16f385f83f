import { demandEndpoint, LONGEST_DELAY_MS } from '../traffic/fault-queue.js';
import { clientId, domain, EmulatorOptionError, label, labels, nonEmpty, oneOf, share, wholeNumber } from './checks.js';
import type {
  EmulatedApp,
  EmulatedTechnicalUser,
  EmulatedXcelerator,
  EmulatorSettings,
  FailureRate,
  MindsphereEmulatorOptions,
  PlatformSettings,
} from './emulator-options.interface.js';
import { MINDSPHERE } from '../platforms/mindsphere.profile.js';
import { xceleratorProfile } from '../platforms/xcelerator.profile.js';

const LARGEST_PORT = 65_535;
const REMEMBERED_REQUESTS = 10_000;

/**
 * Checks the start options and fills in the defaults.
 *
 * @throws EmulatorOptionError for an option that no emulator could work with
 */
export function resolveSettings(options: MindsphereEmulatorOptions): EmulatorSettings {
  return {
    port: wholeNumber('port', options.port ?? 0, 0, LARGEST_PORT),
    host: nonEmpty('host', options.host ?? '127.0.0.1'),
    domains: (options.domains ?? []).map((name) => domain('domains', name)),
    strict: options.strict ?? false,
    platforms: resolvePlatforms(options),
    signingKeyPosition: position(options.signingKeyPosition ?? 0),
    ownKeys: labels('ownKeys', options.ownKeys ?? []).map((tenant) => tenant.toLowerCase()),
    keysFile: options.keysFile === undefined ? undefined : nonEmpty('keysFile', options.keysFile),
    tokenLifeSeconds: wholeNumber('tokenLifeSeconds', options.tokenLifeSeconds ?? 1_800, 1, Number.MAX_SAFE_INTEGER),
    authKeyScheme: oneOf('authKeyScheme', options.authKeyScheme ?? 'Basic', ['Basic', 'Bearer']),
    impersonation: options.impersonation ?? true,
    clientError: oneOf('clientError', options.clientError ?? 'unauthorized', ['unauthorized', 'invalid_client']),
    technicalScopes: options.technicalScopes ?? ['api.read', 'api.write'],
    fixtures: options.fixtures === undefined ? undefined : nonEmpty('fixtures', options.fixtures),
    latencyMs: latency(options.latencyMs ?? 0),
    failureRate: failureRate(options.failureRate ?? 0),
    failureSeed: wholeNumber('failureSeed', options.failureSeed ?? 1, 0, Number.MAX_SAFE_INTEGER),
    rememberedRequests: memory(options.rememberedRequests ?? REMEMBERED_REQUESTS),
    onRequest: options.onRequest,
  };
}

/**
 * Checks how long every answer is held.
 *
 * @throws EmulatorOptionError for anything but a whole number that Node's timers know
 */
export function latency(value: number): number {
  return wholeNumber('latencyMs', value, 0, LONGEST_DELAY_MS);
}

function failureRate(value: FailureRate): FailureRate {
  if (typeof value === 'number') return share('failureRate', value);
  for (const [endpoint, rate] of Object.entries(value)) {
    demandEndpoint(endpoint);
    share(`failureRate.${endpoint}`, rate);
  }
  return { ...value };
}

function memory(value: number): number {
  return value === Infinity ? value : wholeNumber('rememberedRequests', value, 0, Number.MAX_SAFE_INTEGER);
}

function position(value: number): number {
  if (Number.isNaN(value)) throw new EmulatorOptionError('signingKeyPosition', 'must be a number');
  return Math.max(0, value);
}

/** Tenant of `mindsphere.io` with which the platform's own key set is read. */
const MINDSPHERE_CORE = 'core';
/** The documented core tenant of Insights Hub. */
const XCELERATOR_CORE = '1000001700';

/** The options of tenants and clients of one platform. */
type PlatformOptions = Pick<EmulatedXcelerator, 'userTenants' | 'technicalUsers' | 'tenants' | 'tenantNames'>;
type PlatformBase = Pick<PlatformSettings, 'profile' | 'app' | 'missingTenant'> & { readonly core: string };

/**
 * The emulated platforms, `mindsphere` first.
 *
 * @throws EmulatorOptionError for an option that no emulator could work with
 */
function resolvePlatforms(options: MindsphereEmulatorOptions): EmulatorSettings['platforms'] {
  const app = resolveApp('app.', options.app ?? {}, { hostTenant: 'operator', userTenant: 'customer' });
  const missingTenant = options.core === false ? MINDSPHERE_CORE : undefined;
  const mindsphere = platform('', options, { profile: MINDSPHERE, app, missingTenant, core: MINDSPHERE_CORE });
  const { xcelerator = false } = options;
  if (xcelerator === false) return [mindsphere];
  return [mindsphere, resolveXcelerator(xcelerator === true ? {} : xcelerator, app)];
}

function resolveXcelerator(options: EmulatedXcelerator, sibling: EmulatedApp): PlatformSettings {
  const core = label('xcelerator.coreTenant', options.coreTenant ?? XCELERATOR_CORE);
  // By default the same credentials, name and version; the ids of tenants differ.
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

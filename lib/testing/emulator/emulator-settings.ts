import { isDnsLabel } from './dns-label.js';
import type {
  EmulatedApp,
  EmulatedTechnicalUser,
  EmulatorSettings,
  FailureRate,
  MindsphereEmulatorOptions,
} from './emulator-options.interface.js';
import { demandEndpoint, LONGEST_DELAY_MS } from './fault-queue.js';

const LARGEST_PORT = 65_535;

/**
 * Checks the start options and fills in the defaults.
 *
 * @throws TypeError for an option that no emulator could work with
 */
export function resolveSettings(options: MindsphereEmulatorOptions): EmulatorSettings {
  const app = resolveApp(options.app ?? {});
  const technicalUsers = resolveTechnicalUsers(options.technicalUsers, app);
  return {
    port: wholeNumber('port', options.port ?? 0, 0, LARGEST_PORT),
    host: text('host', options.host ?? '127.0.0.1'),
    signingKeyPosition: position(options.signingKeyPosition ?? 0),
    tokenLifeSeconds: wholeNumber('tokenLifeSeconds', options.tokenLifeSeconds ?? 1_800, 1, Number.MAX_SAFE_INTEGER),
    app,
    authKeyScheme: options.authKeyScheme ?? 'Basic',
    userTenants: options.userTenants && [app.hostTenant, ...labels('userTenants', options.userTenants)],
    provisionedTenants: [...new Set(options.userTenants ?? [app.userTenant])],
    technicalUsers,
    tenants: options.tenants && knownTenants(labels('tenants', options.tenants), app, technicalUsers),
    impersonation: options.impersonation ?? true,
    technicalScopes: options.technicalScopes ?? ['api.read', 'api.write'],
    latencyMs: wholeNumber('latencyMs', options.latencyMs ?? 0, 0, LONGEST_DELAY_MS),
    failureRate: failureRate(options.failureRate ?? 0),
    failureSeed: wholeNumber('failureSeed', options.failureSeed ?? 1, 0, Number.MAX_SAFE_INTEGER),
    rememberedRequests: memory(options.rememberedRequests ?? Infinity),
  };
}

function resolveApp(given: Partial<EmulatedApp>): EmulatedApp {
  const appName = text('app.appName', given.appName ?? 'myapp');
  const appVersion = text('app.appVersion', given.appVersion ?? '1.0.0');
  const hostTenant = label('app.hostTenant', given.hostTenant ?? 'operator');
  const keyStoreClientId = given.keyStoreClientId ?? `${hostTenant}-${appName}-${appVersion}`;
  return {
    keyStoreClientId: clientId('app.keyStoreClientId', keyStoreClientId),
    keyStoreClientSecret: text('app.keyStoreClientSecret', given.keyStoreClientSecret ?? 'emulated-app-secret'),
    appName,
    appVersion,
    hostTenant,
    userTenant: label('app.userTenant', given.userTenant ?? 'customer'),
  };
}

function resolveTechnicalUsers(
  given: readonly EmulatedTechnicalUser[] | undefined,
  { userTenant: tenant }: EmulatedApp,
): EmulatorSettings['technicalUsers'] {
  const [first, ...others] = given ?? [
    { clientId: `${tenant}-technicaluser`, clientSecret: 'emulated-tenant-secret', tenant },
  ];
  if (!first) throw new TypeError('technicalUsers must not be empty');
  return [resolveTechnicalUser(first), ...others.map(resolveTechnicalUser)];
}

function resolveTechnicalUser(user: EmulatedTechnicalUser): EmulatedTechnicalUser {
  return {
    clientId: clientId('technicalUsers.clientId', user.clientId),
    clientSecret: text('technicalUsers.clientSecret', user.clientSecret),
    tenant: label('technicalUsers.tenant', user.tenant),
    ...(user.subtenants && { subtenants: labels('technicalUsers.subtenants', user.subtenants) }),
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

function wholeNumber(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new TypeError(`${name} must be a whole number from ${least} to ${most}`);
}

function failureRate(value: FailureRate): FailureRate {
  if (typeof value === 'number') return share('failureRate', value);
  for (const [endpoint, rate] of Object.entries(value)) {
    demandEndpoint(endpoint);
    share(`failureRate.${endpoint}`, rate);
  }
  return { ...value };
}

function share(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw new TypeError(`${name} must be a number from 0 to 1`);
}

function memory(value: number): number {
  return value === Infinity ? value : wholeNumber('rememberedRequests', value, 0, Number.MAX_SAFE_INTEGER);
}

function position(value: number): number {
  if (Number.isNaN(value)) throw new TypeError('signingKeyPosition must be a number');
  return Math.max(0, value);
}

function text(name: string, value: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new TypeError(`${name} must be a text that is not empty`);
}

function clientId(name: string, value: string): string {
  if (text(name, value).includes(':')) throw new TypeError(`${name} must not hold a colon`);
  return value;
}

function label(name: string, value: string): string {
  if (isDnsLabel(text(name, value))) return value;
  throw new TypeError(`${name} must be one DNS label`);
}

function labels(name: string, values: readonly string[]): readonly string[] {
  return values.map((value) => label(name, value));
}

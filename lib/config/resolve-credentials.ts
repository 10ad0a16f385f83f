import { environmentPrefixOf, VARIABLES } from './environment.js';
import type { Faults } from './faults.js';
import { isSet, type OptionReader } from './option-reader.js';
import type { ResolvedAppOptions, ResolvedPlatform, ResolvedTenantOptions } from './resolved-options.interface.js';
import { rules } from './rules.js';
import { SealedSecret } from './sealed-secret.js';
import { isValues, type Values } from '../util/json.js';

const APP_OPTIONS = [
  'keyStoreClientId',
  'keyStoreClientSecret',
  'appName',
  'appVersion',
  'hostTenant',
  'userTenant',
  'authKeyScheme',
  'allowSubtenantUsers',
] as const;
const TENANT_OPTIONS = ['clientId', 'clientSecret', 'tenant', 'subTenant'] as const;

/** App credentials, or `undefined` where they are switched off, not configured, or (noted) faulty. */
export function resolveApp(options: OptionReader): ResolvedAppOptions | undefined {
  const group = configuredGroup(options, 'app', APP_OPTIONS, ['keyStoreClientId', 'keyStoreClientSecret']);
  if (group === undefined) return undefined;
  const clientId = group.required('keyStoreClientId', rules.clientId);
  const secret = group.required('keyStoreClientSecret', rules.clientSecret);
  const appName = group.required('appName', rules.appPart);
  const appVersion = group.required('appVersion', rules.appPart);
  const rest = {
    hostTenant: group.optional('hostTenant', rules.label),
    userTenant: group.optional('userTenant', rules.label),
    authKeyScheme: group.optional('authKeyScheme', rules.authKeyScheme) ?? ('Basic' as const),
    allowSubtenantUsers: group.optional('allowSubtenantUsers', rules.boolean) ?? false,
  };
  if (clientId === undefined || secret === undefined || appName === undefined || appVersion === undefined) {
    return undefined;
  }
  return Object.freeze({ clientId, secret: new SealedSecret(secret), appName, appVersion, ...rest });
}

/** Tenant credentials, or `undefined` where they are switched off, not configured, or (noted) faulty. */
export function resolveTenant(options: OptionReader): ResolvedTenantOptions | undefined {
  const group = configuredGroup(options, 'tenant', TENANT_OPTIONS, ['clientId', 'clientSecret']);
  if (group === undefined) return undefined;
  const clientId = group.required('clientId', rules.clientId);
  const secret = group.required('clientSecret', rules.clientSecret);
  const tenant = group.required('tenant', rules.label);
  const subTenant = group.optional('subTenant', rules.label);
  if (clientId === undefined || secret === undefined || tenant === undefined) return undefined;
  return Object.freeze({
    clientId,
    secret: new SealedSecret(secret),
    tenant,
    subTenant,
    clientAuthentication: 'basic',
  });
}

/**
 * What `MindsphereCredentials` stands for: credentials given in code before those from the environment; within each,
 * app before tenant (protocol page, section 1).
 */
export function preferredCredentials(
  values: Values,
  app: ResolvedAppOptions | undefined,
  tenant: ResolvedTenantOptions | undefined,
): 'app' | 'tenant' | undefined {
  const tenantFirst = tenant !== undefined && isFromCode(values['tenant']) && !isFromCode(values['app']);
  if (app !== undefined && !tenantFirst) return 'app';
  return tenant === undefined ? undefined : 'tenant';
}

/** A tenant's secret must not reach the public platform because only a private gateway was given. */
export function refuseUnknownOauthServer(
  { rules: { hosts }, oauthUrl }: Pick<ResolvedPlatform, 'rules' | 'oauthUrl'>,
  tenant: ResolvedTenantOptions | undefined,
  faults: Faults,
): void {
  if (tenant === undefined || oauthUrl !== undefined) return;
  faults.add('oauthUrl', `is missing: ${hosts.underivable}`);
}

function isFromCode(group: unknown): boolean {
  return isValues(group) && environmentPrefixOf(group) === undefined;
}

/** A group counts as configured once its client id or secret is set, and then all of it must be. */
function configuredGroup(
  options: OptionReader,
  name: 'app' | 'tenant',
  known: readonly string[],
  identity: readonly [string, string],
): OptionReader | undefined {
  const values = options.values[name];
  if (values === false) return undefined;
  const prefix = isValues(values) ? (environmentPrefixOf(values) ?? '') : '';
  const group = options.section(name, known, variablesWith(prefix));
  return identity.some((key) => isSet(group.values[key])) ? group : undefined;
}

function variablesWith(prefix: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(VARIABLES).map(([name, variable]) => [name, prefix + variable]));
}

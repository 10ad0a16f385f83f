import { siteOfCloudFoundry } from '../platform/mindsphere.js';
import type { PlatformSite } from '../platform/platform.interface.js';
import type { MindsphereCredentialsModuleOptions } from './module-options.interface.js';

/** The documented variables (protocol page, section 2). */
export const VARIABLES = {
  region: 'HOST_ENVIRONMENT',
  baseDomain: 'HOST_BASEDOMAIN',
  cloudFoundry: 'VCAP_APPLICATION',
  appName: 'MDSP_OS_VM_APP_NAME',
  appVersion: 'MDSP_OS_VM_APP_VERSION',
  keyStoreClientId: 'MDSP_KEY_STORE_CLIENT_ID',
  keyStoreClientSecret: 'MDSP_KEY_STORE_CLIENT_SECRET',
  hostTenant: 'MDSP_HOST_TENANT',
  userTenant: 'MDSP_USER_TENANT',
  clientId: 'MINDSPHERE_CLIENT_ID',
  clientSecret: 'MINDSPHERE_CLIENT_SECRET',
  tenant: 'MINDSPHERE_TENANT',
  subTenant: 'MINDSPHERE_SUB_TENANT',
} as const;

type Variable = keyof typeof VARIABLES;
type Read = (variable: Variable) => unknown;

/** Groups that were read from variables, with the prefix of these, so that messages can name them. */
const groupPrefixes = new WeakMap<object, string>();

/** The prefix of the variables that a group was read from; `undefined` for a group given in code. */
export function environmentPrefixOf(group: object): string | undefined {
  return groupPrefixes.get(group);
}

/**
 * Reads the documented variables from a `ConfigService` (or anything with `get`), so that `.env` files, `load`
 * factories and validated configurations all work. No network I/O; throws nothing of its own: what is wrong is told by
 * the module at start, all of it in one `options_invalid`.
 *
 * @param config what is asked for each variable by its name.
 * @param options its `prefix` stands before every variable name, e.g. `'PLANT_'` or, for nested configuration,
 * `'plant.'`; default: none.
 */
export function mindsphereOptionsFromConfig(
  config: { get(key: string): unknown },
  options: { prefix?: string } = {},
): MindsphereCredentialsModuleOptions {
  const { prefix = '' } = options;
  const read: Read = (variable) => blankToUndefined(config.get(prefix + VARIABLES[variable]));
  return withoutUndefined({
    ...hosts(read),
    app: markedGroup(prefix, {
      keyStoreClientId: read('keyStoreClientId'),
      keyStoreClientSecret: read('keyStoreClientSecret'),
      appName: read('appName'),
      appVersion: read('appVersion'),
      hostTenant: read('hostTenant'),
      userTenant: read('userTenant'),
    }),
    tenant: markedGroup(prefix, {
      clientId: read('clientId'),
      clientSecret: read('clientSecret'),
      tenant: read('tenant') ?? read('userTenant'),
      subTenant: read('subTenant'),
    }),
    // The values are unchecked on purpose: resolveOptions judges every source by the same rules.
  }) as MindsphereCredentialsModuleOptions;
}

/** Options given in code, completed from the environment by the group rules of `forRoot`. */
export function completeFromEnvironment(
  options: MindsphereCredentialsModuleOptions,
  environment: Readonly<Record<string, string | undefined>>,
): MindsphereCredentialsModuleOptions {
  const given = withoutUndefined(options);
  const found = mindsphereOptionsFromConfig({ get: (key) => environment[key] });
  return {
    ...found,
    // A base domain learned with another region must not be paired with the region given in code.
    ...(given.region === undefined || given.region === found.region
      ? {}
      : { baseDomain: environment[VARIABLES.baseDomain] || undefined }),
    ...given,
    ...completeApp(given.app, found.app),
    ...completeTenant(given.tenant, found.tenant),
  };
}

type Groups = Pick<MindsphereCredentialsModuleOptions, 'app' | 'tenant'>;

/** Never an id from one place with a secret from the other: only names and tenants are filled in. */
function completeApp(given: Groups['app'], found: Groups['app']): Groups {
  if (!isGroup(given) || !isGroup(found)) return {};
  const { appName, appVersion, hostTenant, userTenant } = found;
  return { app: { ...withoutUndefined({ appName, appVersion, hostTenant, userTenant }), ...withoutUndefined(given) } };
}

/** A subtenant belongs to its tenant, so it is taken over only together with it. */
function completeTenant(given: Groups['tenant'], found: Groups['tenant']): Groups {
  if (!isGroup(given) || !isGroup(found) || given.tenant !== undefined) return {};
  const { tenant, subTenant } = found;
  return { tenant: { ...withoutUndefined({ tenant, subTenant }), ...withoutUndefined(given) } };
}

/** What one half leaves open, Cloud Foundry tells, unless it speaks of another platform. */
function hosts(read: Read): { region?: unknown; baseDomain?: unknown } {
  const given = withoutUndefined({ region: read('region'), baseDomain: read('baseDomain') });
  const found: Partial<PlatformSite> = siteOfCloudFoundry(textOf(read('cloudFoundry'))) ?? {};
  const sameRegion = given.region === undefined || given.region === found.region;
  const sameDomain = given.baseDomain === undefined || given.baseDomain === found.baseDomain;
  return sameRegion && sameDomain ? { ...found, ...given } : given;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined ? '' : (JSON.stringify(value) ?? '');
}

function markedGroup(prefix: string, values: Record<string, unknown>): object | undefined {
  const found = withoutUndefined(values);
  if (Object.keys(found).length === 0) return undefined;
  groupPrefixes.set(found, prefix);
  return found;
}

function isGroup<T extends object>(value: T | false | undefined): value is T {
  return typeof value === 'object' && value !== null;
}

function blankToUndefined(value: unknown): unknown {
  return value === '' || value === null ? undefined : value;
}

function withoutUndefined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

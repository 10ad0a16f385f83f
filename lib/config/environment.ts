import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { siteOfCloudFoundry } from '../platform/mindsphere.js';
import { copyOf, isInherited, isValues, ownValue, type Values } from '../util/json.js';
import type { Options, Section } from './descriptor.js';
import { fromEnvironment } from './origin.js';
import { demandOwn, isSet } from './read-section.js';
import { APP, TENANT } from './sections/credentials.options.js';
import { XCELERATOR, XCELERATOR_APP, XCELERATOR_TENANT } from './sections/xcelerator.options.js';
import { type MindsphereCredentialsModuleOptions, MODULE } from './sections/module.options.js';

type Read = (variable: string) => unknown;
type Environment = Readonly<Record<string, string | undefined>>;

const CLOUD_FOUNDRY = 'VCAP_APPLICATION';
/** The options that hosts are named by. */
const SITE: readonly string[] = ['region', 'baseDomain'];

/**
 * Reads the documented variables from a `ConfigService` (or anything with `get`), so that `.env` files, `load`
 * factories and validated configurations all work. No network I/O. Throws `options_invalid` where `config` has no `get`;
 * values are checked by the module at start, which lists every fault in one `options_invalid`. Each group says by a
 * property under a symbol that it was read here; a spread keeps it.
 *
 * @param config what is asked for each variable by its name.
 * @param options its `prefix` stands before every variable name, e.g. `'PLANT_'` or, for nested configuration,
 * `'plant.'`; default: none.
 */
export function mindsphereOptionsFromConfig(
  config: { get(key: string): unknown },
  options: { prefix?: string | undefined } = {},
): MindsphereCredentialsModuleOptions {
  demandConfig(config);
  demandOwn(options, ['prefix']);
  const { prefix = '' } = { prefix: undefined, ...options };
  const { xcelerator, ...rest } = readVariables((variable) => config.get(prefix + variable), prefix);
  const found = copyOf({ ...rest, xcelerator: switchedOn(xcelerator) });
  // The values are not checked here: resolveOptions checks every source by the same rules.
  return fromEnvironment(found, prefix);
}

/** Options given in code, completed from the environment by the group rules of `forRoot`. */
export function completeFromEnvironment(
  options: MindsphereCredentialsModuleOptions,
  environment: Environment,
): MindsphereCredentialsModuleOptions {
  if (!isValues(options)) return options;
  const read: Read = (variable) => ownValue(environment, variable);
  const { app, tenant, xcelerator, ...hosts } = readVariables(read, '');
  const given = copyOf(options, {
    // Only names and tenants are filled in, never an id to a secret or a secret to an id.
    app: completed(ownValue(options, 'app'), app, ['appName', 'appVersion', 'hostTenant', 'userTenant']),
    tenant: completedTenant(ownValue(options, 'tenant'), tenant, 'subTenant'),
    xcelerator: completedXcelerator(ownValue(options, 'xcelerator'), xcelerator),
  });
  const groups = { app, tenant, xcelerator: switchedOn(xcelerator) };
  return filledIn(given, { ...hostsBeside(given, hosts, read), ...groups });
}

/** All documented variables. */
function readVariables(read: Read, prefix: string) {
  return {
    ...hostsOf(read),
    app: groupOf(APP, read, prefix),
    tenant: groupOf(TENANT, read, prefix),
    xcelerator: xceleratorOf(read, prefix),
  };
}

function xceleratorOf(read: Read, prefix: string): Values {
  const groups = { app: groupOf(XCELERATOR_APP, read, prefix), tenant: groupOf(XCELERATOR_TENANT, read, prefix) };
  return fromEnvironment(copyOf({ ...valuesOf(XCELERATOR, read), ...groups }), prefix);
}

/** Where code does not set option `xcelerator`, only the variable of the core tenant switches the platform on. */
function switchedOn(xcelerator: Values): Values | undefined {
  return isSet(ownValue(xcelerator, 'coreTenant')) ? xcelerator : undefined;
}

/** The values of a section's variables. */
function valuesOf(section: Section<Options>, read: Read): Values {
  const entries = Object.entries(section.options).map(([name, { variables, kind }]) => {
    const value = variables.map(read).find(isSet);
    return [name, typeof value === 'string' && kind.parse !== undefined ? kind.parse(value) : value];
  });
  return copyOf(Object.fromEntries(entries) as Values);
}

function groupOf(section: Section<Options>, read: Read, prefix: string): Values | undefined {
  const values = valuesOf(section, read);
  return Object.keys(values).length === 0 ? undefined : fromEnvironment(values, prefix);
}

/** A group given in code, completed by these options from the environment where it lacks them. */
function completed(given: unknown, found: unknown, names: readonly string[]): unknown {
  if (!isValues(given) || !isValues(found)) return given;
  return filledIn(given, Object.fromEntries(names.map((name) => [name, ownValue(found, name)])));
}

/** A copy with the values that it lacks. An inherited one is not replaced: it is refused where the copy is judged. */
function filledIn(given: Values, found: Values): Values {
  const isLacking = (name: string) => ownValue(given, name) === undefined && !isInherited(given, name);
  return copyOf(given, Object.fromEntries(Object.entries(found).filter(([name]) => isLacking(name))));
}

/** A subtenant and the tenant of the token server belong to the tenant: they are taken only together with it. */
function completedTenant(given: unknown, found: unknown, companion: string): unknown {
  const hasTenant = isValues(given) && isSet(ownValue(given, 'tenant'));
  return completed(given, found, hasTenant ? [] : ['tenant', companion]);
}

function completedXcelerator(given: unknown, found: Values): unknown {
  if (given === true) return found;
  if (!isValues(given)) return given;
  const own = copyOf(given, {
    app: completed(ownValue(given, 'app'), ownValue(found, 'app'), ['hostTenant', 'userTenant']),
    tenant: completedTenant(ownValue(given, 'tenant'), ownValue(found, 'tenant'), 'tokenTenant'),
  });
  return filledIn(own, found);
}

/** The hosts by the variables, completed by those of Cloud Foundry, unless the variables name another site. */
function hostsOf(read: Read): Values {
  const given = valuesOf(MODULE, read);
  const found = siteOfCloudFoundry(jsonOf(read(CLOUD_FOUNDRY))) ?? {};
  return SITE.some((name) => isElsewhere(name, given, found)) ? given : { ...found, ...given };
}

/** The hosts of the environment that may stand beside those given in code. */
function hostsBeside(given: Values, found: Values, read: Read): Values {
  if (!SITE.some((name) => isElsewhere(name, given, found))) return found;
  // Code names another site: the base domain of Cloud Foundry is not for it, and URLs would override what code names.
  const { gatewayUrl: _gateway, oauthUrl: _oauth, ...rest } = valuesOf(MODULE, read);
  return rest;
}

function isElsewhere(name: string, given: Values, found: object): boolean {
  const [one, other] = [ownValue(given, name), ownValue(found, name)];
  return isSet(one) && inLowerCase(one) !== inLowerCase(other);
}

function inLowerCase(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}

function jsonOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function demandConfig(config: unknown): void {
  if (typeof config === 'object' && config !== null && typeof Reflect.get(config, 'get') === 'function') return;
  throw new MindsphereCredentialsError(
    'options_invalid',
    'mindsphereOptionsFromConfig was given no ConfigService. Write forRootAsync({ inject: [ConfigService], ' +
      'useFactory: (config: ConfigService) => mindsphereOptionsFromConfig(config) }); without inject, config is undefined.',
  );
}

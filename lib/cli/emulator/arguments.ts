import { parseArgs } from 'node:util';
import { isDnsLabel } from '../../testing/emulator/options/checks.js';
import type {
  FailureRate,
  MindsphereEmulatorOptions,
} from '../../testing/emulator/options/emulator-options.interface.js';
import { resolveSettings } from '../../testing/emulator/options/emulator-settings.js';
import { EmulatorOptionError } from '../../testing/emulator/options/option-error.js';
import { UsageError } from './usage.error.js';

/** Where it listens unless told otherwise: at an address that configurations can name. */
export const DEFAULT_PORT = 3001;

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  tenants: { type: 'string' },
  user: { type: 'string', multiple: true },
  latency: { type: 'string' },
  fail: { type: 'string', multiple: true },
  seed: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `scope-token` of RFC 6749, section 3.3. */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+$/;

/** Flags of the options of the emulator that are not called the same here. */
const FLAGS: Readonly<Record<string, string>> = {
  'app.userTenant': 'each name in --tenants',
  userTenants: 'each name in --tenants',
  tenants: 'each name in --tenants',
  'technicalUsers.clientId': 'each name in --tenants',
  'technicalUsers.tenant': 'each name in --tenants',
  latencyMs: '--latency',
  failureRate: '--fail',
  endpoint: '--fail: the endpoint',
  failureSeed: '--seed',
};

type Values = ReturnType<typeof parse>;

/** A user, and what the tenant's administrator has given them. */
export interface EmulatedUser {
  readonly tenant: string;
  readonly scopes: readonly string[];
}

/** What the command line says. */
export interface Arguments {
  readonly help: boolean;
  /** Who gets a token. */
  readonly users: readonly EmulatedUser[];
  readonly options: MindsphereEmulatorOptions;
}

/**
 * Reads the command line.
 *
 * @throws UsageError for anything it cannot do
 */
export function readArguments(args: readonly string[]): Arguments {
  const values = explained(() => parse(args));
  const tenants = tenantsOf(values);
  const options = optionsOf(values, tenants);
  const [{ app }] = explained(() => resolveSettings(options)).platforms;
  const usual = [`${app.appName}.user`];
  const usualUsers = (tenants ?? [app.userTenant]).map((tenant) => ({ tenant, scopes: usual }));
  const users = values.user?.map((text) => userOf(text, usual, tenants)) ?? usualUsers;
  return { help: values.help ?? false, users, options };
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false, strict: true }).values;
}

function optionsOf(values: Values, tenants: readonly string[] | undefined): MindsphereEmulatorOptions {
  return {
    port: numberOf('port', values.port) ?? DEFAULT_PORT,
    host: values.host,
    latencyMs: numberOf('latency', values.latency),
    failureRate: failureRateOf(values.fail ?? []),
    failureSeed: numberOf('seed', values.seed),
    // Nobody asks for them.
    rememberedRequests: 0,
    ...(tenants && onlyThese(tenants)),
  };
}

/** The app is provisioned to these tenants and to no other; each has an OAuth server and a technical user. */
function onlyThese(tenants: readonly string[]): MindsphereEmulatorOptions {
  const technicalUsers = tenants.map((tenant) => ({
    clientId: `${tenant}-technicaluser`,
    clientSecret: 'emulated-tenant-secret',
    tenant,
  }));
  return { app: { userTenant: tenants[0] }, userTenants: tenants, tenants, technicalUsers };
}

function tenantsOf({ tenants }: Values): readonly string[] | undefined {
  if (tenants === undefined) return undefined;
  return [...new Set(listed(tenants).map((tenant) => tenant.toLowerCase()))];
}

function listed(names: string): string[] {
  return names.split(',').map((name) => name.trim());
}

/** `acme` with the usual scopes, `acme=a,b` with these, `acme=` with none. */
function userOf(text: string, usual: readonly string[], tenants: readonly string[] | undefined): EmulatedUser {
  const [name = '', list, ...rest] = text.split('=').map((part) => part.trim());
  const tenant = name.toLowerCase();
  const scopes = list === undefined ? usual : listed(list).filter((scope) => scope !== '');
  if (rest.length > 0 || !isDnsLabel(tenant) || !scopes.every((scope) => SCOPE.test(scope))) {
    throw new UsageError('--user takes TENANT or TENANT=SCOPE,SCOPE');
  }
  if (tenants?.includes(tenant) === false) throw new UsageError(`--user: ${tenant} is not in --tenants`);
  return { tenant, scopes };
}

/** `0.1`, or `app-token:0.2` as often as there are endpoints. */
function failureRateOf(specifications: readonly string[]): FailureRate | undefined {
  const [first] = specifications;
  if (first === undefined) return undefined;
  if (specifications.length === 1 && !first.includes(':')) return numberOf('fail', first);
  return Object.fromEntries(specifications.map(endpointRate));
}

function endpointRate(specification: string): [string, number] {
  const [, endpoint, rate] = /^([^:]+):([^:]+)$/.exec(specification) ?? [];
  if (endpoint === undefined) throw new UsageError('--fail takes one RATE, or ENDPOINT:RATE, which may be repeated');
  return [endpoint, numberOf('fail', rate) ?? 0];
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  throw new UsageError(`--${name} must be a number`);
}

/** An option that the emulator refuses is named by its flag; Node's parser names flags itself, in its first sentence. */
function explained<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof EmulatorOptionError) throw new UsageError(`${flagOf(error.option)} ${error.problem}`);
    if (!(error instanceof TypeError)) throw error;
    const [sentence = ''] = error.message.split(/\.\s/);
    throw new UsageError(sentence);
  }
}

/** `--fail api` for `failureRate.api`. */
function flagOf(option: string): string {
  const [name = '', detail] = option.split('.');
  const flag = FLAGS[option] ?? FLAGS[name] ?? `--${name}`;
  return detail === undefined || FLAGS[option] ? flag : `${flag} ${detail}`;
}

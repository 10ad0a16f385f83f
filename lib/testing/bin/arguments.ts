import { parseArgs } from 'node:util';
import type { FailureRate, MindsphereEmulatorOptions } from '../emulator/emulator-options.interface.js';
import { resolveSettings } from '../emulator/emulator-settings.js';
import { UsageError } from './usage.error.js';

/** Where it listens unless told otherwise: at an address that configurations can name. */
export const DEFAULT_PORT = 3001;

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  tenants: { type: 'string' },
  scopes: { type: 'string' },
  latency: { type: 'string' },
  fail: { type: 'string', multiple: true },
  seed: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `scope-token` of RFC 6749, section 3.3. */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+$/;

/** Options of the emulator, as they are called here. */
const FLAGS: readonly (readonly [RegExp, string])[] = [
  [/^(?:app\.userTenant|userTenants|tenants|technicalUsers\.\w+)/, 'each name in --tenants'],
  [/^latencyMs/, '--latency'],
  [/^failureRate\.?/, '--fail '],
  [/^endpoint/, '--fail: the endpoint'],
  [/^failureSeed/, '--seed'],
  [/^(?=port|host)/, '--'],
];

type Values = ReturnType<typeof parse>;

/** What the command line says. */
export interface Arguments {
  readonly help: boolean;
  /** Tenants whose users get a token. */
  readonly tenants: readonly string[];
  /** Scopes of these tokens. */
  readonly scopes: readonly string[];
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
  const { app } = explained(() => resolveSettings(options));
  return {
    help: values.help ?? false,
    tenants: tenants ?? [app.userTenant],
    scopes: scopesOf(values) ?? [`${app.appName}.user`],
    options,
  };
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
  return [...new Set(tenants.split(',').map((tenant) => tenant.trim().toLowerCase()))];
}

function scopesOf({ scopes }: Values): readonly string[] | undefined {
  const names = scopes?.split(',').map((scope) => scope.trim());
  if (names === undefined || names.every((name) => SCOPE.test(name))) return names;
  throw new UsageError('--scopes must be names without spaces, quotes or backslashes, with commas between them');
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

/** What the emulator, or Node's parser, finds wrong: its first sentence. */
function explained<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const [sentence = ''] = error.message.split(/\.\s/);
    const renamed = FLAGS.reduce((text, [name, flag]) => text.replace(name, flag), sentence);
    throw new UsageError(renamed.replace('  ', ' '));
  }
}

import { parseArgs } from 'node:util';
import type { MindsphereEmulatorOptions } from '../../testing/emulator/options/emulator-options.interface.js';
import { resolveSettings } from '../../testing/emulator/options/emulator-settings.js';
import { EmulatorOptionError } from '../../testing/emulator/options/checks.js';
import type { EmulatedPlatform } from '../../testing/emulator/platforms/emulated-platform.js';
import { failureRateOf, flagOf, listed, numberOf } from './argument-values.js';
import { UsageError } from './usage.error.js';
import { type EmulatedUser, readUser } from './user-argument.js';

export type { EmulatedUser } from './user-argument.js';

/** Default port: a fixed one, so that configurations can name it. */
export const DEFAULT_PORT = 3001;
/** The last requests that `GET /__emulator/requests` answers. */
const REMEMBERED_REQUESTS = 1_000;

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  domains: { type: 'string' },
  platform: { type: 'string' },
  tenants: { type: 'string' },
  user: { type: 'string', multiple: true },
  strict: { type: 'boolean' },
  fixtures: { type: 'string' },
  keys: { type: 'string' },
  latency: { type: 'string' },
  fail: { type: 'string', multiple: true },
  seed: { type: 'string' },
  app: { type: 'string' },
  'session-minutes': { type: 'string' },
  'own-api': { type: 'string', multiple: true },
  env: { type: 'boolean' },
  json: { type: 'boolean' },
  log: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof parse>;

/** The gateway in front of an application. */
export interface GatewayArguments {
  readonly url: string;
  readonly platform: EmulatedPlatform;
  readonly sessionMinutes?: number;
  readonly ownApi?: readonly string[];
}

/** What the command line asks for. */
export interface Arguments {
  readonly help: boolean;
  /** How the start is described on standard output. */
  readonly print: 'text' | 'env' | 'json';
  /** Whether each request is a line on standard error. */
  readonly log: boolean;
  /** Who gets a token. */
  readonly users: readonly EmulatedUser[];
  readonly options: MindsphereEmulatorOptions;
  readonly gateway?: GatewayArguments;
}

/**
 * Reads the command line.
 *
 * @throws UsageError for anything it cannot do
 */
export function readArguments(args: readonly string[]): Arguments {
  const values = explained(() => parse(args));
  const platform = platformOf(values);
  const tenants = tenantsOf(values);
  const options = optionsOf(values, platform, tenants);
  const settings = explained(() => resolveSettings(options));
  const app = (settings.platforms.find(({ profile }) => profile.name === platform) ?? settings.platforms[0]).app;
  const defaults = { platform, scopes: [`${app.appName}.user`], tenants };
  const users = values.user ?? tenants ?? [app.userTenant];
  const gateway = gatewayOf(values, platform);
  return {
    help: values.help ?? false,
    print: printOf(values),
    log: values.log ?? false,
    users: users.map((user) => readUser(user, defaults)),
    options,
    ...(gateway && { gateway }),
  };
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false, strict: true }).values;
}

function optionsOf(
  values: Values,
  platform: EmulatedPlatform,
  tenants: readonly string[] | undefined,
): MindsphereEmulatorOptions {
  const restricted = tenants && onlyThese(tenants);
  return {
    port: numberOf('port', values.port) ?? DEFAULT_PORT,
    host: values.host,
    domains: values.domains === undefined ? undefined : listed(values.domains),
    strict: values.strict,
    fixtures: values.fixtures,
    keysFile: values.keys,
    latencyMs: numberOf('latency', values.latency),
    failureRate: failureRateOf(values.fail ?? []),
    failureSeed: numberOf('seed', values.seed),
    rememberedRequests: REMEMBERED_REQUESTS,
    xcelerator: platform === 'xcelerator' && restricted ? restricted : true,
    ...(platform === 'mindsphere' && restricted),
  };
}

/** The app is provisioned to these tenants and to no other; each has an OAuth server and a technical user. */
function onlyThese(tenants: readonly string[]) {
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

function platformOf({ platform = 'mindsphere' }: Values): EmulatedPlatform {
  if (platform === 'mindsphere' || platform === 'xcelerator') return platform;
  throw new UsageError('--platform must be mindsphere or xcelerator');
}

function printOf({ env = false, json = false }: Values): Arguments['print'] {
  if (env && json) throw new UsageError('--env and --json exclude each other');
  if (env) return 'env';
  return json ? 'json' : 'text';
}

function gatewayOf(values: Values, platform: EmulatedPlatform): GatewayArguments | undefined {
  const { app: url, 'session-minutes': minutes, 'own-api': ownApi } = values;
  if (url === undefined) {
    if (minutes === undefined && ownApi === undefined) return undefined;
    throw new UsageError(`${minutes === undefined ? '--own-api' : '--session-minutes'} needs --app`);
  }
  const sessionMinutes = numberOf('session-minutes', minutes);
  return { url, platform, ...(sessionMinutes !== undefined && { sessionMinutes }), ...(ownApi && { ownApi }) };
}

function explained<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw usageErrorOf(error) ?? error;
  }
}

/**
 * What is wrong with the command line, where an error is about that: an option that the emulator refuses is named by its
 * flag; Node's parser names flags itself, in its first sentence.
 */
export function usageErrorOf(error: unknown): UsageError | undefined {
  if (error instanceof UsageError) return error;
  if (error instanceof EmulatorOptionError) return new UsageError(`${flagOf(error.option)} ${error.problem}`);
  if (!(error instanceof TypeError)) return undefined;
  const [sentence = ''] = error.message.split(/\.\s/);
  return new UsageError(sentence);
}

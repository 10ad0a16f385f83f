import { parseArgs, type ParseArgsConfig } from 'node:util';
import { isPlatform, PLATFORMS } from '../../platform/platforms.js';
import type { Platform } from '../../platform/platform.interface.js';
import { isDnsLabel } from '../../util/formats.js';

/** Arguments that the command cannot use. The message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A command with its options. */
export type Command =
  | { readonly name: 'help' }
  | {
      readonly name: 'doctor';
      readonly dotenv?: string;
      readonly platform?: Platform;
      readonly json: boolean;
      readonly facts: boolean;
    }
  | ({ readonly name: 'token'; readonly dotenv?: string; readonly header: boolean } & TokenChoice)
  | { readonly name: 'verify'; readonly dotenv?: string };

/** Which token to print. */
export interface TokenChoice {
  readonly platform?: Platform;
  readonly credentials?: 'app' | 'tenant';
  readonly userTenant?: string;
  readonly subtenant?: string;
}

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean', default: false } as const;
const HELP = { help: { type: 'boolean', short: 'h', default: false } } as const;

/** Reads the command line. Throws {@link UsageError}. */
export function readArguments([name, ...rest]: readonly string[]): Command {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return { name: 'help' };
  if (rest.includes('--help') || rest.includes('-h')) return { name: 'help' };
  if (name === 'doctor') return readDoctor(rest);
  if (name === 'token') return readToken(rest);
  if (name === 'verify') return { name, ...parsed(rest, { dotenv: TEXT }) };
  throw new UsageError('the first argument must be doctor, token or verify');
}

function readDoctor(args: readonly string[]): Command {
  const { dotenv, platform, json, facts } = parsed(args, { dotenv: TEXT, platform: TEXT, json: FLAG, facts: FLAG });
  return { name: 'doctor', dotenv, platform: platformOf(platform), json, facts };
}

function readToken(args: readonly string[]): Command {
  const values = parsed(args, {
    dotenv: TEXT,
    platform: TEXT,
    credentials: TEXT,
    'user-tenant': TEXT,
    subtenant: TEXT,
    header: FLAG,
  });
  const { 'user-tenant': userTenant, subtenant } = values;
  const credentials = kindOf(values.credentials);
  demandLabel('user-tenant', userTenant);
  demandLabel('subtenant', subtenant);
  demand(userTenant === undefined || credentials !== 'tenant', '--user-tenant goes with app credentials');
  demand(subtenant === undefined || credentials !== 'app', '--subtenant goes with tenant credentials');
  demand(userTenant === undefined || subtenant === undefined, '--user-tenant and --subtenant exclude each other');
  const { dotenv, header } = values;
  return { name: 'token', dotenv, header, platform: platformOf(values.platform), credentials, userTenant, subtenant };
}

/** Positional arguments are rejected: other users of the machine could read a token in the list of processes. */
function parsed<T extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options: { ...options, ...HELP }, strict: true, allowPositionals: false })
      .values;
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    // Node quotes a positional argument, which could be a token.
    const isPositional = code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL';
    const [sentence = ''] = message.split(/\.\s/);
    throw new UsageError(isPositional ? 'it takes options only; a token is read from standard input' : sentence);
  }
}

function platformOf(value: string | undefined): Platform | undefined {
  if (value === undefined || isPlatform(value)) return value;
  throw new UsageError(`--platform must be ${Object.keys(PLATFORMS).join(' or ')}`);
}

function kindOf(value: string | undefined): 'app' | 'tenant' | undefined {
  if (value === undefined || value === 'app' || value === 'tenant') return value;
  throw new UsageError('--credentials must be app or tenant');
}

function demandLabel(name: string, value: string | undefined): void {
  demand(value === undefined || isDnsLabel(value), `--${name} must be the name of a tenant`);
}

function demand(holds: boolean, fault: string): void {
  if (!holds) throw new UsageError(fault);
}

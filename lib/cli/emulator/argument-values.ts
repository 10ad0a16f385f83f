import type { FailureRate } from '../../testing/emulator/options/emulator-options.interface.js';
import { UsageError } from './usage.error.js';

const EACH_TENANT = 'each name in --tenants';

/** Flags of the options of the emulator that are not called the same here. */
const FLAGS: Readonly<Record<string, string>> = {
  'app.userTenant': EACH_TENANT,
  userTenants: EACH_TENANT,
  tenants: EACH_TENANT,
  technicalUsers: EACH_TENANT,
  domains: 'each name in --domains',
  keysFile: '--keys',
  latencyMs: '--latency',
  failureRate: '--fail',
  endpoint: '--fail: the endpoint',
  failureSeed: '--seed',
  url: '--app',
  sessionMinutes: '--session-minutes',
  ownApi: '--own-api',
  users: '--user',
};

/** The flag of an option: `--fail api` for `failureRate.api`. */
export function flagOf(option: string): string {
  const plain = option.replace(/^xcelerator\./, '');
  const [name = '', detail] = plain.split('.');
  const flag = FLAGS[plain] ?? FLAGS[name] ?? `--${name}`;
  return name === 'failureRate' && detail !== undefined ? `${flag} ${detail}` : flag;
}

/** The names in `a, b,c`. */
export function listed(names: string): string[] {
  return names.split(',').map((name) => name.trim());
}

/** A decimal number. */
export function numberOf(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^-?\d+(?:\.\d+)?$/.test(value)) return Number(value);
  throw new UsageError(`--${name} must be a number`);
}

/** `0.1`, or `app-token:0.2` as often as there are endpoints. */
export function failureRateOf(specifications: readonly string[]): FailureRate | undefined {
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

import { demandEndpoint, LONGEST_DELAY_MS } from '../traffic/fault-queue.js';
import { domain, labels, nonEmpty, oneOf, share, wholeNumber } from './checks.js';
import type { EmulatorSettings, FailureRate, MindsphereEmulatorOptions } from './emulator-options.interface.js';
import { EmulatorOptionError } from './option-error.js';
import { resolvePlatforms } from './platform-settings.js';

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

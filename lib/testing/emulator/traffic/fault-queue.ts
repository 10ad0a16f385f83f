import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { AnswerHeaders } from '../http/answer.js';
import type { EmulatorEndpoint } from '../http/route.js';
import { EmulatorOptionError, oneOf, wholeNumber } from '../options/checks.js';
import type { EmulatedPlatform } from '../platforms/emulated-platform.js';

/**
 * What happens to the next requests of an endpoint. With `status`, `headers` or `body` this is the answer; with `delayMs`
 * alone the usual answer follows after the delay; with nothing at all the answer is status 500.
 */
export interface EmulatorFault {
  /** Platform whose requests fail. Default: those of both. */
  platform?: EmulatedPlatform | undefined;
  /** Number of requests. Whole, at least 1; default 1. */
  times?: number | undefined;
  /** Status, 200 to 599. Default 200 where headers or a body are given. */
  status?: number | undefined;
  /** Headers of the answer. Default: only the content type. */
  headers?: AnswerHeaders | undefined;
  /** Body: a string is sent as it is (`text/plain`), anything else as JSON. Default: an error for an error's status. */
  body?: unknown;
  /** Holds the answer, or the reset. Milliseconds; default 0. */
  delayMs?: number | undefined;
  /** Destroys the connection instead of answering. Default `false`. */
  reset?: boolean | undefined;
}

const ENDPOINTS: readonly EmulatorEndpoint[] = [
  'app-token',
  'tenant-token',
  'token-keys',
  'openid-configuration',
  'user-tenants',
  'api',
];
const PLATFORMS: readonly EmulatedPlatform[] = ['mindsphere', 'xcelerator'];
/** The longest delay of Node's timers. */
export const LONGEST_DELAY_MS = 2_147_483_647;
/** The most faults that can wait at the same time. */
const MOST_FAULTS = 1_000;

/** The faults that wait for requests, in the order of their calls. */
export class FaultQueue {
  readonly #waiting: { readonly endpoint: EmulatorEndpoint; readonly fault: EmulatorFault; left: number }[] = [];

  /**
   * Adds a fault.
   *
   * @throws EmulatorOptionError for one that could not be carried out, and beyond 1,000 that wait
   */
  add(endpoint: EmulatorEndpoint, fault: EmulatorFault): void {
    demandEndpoint(endpoint);
    check(fault);
    if (this.#waiting.length >= MOST_FAULTS)
      throw new EmulatorOptionError('times', 'must be higher instead of more calls: 1,000 faults are waiting');
    this.#waiting.push({ endpoint, fault: { ...fault }, left: fault.times ?? 1 });
  }

  /** The fault of a request, which has then been used once. */
  take(endpoint: EmulatorEndpoint, platform: EmulatedPlatform): EmulatorFault | undefined {
    const index = this.#waiting.findIndex(
      (entry) => entry.endpoint === endpoint && (entry.fault.platform ?? platform) === platform,
    );
    const entry = this.#waiting[index];
    if (!entry) return undefined;
    entry.left -= 1;
    if (entry.left === 0) this.#waiting.splice(index, 1);
    return entry.fault;
  }
}

/**
 * Checks that there is such an endpoint.
 *
 * @throws EmulatorOptionError for any other name
 */
export function demandEndpoint(name: string): asserts name is EmulatorEndpoint {
  const names: readonly string[] = ENDPOINTS;
  if (!names.includes(name)) throw new EmulatorOptionError('endpoint', `must be one of ${ENDPOINTS.join(', ')}`);
}

/**
 * Checks that there is such a platform.
 *
 * @throws EmulatorOptionError for any other name
 */
export function demandPlatform(name: EmulatedPlatform | undefined): void {
  if (name !== undefined) oneOf('platform', name, PLATFORMS);
}

/**
 * Checks the status and the headers of an answer.
 *
 * @throws EmulatorOptionError or Node's own `TypeError` for what HTTP does not allow
 */
export function checkAnswer(status: number, headers: AnswerHeaders): void {
  wholeNumber('status', status, 200, 599);
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name);
    for (const one of [value].flat()) validateHeaderValue(name, one);
  }
}

function check({ platform, times = 1, status = 200, delayMs = 0, headers = {} }: EmulatorFault): void {
  demandPlatform(platform);
  wholeNumber('times', times, 1, Number.MAX_SAFE_INTEGER);
  if (!(delayMs >= 0 && delayMs <= LONGEST_DELAY_MS)) {
    throw new EmulatorOptionError('delayMs', `must be a number from 0 to ${LONGEST_DELAY_MS}`);
  }
  checkAnswer(status, headers);
}

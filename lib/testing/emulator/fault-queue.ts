import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { AnswerHeaders } from './answer.js';
import type { EmulatorEndpoint } from './route.js';

/**
 * What befalls the next requests of an endpoint. With `status`, `headers` or `body` this is the answer; with `delayMs`
 * alone the usual answer follows after the delay; with nothing at all the answer is status 500.
 */
export interface EmulatorFault {
  /** Number of requests. Whole, at least 1; default 1. */
  times?: number;
  /** Status, 200 to 599. Default 200 where headers or a body are given. */
  status?: number;
  /** Headers of the answer. Default: only the content type. */
  headers?: AnswerHeaders;
  /** Body: a text is sent as it is (`text/plain`), anything else as JSON. Default: an error for an error's status. */
  body?: unknown;
  /** Holds the answer, or the reset. Milliseconds; default 0. */
  delayMs?: number;
  /** Destroys the connection instead of answering. Default `false`. */
  reset?: boolean;
}

const ENDPOINTS: readonly string[] = ['app-token', 'tenant-token', 'token-keys', 'user-tenants', 'api'];
/** Node's timers know no longer time. */
export const LONGEST_DELAY_MS = 2_147_483_647;

/** The faults that wait for requests, in the order in which they were asked for. */
export class FaultQueue {
  readonly #waiting: { readonly endpoint: EmulatorEndpoint; readonly fault: EmulatorFault; left: number }[] = [];

  /**
   * Adds a fault.
   *
   * @throws TypeError for one that could not be carried out
   */
  add(endpoint: EmulatorEndpoint, fault: EmulatorFault): void {
    demandEndpoint(endpoint);
    check(fault);
    this.#waiting.push({ endpoint, fault: { ...fault }, left: fault.times ?? 1 });
  }

  /** The fault of a request, which has then been used once. */
  take(endpoint: EmulatorEndpoint): EmulatorFault | undefined {
    const index = this.#waiting.findIndex((entry) => entry.endpoint === endpoint);
    const entry = this.#waiting[index];
    if (!entry) return undefined;
    entry.left -= 1;
    if (entry.left === 0) this.#waiting.splice(index, 1);
    return entry.fault;
  }
}

/**
 * Sees that there is such an endpoint.
 *
 * @throws TypeError for any other name
 */
export function demandEndpoint(name: string): asserts name is EmulatorEndpoint {
  if (!ENDPOINTS.includes(name)) throw new TypeError(`endpoint must be one of ${ENDPOINTS.join(', ')}`);
}

function check({ times = 1, status = 200, delayMs = 0, headers = {} }: EmulatorFault): void {
  if (!Number.isInteger(times) || times < 1) throw new TypeError('times must be a whole number, at least 1');
  if (!Number.isInteger(status) || status < 200 || status > 599) throw new TypeError('status must be 200 to 599');
  if (!(delayMs >= 0 && delayMs <= LONGEST_DELAY_MS)) throw new TypeError('delayMs must be 0 or more');
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name);
    for (const one of [value].flat()) validateHeaderValue(name, one);
  }
}

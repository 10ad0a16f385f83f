import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Answer, platformError } from '../http/answer.js';
import type { EmulatorEndpoint, Route } from '../http/route.js';
import type { EmulatorSettings } from '../options/emulator-options.interface.js';
import { latency } from '../options/emulator-settings.js';
import { type EmulatorFault, FaultQueue, LONGEST_DELAY_MS } from './fault-queue.js';

/** What happens to requests before they reach their endpoint: latency, requested faults, random failures. */
export class Traffic {
  readonly faults = new FaultQueue();
  readonly #failures: RandomFailures;
  #latencyMs: number;

  constructor(settings: EmulatorSettings) {
    this.#failures = new RandomFailures(settings);
    this.#latencyMs = settings.latencyMs;
  }

  /** How long every answer is held, in milliseconds. */
  get latencyMs(): number {
    return this.#latencyMs;
  }

  set latencyMs(value: number) {
    this.#latencyMs = latency(value);
  }

  /** The answer of a fault; `'closed'` where the connection is closed; `undefined` where the usual answer follows. */
  async apply({ endpoint, profile }: Route, { socket }: IncomingMessage): Promise<Answer | 'closed' | undefined> {
    const fault = this.faults.take(endpoint, profile.name) ?? this.#failures.take(endpoint);
    const delayMs = this.#latencyMs + (fault?.delayMs ?? 0);
    if (delayMs > 0 && !(await hold(socket, Math.min(delayMs, LONGEST_DELAY_MS)))) return 'closed';
    if (!fault) return undefined;
    if (!fault.reset) return faultAnswer(fault);
    socket.resetAndDestroy();
    return 'closed';
  }
}

/** The answer of a fault; `undefined` where the usual one follows. */
function faultAnswer({ status, headers, body, delayMs }: EmulatorFault): Answer | undefined {
  const isDelayOnly = status === undefined && headers === undefined && body === undefined;
  if (isDelayOnly) return delayMs === undefined ? defaultFault(500) : undefined;
  if (body !== undefined || status === undefined || status < 400) return { status: status ?? 200, headers, body };
  return { ...defaultFault(status), headers };
}

function defaultFault(status: number): Answer {
  return platformError(status, 'fault', STATUS_CODES[status] ?? 'Emulated fault');
}

/** Waits. Resolves to whether the connection is still open; the timer ends when the connection closes. */
export function hold(socket: Socket, delayMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve(false);
    const leave = () => finish(false);
    const timer = setTimeout(() => finish(true), delayMs);
    const finish = (isConnected: boolean) => {
      clearTimeout(timer);
      socket.off('close', leave);
      resolve(isConnected);
    };
    socket.once('close', leave);
  });
}

/** The answer of a server that is overloaded, or about to be replaced. */
const FAILURE: EmulatorFault = { status: 503 };

/** Random failures. Each endpoint has its own sequence of random numbers, independent of requests to other endpoints. */
class RandomFailures {
  readonly #settings: EmulatorSettings;
  readonly #states = new Map<EmulatorEndpoint, number>();

  constructor(settings: EmulatorSettings) {
    this.#settings = settings;
  }

  /** The failure of a request, where it has one. */
  take(endpoint: EmulatorEndpoint): EmulatorFault | undefined {
    const { failureRate } = this.#settings;
    const rate = typeof failureRate === 'number' ? failureRate : (failureRate[endpoint] ?? 0);
    return rate > 0 && this.#draw(endpoint) < rate ? FAILURE : undefined;
  }

  /** From 0 to less than 1: mulberry32, which yields the same numbers again for the same seed. */
  #draw(endpoint: EmulatorEndpoint): number {
    const state = ((this.#states.get(endpoint) ?? this.#settings.failureSeed) + 0x6d2b79f5) >>> 0;
    this.#states.set(endpoint, state);
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

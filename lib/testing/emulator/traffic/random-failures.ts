import type { EmulatorSettings } from '../options/emulator-options.interface.js';
import type { EmulatorFault } from './fault-queue.js';
import type { EmulatorEndpoint } from '../http/route.js';

/** The answer of a server that is overloaded, or about to be replaced. */
const FAILURE: EmulatorFault = { status: 503 };

/** Requests that fail by chance. Each endpoint has a sequence of its own, which requests to the others do not change. */
export class RandomFailures {
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

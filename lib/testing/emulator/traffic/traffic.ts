import type { IncomingMessage } from 'node:http';
import type { Answer } from '../http/answer.js';
import { faultAnswer, hold } from '../http/answer-writer.js';
import type { Route } from '../http/route.js';
import type { EmulatorSettings } from '../options/emulator-options.interface.js';
import { latency } from '../options/emulator-settings.js';
import { FaultQueue, LONGEST_DELAY_MS } from './fault-queue.js';
import { RandomFailures } from './random-failures.js';

/** What befalls requests before they reach their endpoint: latency, faults that were asked for, failures by chance. */
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

  /** The answer of a fault; `'gone'` where the connection is; `undefined` where the usual answer follows. */
  async meet({ endpoint, profile }: Route, { socket }: IncomingMessage): Promise<Answer | 'gone' | undefined> {
    const fault = this.faults.take(endpoint, profile.name) ?? this.#failures.take(endpoint);
    const delayMs = this.#latencyMs + (fault?.delayMs ?? 0);
    if (delayMs > 0 && !(await hold(socket, Math.min(delayMs, LONGEST_DELAY_MS)))) return 'gone';
    if (!fault) return undefined;
    if (!fault.reset) return faultAnswer(fault);
    socket.resetAndDestroy();
    return 'gone';
  }
}

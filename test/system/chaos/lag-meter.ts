import { clearInterval, setInterval } from 'node:timers';

const EVERY_MS = 10;
const NEAR_MS = 100;

/** How late this process is: a timer that notes by how much it was missed. */
export class LagMeter {
  worstMs = 0;
  readonly #lags: { readonly at: number; readonly lagMs: number }[] = [];
  readonly #timer: NodeJS.Timeout;
  #due = Date.now() + EVERY_MS;

  constructor() {
    this.#timer = setInterval(() => this.#note(), EVERY_MS);
  }

  /** How much time it lost between two moments, and just around them. */
  lost(from: number, to: number): number {
    const near = this.#lags.filter(({ at, lagMs }) => at >= from - NEAR_MS && at - lagMs <= to + NEAR_MS);
    return near.reduce((sum, { lagMs }) => sum + lagMs, 0);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #note(): void {
    const at = Date.now();
    const lagMs = at - this.#due;
    this.#due = at + EVERY_MS;
    this.worstMs = Math.max(this.worstMs, lagMs);
    if (lagMs > 5) this.#lags.push({ at, lagMs });
  }
}

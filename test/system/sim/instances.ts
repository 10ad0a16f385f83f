import {
  earlierMs,
  isWorthTaking,
  lockTimes,
  pollDelayMs,
  STORE_PAUSES,
  STORE_TIMEOUT_MS,
} from '../../../lib/sharing/sharing-policy.js';
import { aheadOf } from '../../../lib/token/held-token.js';
import { Backoff } from '../../../lib/util/backoff.js';
import { seededChance } from './seeded-chance.js';
import { Calendar } from './calendar.js';

/*
 * Many instances, many tenants, a virtual clock: how many token requests per minute reach the platform. When a token is
 * due, whether a shared one is taken, how long a lock is held and waited for, and how long a store that failed is left
 * alone: these are the library's own decisions. The rest is a model: callers come at random, a request takes 300 ms, the
 * store answers at once or, while it is out, not within its timeout. Requests over the limit are counted, not refused.
 */

const MINUTE = 60_000;
const TICK_MS = 50;
const LIFE_MS = 30 * MINUTE;
const REQUEST_MS = 300;
const MARGINS = { aheadMs: 300_000, minValidityMs: 30_000 };
const DEADLINE_MS = 15_000;
/** Between two calls for one tenant at one instance, on average. */
const CALL_GAP_MS = 30_000;

/** When what happens, in minutes: instances start one after the other, are restarted so, and the store goes away. */
export const TIMELINE = { start: [0, 30], restart: [60, 70], outage: [85, 115], end: 130 } as const;

export interface Scenario {
  readonly store: boolean;
  readonly lock: boolean;
  readonly jitter: boolean;
}

export interface SimulationSize {
  readonly instances: number;
  readonly tenants: number;
  readonly seed: number;
}

/** What one instance does about one tenant next. */
const enum Step {
  Search,
  Ask,
  Receive,
}

/** Requests for tokens in each minute. */
export function simulate(scenario: Scenario, size: SimulationSize): readonly number[] {
  const restoreClock = takeClock();
  try {
    return new Simulation(scenario, size).run();
  } finally {
    restoreClock();
  }
}

let virtualMs = 0;

/** The library's pauses read the clocks of this process. */
function takeClock(): () => void {
  const [wall, monotonic] = [Date.now, performance.now.bind(performance)];
  const set = (dateNow: () => number, performanceNow: () => number) => {
    Date.now = dateNow;
    Object.defineProperty(performance, 'now', { value: performanceNow, configurable: true, writable: true });
  };
  set(
    () => virtualMs,
    () => virtualMs,
  );
  return () => set(wall, monotonic);
}

class Simulation {
  readonly #scenario: Scenario;
  readonly #size: SimulationSize;
  readonly #random: () => number;
  readonly #calendar: Calendar;
  readonly #lockTimes = lockTimes(DEADLINE_MS);
  readonly #perMinute = Array.from<number>({ length: TIMELINE.end }).fill(0);
  // Of each pair of instance and tenant.
  readonly #steps: Uint8Array;
  readonly #began: Float64Array;
  readonly #earlier: Float64Array;
  // Of each tenant: when its shared token was received, until when it is locked and by which pair.
  readonly #sharedAt: Float64Array;
  readonly #lockedUntil: Float64Array;
  readonly #lockedBy: Int32Array;
  // Of each instance: its circuit.
  readonly #pauses: (Backoff | undefined)[];
  readonly #restarts: number[][];

  constructor(scenario: Scenario, size: SimulationSize) {
    const pairs = size.instances * size.tenants;
    this.#scenario = scenario;
    this.#size = size;
    this.#random = seededChance(size.seed);
    this.#calendar = new Calendar(pairs, (TIMELINE.end * MINUTE) / TICK_MS);
    this.#steps = new Uint8Array(pairs);
    this.#began = new Float64Array(pairs).fill(-1);
    this.#earlier = new Float64Array(pairs);
    this.#sharedAt = new Float64Array(size.tenants).fill(-Infinity);
    this.#lockedUntil = new Float64Array(size.tenants);
    this.#lockedBy = new Int32Array(size.tenants).fill(-1);
    this.#pauses = Array.from({ length: size.instances });
    this.#restarts = Array.from({ length: (TIMELINE.end * MINUTE) / TICK_MS }, () => []);
    this.#planStarts(TIMELINE.start);
    this.#planStarts(TIMELINE.restart);
  }

  run(): readonly number[] {
    for (const [tick, starting] of this.#restarts.entries()) {
      virtualMs = tick * TICK_MS;
      for (const instance of starting) this.#start(instance);
      for (let pair = this.#calendar.take(tick); pair !== undefined; pair = this.#calendar.take(tick)) this.#act(pair);
    }
    return this.#perMinute;
  }

  #planStarts([from, to]: readonly [number, number]): void {
    for (let instance = 0; instance < this.#size.instances; instance += 1) {
      const at = (from + ((to - from) * instance) / this.#size.instances) * MINUTE;
      this.#restarts[Math.floor(at / TICK_MS)]!.push(instance);
    }
  }

  /** An instance that starts holds nothing; one that is stopped has given its locks back. */
  #start(instance: number): void {
    this.#pauses[instance] = new Backoff(this.#random, STORE_PAUSES);
    for (let tenant = 0; tenant < this.#size.tenants; tenant += 1) {
      const pair = instance * this.#size.tenants + tenant;
      if (this.#lockedBy[tenant] === pair) this.#unlock(tenant);
      this.#plan(pair, Step.Search, this.#untilCall());
    }
  }

  #act(pair: number): void {
    const step = this.#steps[pair];
    if (step === Step.Search) this.#search(pair);
    else if (step === Step.Ask) this.#ask(pair);
    else this.#receive(pair);
  }

  #search(pair: number): void {
    if (this.#began[pair]! < 0) {
      this.#began[pair] = virtualMs;
      this.#earlier[pair] = this.#scenario.jitter ? earlierMs(MARGINS, this.#random) : 0;
    }
    if (!this.#scenario.store) return this.#ask(pair);
    const lostMs = this.#lostToOutage(Math.floor(pair / this.#size.tenants));
    if (lostMs !== undefined) return this.#plan(pair, Step.Ask, lostMs);
    return this.#look(pair, pair % this.#size.tenants);
  }

  /** What a store that is out costs this instance now; `undefined` where it is not out, as far as it knows. */
  #lostToOutage(instance: number): number | undefined {
    const pause = this.#pauses[instance]!;
    if (pause.leftMs > 0) return 0;
    if (!this.#isStoreOut()) {
      pause.end();
      return undefined;
    }
    pause.begin();
    return STORE_TIMEOUT_MS;
  }

  #look(pair: number, tenant: number): void {
    const usedMs = virtualMs - this.#sharedAt[tenant]!;
    const shared = { value: '', lifeMs: LIFE_MS, usedMs, earlierMs: this.#earlier[pair]! };
    if (isWorthTaking(shared, MARGINS)) return this.#hold(pair, usedMs);
    if (!this.#scenario.lock) return this.#ask(pair);
    if (this.#lockedUntil[tenant]! <= virtualMs) {
      this.#lockedUntil[tenant] = virtualMs + this.#lockTimes.lockMs;
      this.#lockedBy[tenant] = pair;
      return this.#ask(pair);
    }
    const isPatient = virtualMs - this.#began[pair]! < this.#lockTimes.waitMs;
    return isPatient ? this.#plan(pair, Step.Search, pollDelayMs(this.#random)) : this.#ask(pair);
  }

  #ask(pair: number): void {
    this.#perMinute[Math.floor(virtualMs / MINUTE)]! += 1;
    this.#plan(pair, Step.Receive, REQUEST_MS);
  }

  #receive(pair: number): void {
    const tenant = pair % this.#size.tenants;
    if (this.#scenario.store && !this.#isStoreOut()) this.#sharedAt[tenant] = virtualMs;
    if (this.#lockedBy[tenant] === pair) this.#unlock(tenant);
    this.#hold(pair, 0);
  }

  /** Holds a token, and renews it at the first call after it is due. */
  #hold(pair: number, usedMs: number): void {
    const ahead = aheadOf({ value: '', lifeMs: LIFE_MS, earlierMs: this.#earlier[pair]! }, MARGINS);
    this.#began[pair] = -1;
    this.#plan(pair, Step.Search, LIFE_MS - usedMs - ahead + this.#untilCall());
  }

  #unlock(tenant: number): void {
    this.#lockedUntil[tenant] = 0;
    this.#lockedBy[tenant] = -1;
  }

  #isStoreOut(): boolean {
    const [from, to] = TIMELINE.outage;
    return virtualMs >= from * MINUTE && virtualMs < to * MINUTE;
  }

  #untilCall(): number {
    return -Math.log(1 - this.#random()) * CALL_GAP_MS;
  }

  #plan(pair: number, step: Step, inMs: number): void {
    this.#steps[pair] = step;
    this.#calendar.set(pair, Math.floor((virtualMs + inMs) / TICK_MS) + 1);
  }
}

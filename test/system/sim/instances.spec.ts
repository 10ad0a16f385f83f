import { describe, expect, it } from 'vitest';
import { simulate, TIMELINE } from './instances.js';
import { axis, chartOf, figuresOf } from './report.js';

const SIZE = { instances: 40, tenants: 20, seed: 7 };
const PAIRS = SIZE.instances * SIZE.tenants;
const [outage] = TIMELINE.outage;

const upToOutage = (perMinute: readonly number[]) =>
  perMinute.slice(0, outage).reduce((total, count) => total + count, 0);

describe('the simulation of many instances', () => {
  it('gives the same figures for the same seed, and others for another', () => {
    const scenario = { store: true, lock: true, jitter: true };
    expect(simulate(scenario, SIZE)).toEqual(simulate(scenario, SIZE));
    expect(simulate(scenario, SIZE)).not.toEqual(simulate(scenario, { ...SIZE, seed: 8 }));
  });

  it('without a store has every instance ask for every tenant, also after a restart', () => {
    expect(upToOutage(simulate({ store: false, lock: false, jitter: false }, SIZE))).toBeGreaterThan(3 * PAIRS);
  });

  it('with store and lock has one ask per tenant and period, whichever instance restarts', () => {
    const total = upToOutage(simulate({ store: true, lock: true, jitter: true }, SIZE));
    expect(total).toBeGreaterThanOrEqual(3 * SIZE.tenants);
    expect(total).toBeLessThanOrEqual(5 * SIZE.tenants);
  });

  it('has every instance ask for itself while the store is out', () => {
    const perMinute = simulate({ store: true, lock: true, jitter: true }, SIZE);
    const [from, to] = TIMELINE.outage;
    expect(perMinute.slice(from, to).reduce((total, count) => total + count, 0)).toBeGreaterThanOrEqual(PAIRS);
  });

  it('leaves the clocks of the process as they were', () => {
    const before = [Date.now, performance.now()] as const;
    simulate({ store: true, lock: false, jitter: false }, SIZE);
    expect(Date.now).toBe(before[0]);
    expect(performance.now()).toBeGreaterThanOrEqual(before[1]);
  });
});

describe('its report', () => {
  it('reports where 429s begin', () => {
    const perMinute = Array.from<number>({ length: TIMELINE.end }).fill(10);
    perMinute[40] = 1_000;
    expect(figuresOf(perMinute, 999)).toMatchObject({ 'minutes with 429': 1, 'first 429': 'minute 40' });
    expect(figuresOf(perMinute, 1_000)).toMatchObject({ 'minutes with 429': 0, 'first 429': 'never' });
    expect(chartOf(perMinute, 999).split('\n')[1]).toBe(`${' '.repeat(40)}!`);
    expect(axis()).toHaveLength(TIMELINE.outage[1]);
  });
});

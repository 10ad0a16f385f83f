import { describe, expect, it, vi } from 'vitest';
import { elapsedSince, now, remainingUntil, shifted } from '../../lib/util/clock.js';
import { fakeTime } from '../support/application.js';

const HOUR = 3_600_000;

describe('the time since a moment', () => {
  it('is the larger one of what the wall clock and the monotonic clock say', () => {
    fakeTime();
    const moment = now();
    vi.advanceTimersByTime(HOUR);
    expect(elapsedSince(moment)).toBe(HOUR);
    vi.setSystemTime(Date.now() - 2 * HOUR);
    expect(elapsedSince(moment)).toBe(HOUR);
    vi.setSystemTime(Date.now() + 4 * HOUR);
    expect(elapsedSince(moment)).toBe(3 * HOUR);
  });

  it('counts where the wall clock was set back by just what has gone by', () => {
    fakeTime();
    const moment = now();
    vi.advanceTimersByTime(HOUR);
    vi.setSystemTime(moment.wall);
    expect(elapsedSince(moment)).toBe(HOUR);
  });
});

describe('the time until a moment', () => {
  it('is the smaller one of what the two clocks say, and negative once it has passed', () => {
    fakeTime();
    const moment = shifted(now(), 3 * HOUR);
    vi.advanceTimersByTime(HOUR);
    expect(remainingUntil(moment)).toBe(2 * HOUR);
    vi.setSystemTime(Date.now() - HOUR);
    expect(remainingUntil(moment)).toBe(2 * HOUR);
    vi.setSystemTime(Date.now() + 5 * HOUR);
    expect(remainingUntil(moment)).toBe(-2 * HOUR);
  });
});

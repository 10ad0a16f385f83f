import { describe, expect, it, vi } from 'vitest';
import { Backoff } from '../../lib/util/backoff.js';
import { fakeTime } from '../support/basics.js';

const pauseWith = (random: number) => {
  fakeTime();
  return new Backoff(() => random, { firstMs: 1_000, longestMs: 20_000 });
};

function lengths(pause: Backoff, count: number): number[] {
  return Array.from({ length: count }, () => {
    pause.begin();
    return pause.leftMs;
  });
}

describe('the pause between renewals that fail', () => {
  it('doubles up to its longest, with jitter from half to the whole', () => {
    expect(lengths(pauseWith(1), 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
    expect(lengths(pauseWith(0), 7)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    expect(lengths(pauseWith(0.5), 2)).toEqual([750, 1_500]);
  });

  it('passes, and is never less than nothing', () => {
    const pause = pauseWith(1);
    expect(pause.leftMs).toBe(0);
    pause.begin();
    vi.advanceTimersByTime(400);
    expect(pause.leftMs).toBe(600);
    vi.advanceTimersByTime(601);
    expect(pause.leftMs).toBe(0);
  });

  it('has the length of a reason where there is one', () => {
    const pause = pauseWith(1);
    pause.begin(7_000);
    expect(pause.leftMs).toBe(7_000);
  });

  it('ends at once, and begins with the first length again', () => {
    const pause = pauseWith(1);
    lengths(pause, 3);
    pause.end();
    expect(pause.leftMs).toBe(0);
    expect(lengths(pause, 1)).toEqual([1_000]);
  });
});

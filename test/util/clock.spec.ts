import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { elapsedSince, now } from '../../lib/util/clock.js';
import { fakeTime } from '../support/application.js';

const HOUR = 3_600_000;

/** Calls enough in a row that not each of them reads both clocks. */
function burst(): void {
  const moment = now();
  for (let call = 0; call < 1_000; call += 1) elapsedSince(moment);
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('the time since a moment', () => {
  it.each([
    ['after one call', () => undefined],
    ['in a burst of calls', burst],
  ])('is what the clock says that says more, %s', (_, before) => {
    fakeTime();
    before();
    const moment = now();
    before();
    vi.advanceTimersByTime(HOUR);
    expect(elapsedSince(moment)).toBe(HOUR);
    vi.setSystemTime(Date.now() - 2 * HOUR);
    expect(elapsedSince(moment)).toBe(HOUR);
    vi.setSystemTime(Date.now() + 4 * HOUR);
    expect(elapsedSince(moment)).toBe(3 * HOUR);
  });

  it('is told by the monotonic clock where the wall clock was set back by just what has gone by', async () => {
    fakeTime();
    const moment = now();
    vi.advanceTimersByTime(HOUR);
    vi.setSystemTime(moment.wall);
    expect(elapsedSince(moment)).toBe(HOUR);
    // A burst ends with its turn of the event loop.
    const later = now();
    for (let call = 0; call < 1_000; call += 1) elapsedSince(later);
    vi.advanceTimersByTime(HOUR);
    vi.setSystemTime(later.wall);
    await nextTurn();
    expect(elapsedSince(later)).toBe(HOUR);
  });

  it('goes on in a burst as the wall clock does', () => {
    fakeTime();
    const moment = now();
    for (let ms = 1; ms <= 1_000; ms += 1) {
      vi.advanceTimersByTime(1);
      expect(elapsedSince(moment)).toBe(ms);
    }
  });

  it('costs one reading of one clock in a burst, and both else', () => {
    fakeTime();
    const moment = now();
    const monotonic = vi.spyOn(performance, 'now');
    onTestFinished(() => monotonic.mockRestore());
    for (let call = 0; call < 1_000; call += 1) elapsedSince(moment);
    expect(monotonic.mock.calls.length).toBeLessThan(20);
    vi.advanceTimersByTime(2);
    elapsedSince(moment);
    expect(monotonic.mock.calls.length).toBeLessThan(21);
  });
});

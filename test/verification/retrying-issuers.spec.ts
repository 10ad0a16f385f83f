import { beforeEach, describe, expect, it, vi } from 'vitest';
import { RETRY_MS, RetryingIssuers } from '../../lib/verification/retrying-issuers.js';
import { fakeTime } from '../support/application.js';

const GRACE_MS = 400;
const MOST = 1_000;

let issuers: RetryingIssuers;
beforeEach(() => {
  fakeTime();
  issuers = new RetryingIssuers();
});

/** Denied, and back when it was told to retry. */
function comeBack(...names: string[]): void {
  for (const name of names) issuers.deny(name);
  vi.advanceTimersByTime(RETRY_MS);
  for (const name of names) expect(issuers.retry(name)).toBe('in time');
}

describe('an issuer that was denied a read', () => {
  it.each([
    [0, undefined],
    [RETRY_MS - 1, undefined],
    [RETRY_MS, 'in time'],
    [RETRY_MS + GRACE_MS, 'in time'],
    [RETRY_MS + GRACE_MS + 1, 'late'],
  ])('that comes %i ms later retries: %s', (laterMs, expected) => {
    issuers.deny('acme');
    vi.advanceTimersByTime(laterMs);
    expect(issuers.retry('acme')).toBe(expected);
  });

  it('may come early once it has come back: one tenant has many users', () => {
    comeBack('acme');
    issuers.deny('acme');
    vi.advanceTimersByTime(1);
    expect(issuers.retry('acme')).toBe('in time');
  });

  it('begins anew where it is late', () => {
    comeBack('acme');
    issuers.deny('acme');
    vi.advanceTimersByTime(RETRY_MS + GRACE_MS + 1);
    expect(issuers.retry('acme')).toBe('late');
    comeBack('acme');
  });

  it('keeps its time, however many of its tokens come meanwhile', () => {
    issuers.deny('acme');
    vi.advanceTimersByTime(RETRY_MS / 2);
    issuers.deny('acme');
    vi.advanceTimersByTime(RETRY_MS / 2);
    expect(issuers.retry('acme')).toBe('in time');
  });
});

describe('the turn', () => {
  it('is that of the issuer that came back first, and still retries', () => {
    comeBack('first', 'second');
    expect(issuers.takeTurn('second')).toBe(false);
    expect(issuers.takeTurn('first')).toBe(true);
    // The first is being decided.
    expect(issuers.takeTurn('second')).toBe(true);
  });

  it('goes on where the first is decided, or does not retry', () => {
    comeBack('first', 'second', 'third');
    issuers.delete('first');
    expect(issuers.takeTurn('second')).toBe(true);
    for (const name of ['second', 'third']) issuers.deny(name);
    vi.advanceTimersByTime(RETRY_MS);
    issuers.deny('third');
    vi.advanceTimersByTime(GRACE_MS + 1);
    expect(issuers.retry('third')).toBe('in time');
    expect(issuers.takeTurn('third')).toBe(true);
  });

  it('returns to an issuer whose read was denied', () => {
    comeBack('first', 'second');
    expect(issuers.takeTurn('first')).toBe(true);
    issuers.deny('first');
    expect(issuers.takeTurn('second')).toBe(false);
  });
});

it('keeps 1,000 issuers at most, and forgets those that are late', () => {
  const names = Array.from({ length: MOST }, (_item, n) => `invented${n}`);
  comeBack(...names);
  issuers.deny('acme');
  vi.advanceTimersByTime(RETRY_MS);
  // The others have until 1.4 s after they were denied, and were due 1 s ago.
  expect(issuers.retry('acme')).toBe('in time');
});

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type PermittedRead, type Reader, READERS, ReadDenied, ReadLimit } from '../../lib/verification/read-limit.js';
import { fakeTime } from '../support/application.js';

/** At once, and the time in which one more is added: 30 in a minute. */
const AT_ONCE = 18;
const REFILL_MS = 5_000;

let limit: ReadLimit;
beforeEach(() => {
  fakeTime();
  limit = new ReadLimit();
});

/** A read that leads to nothing. */
async function waste(reader: Reader): Promise<boolean> {
  try {
    (await limit.take(reader)).end();
    return true;
  } catch (denied) {
    if (denied instanceof ReadDenied) return false;
    throw denied;
  }
}

async function wasteUntilDenied(reader: Reader): Promise<number> {
  let count = 0;
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  while (await waste(reader)) count += 1;
  return count;
}

describe('reads that no verified token follows', () => {
  it.each(Object.entries(READERS))('are at most 30 in any minute, by readers of class %s', async (_, reader) => {
    const times: number[] = [];
    for (let ms = 0; ms < 200_000; ms += 100) {
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      if (await waste(reader)) times.push(ms);
      vi.advanceTimersByTime(100);
    }
    for (const from of times)
      expect(times.filter((time) => time >= from && time < from + 60_000).length).toBeLessThanOrEqual(30);
    // And the limit is used: one in 5 s goes on.
    expect(times.filter((time) => time >= 140_000).length).toBe(12);
  });

  it('leave one read to every class that has better evidence', async () => {
    const classes = [READERS.unknown, READERS.late, READERS.retrying, READERS.listed, READERS.inUse, READERS.proven];
    const counts: number[] = [];
    for (const reader of classes) {
      // oxlint-disable-next-line no-await-in-loop -- one class after the other
      counts.push(await wasteUntilDenied(reader));
    }
    expect(counts).toEqual([AT_ONCE - 5, 1, 1, 1, 1, 1]);
  });

  it('say when the next may begin', async () => {
    await wasteUntilDenied(READERS.proven);
    const denied = await limit.take(READERS.listed).catch((error: unknown) => error);
    expect(denied).toMatchObject({ retryAfterMs: 3 * REFILL_MS });
    vi.advanceTimersByTime(3 * REFILL_MS - 1);
    expect(await waste(READERS.listed)).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await waste(READERS.listed)).toBe(true);
  });
});

describe('a read that a verified token follows', () => {
  it('costs nothing, however many there are', async () => {
    for (let n = 0; n < 1_000; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const read = await limit.take(READERS.unknown);
      read.giveBack();
      read.end();
    }
    expect(await wasteUntilDenied(READERS.unknown)).toBe(AT_ONCE - 5);
  });

  it('costs nothing when the token comes up to a minute later', async () => {
    const read = await limit.take(READERS.proven);
    read.end();
    await wasteUntilDenied(READERS.proven);
    vi.advanceTimersByTime(1_000);
    read.giveBack();
    expect(await waste(READERS.proven)).toBe(true);
    expect(await waste(READERS.proven)).toBe(false);
  });

  it('changes nothing when it comes later', async () => {
    const read = await limit.take(READERS.proven);
    read.end();
    vi.advanceTimersByTime(61_000);
    await wasteUntilDenied(READERS.proven);
    read.giveBack();
    expect(await waste(READERS.proven)).toBe(false);
  });

  it('is given back once', async () => {
    const read = await limit.take(READERS.proven);
    read.end();
    await wasteUntilDenied(READERS.listed);
    read.giveBack();
    read.giveBack();
    expect(await wasteUntilDenied(READERS.listed)).toBe(1);
  });

  it('takes the repetition of its request along', async () => {
    const read = await limit.take(READERS.proven);
    expect(read.repeat()).toBe(true);
    read.giveBack();
    read.end();
    expect(await wasteUntilDenied(READERS.proven)).toBe(AT_ONCE);
  });
});

it('a repetition counts as a request of its own, and is not permitted where none is left', async () => {
  const reads: PermittedRead[] = [];
  for (let n = 0; n < AT_ONCE - 1; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    reads.push(await limit.take(READERS.proven));
  }
  expect(reads[0]!.repeat()).toBe(true);
  expect(reads[1]!.repeat()).toBe(false);
});

describe('while reads are on their way that may be given back', () => {
  /** All reads there are, on their way. */
  async function takeAll(): Promise<PermittedRead[]> {
    return Promise.all(Array.from({ length: AT_ONCE }, () => limit.take(READERS.proven)));
  }

  it('others wait in line, the better evidence first, then the earlier', async () => {
    const reads = await takeAll();
    const order: string[] = [];
    const wait = (name: string, reader: Reader) => void limit.take(reader).then(() => order.push(name));
    wait('unknown', READERS.unknown);
    wait('listed', READERS.listed);
    wait('listed, later', READERS.listed);
    wait('proven', READERS.proven);
    for (const read of reads.slice(0, 9)) {
      read.giveBack();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    }
    expect(order).toEqual(['proven', 'listed', 'listed, later', 'unknown']);
  });

  it('they wait no longer than there is hope: then they learn when to retry', async () => {
    const reads = await takeAll();
    const waiting = limit.take(READERS.unknown).catch((denied: unknown) => denied);
    for (const read of reads) read.end();
    expect(await waiting).toMatchObject({ retryAfterMs: 6 * REFILL_MS });
  });

  it('no more than 1,000 wait', async () => {
    await takeAll();
    const all = Array.from({ length: 1_001 }, () => limit.take(READERS.unknown));
    await expect(all.at(-1)).rejects.toBeInstanceOf(ReadDenied);
    for (const waiting of all) waiting.catch(() => undefined);
  });
});

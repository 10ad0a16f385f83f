import { describe, expect, it, vi } from 'vitest';
import { RefusalLog } from '../../lib/guard/refusal-log.js';
import { fakeTime } from '../support/basics.js';

function logUnderFakeTime() {
  fakeTime();
  const lines: string[] = [];
  const log = new RefusalLog({ warn: (line: string) => void lines.push(line) });
  const note = (count: number) => {
    for (let at = 0; at < count; at += 1) log.note('no');
  };
  return { lines, log, note };
}

describe('the log of refusals', () => {
  it('holds ten lines in ten seconds, and then how many it left out', () => {
    const { lines, note } = logUnderFakeTime();
    note(10);
    expect(lines).toHaveLength(10);
    note(7);
    vi.advanceTimersByTime(9_999);
    note(1);
    expect(lines).toHaveLength(10);
    // Of the process, not of an application: nobody would clear a timer.
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1);
    note(1);
    expect(lines.slice(10)).toEqual(['8 more refusals were not logged.', 'no']);
  });

  it('says nothing of lines left out where there are none, and counts anew in each window', () => {
    const { lines, note } = logUnderFakeTime();
    note(10);
    vi.advanceTimersByTime(10_000);
    note(11);
    vi.advanceTimersByTime(10_000);
    note(1);
    expect(lines).toEqual([...Array.from({ length: 20 }, () => 'no'), '1 more refusals were not logged.', 'no']);
    vi.advanceTimersByTime(10_000);
    note(1);
    expect(lines.slice(22)).toEqual(['no']);
  });

  it('cuts a line at 300 characters', () => {
    const { lines, log } = logUnderFakeTime();
    log.note('x'.repeat(300));
    log.note('y'.repeat(301));
    expect(lines).toEqual(['x'.repeat(300), `${'y'.repeat(300)}...`]);
  });

  it('holds one line of plain ASCII, whatever it is told', () => {
    const { lines, log } = logUnderFakeTime();
    log.note('a\nb\r\u001B[31mc\u2028d\u007Fé ~');
    expect(lines).toEqual(['a?b??[31mc?d?? ~']);
  });

  it('shows no token', () => {
    const { lines, log } = logUnderFakeTime();
    log.note(
      `no: eyJ${'a'.repeat(8)}.${'b'.repeat(8)}.${'c'.repeat(20)}, ${'d'.repeat(30)}.${'e'.repeat(8)}. and a.b.c`,
    );
    expect(lines).toEqual(['no: ***, *** and a.b.c']);
  });
});

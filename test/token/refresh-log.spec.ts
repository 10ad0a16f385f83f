import { describe, expect, it, vi } from 'vitest';
import { RefreshLog } from '../../lib/token/refresh-log.js';
import { fakeTime } from '../support/application.js';

const subject = (index: number) =>
  ({ platform: 'mindsphere', credentials: 'app', tenant: `customer${index}` }) as const;

function lab() {
  fakeTime();
  const lines: string[] = [];
  const note = (line: string) => void lines.push(line);
  return { lines, log: new RefreshLog({ log: note, warn: note }) };
}

describe('the log of refresh', () => {
  it('is six lines for 10,000 tenants that begin to fail within a moment', () => {
    const { lines, log } = lab();
    for (let index = 0; index < 10_000; index += 1) log.failing(subject(index), new Error('secret words'), 0);
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(6);
    expect(lines[0]).toBe(
      'Refresh begins to fail, there is no valid token: app credentials for tenant customer0 on mindsphere.io. Unforeseen error.',
    );
    expect(lines[5]).toBe('Refresh begins to fail: 9995 more credentials.');
  });

  it('sets no timer where no line was left out', () => {
    const { lines, log } = lab();
    for (let index = 0; index < 5; index += 1) log.failing(subject(index), undefined, 1);
    expect(lines).toHaveLength(5);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('begins anew after ten seconds', () => {
    const { lines, log } = lab();
    for (let index = 0; index < 5; index += 1) log.failing(subject(index), undefined, 1);
    vi.advanceTimersByTime(10_000);
    for (let index = 0; index < 5; index += 1) log.failing(subject(index), undefined, 1);
    expect(lines).toHaveLength(10);
  });
});

import { describe, expect, it, vi } from 'vitest';
import { MindsphereCredentialsEvents } from '../../lib/telemetry/mindsphere-credentials.events.js';
import { Reporter } from '../../lib/telemetry/reporter.js';
import { fakeTime } from '../support/basics.js';

const subject = (index: number) =>
  ({ platform: 'mindsphere', credentials: 'app', tenant: `customer${index}` }) as const;

function lab() {
  fakeTime();
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const reporter = new Reporter(undefined, { log: write, warn: write });
  const refuse = (count: number) => {
    for (let at = 0; at < count; at += 1) reporter.requestRefused('no');
  };
  const failRefreshes = (count: number, failure?: Error) => {
    for (let at = 0; at < count; at += 1) reporter.refreshFailed(subject(at), failure, 0, false);
  };
  return { lines, reporter, refuse, failRefreshes };
}

describe('log lines about the refresh of tokens', () => {
  it('are six for 10,000 tenants that begin to fail within a moment', () => {
    const { lines, failRefreshes } = lab();
    failRefreshes(10_000, new Error('secret words'));
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(6);
    expect(lines[0]).toBe(
      'Refresh begins to fail, there is no valid token: app credentials for tenant customer0 on mindsphere.io. Unforeseen error.',
    );
    expect(lines[5]).toBe('Refresh begins to fail: 9995 more credentials.');
  });

  it('need no timer where no line was left out', () => {
    const { lines, failRefreshes } = lab();
    failRefreshes(5);
    expect(lines).toHaveLength(5);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are five again after ten seconds', () => {
    const { lines, failRefreshes } = lab();
    failRefreshes(5);
    vi.advanceTimersByTime(10_000);
    failRefreshes(5);
    expect(lines).toHaveLength(10);
  });

  it('are summed up at shutdown', () => {
    const { lines, reporter, failRefreshes } = lab();
    failRefreshes(7);
    reporter.onApplicationShutdown();
    expect(lines[5]).toBe('Refresh begins to fail: 2 more credentials.');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('log lines about refused requests', () => {
  it('are ten in ten seconds, and then the number of those left out', () => {
    const { lines, refuse } = lab();
    refuse(10);
    expect(lines).toHaveLength(10);
    refuse(7);
    vi.advanceTimersByTime(9_999);
    refuse(1);
    expect(lines).toHaveLength(10);
    // An application may construct a filter itself: nobody would clear its timer.
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1);
    refuse(1);
    expect(lines.slice(10)).toEqual(['8 more refusals were not logged.', 'no']);
  });

  it('do not mention lines left out where there are none, and are counted anew in each window', () => {
    const { lines, refuse } = lab();
    refuse(10);
    vi.advanceTimersByTime(10_000);
    refuse(11);
    vi.advanceTimersByTime(10_000);
    refuse(1);
    expect(lines).toEqual([...Array.from({ length: 20 }, () => 'no'), '1 more refusals were not logged.', 'no']);
    vi.advanceTimersByTime(10_000);
    refuse(1);
    expect(lines.slice(22)).toEqual(['no']);
  });

  it('are cut at 300 characters', () => {
    const { lines, reporter } = lab();
    reporter.requestRefused('x'.repeat(300));
    reporter.requestRefused('y'.repeat(301));
    expect(lines).toEqual(['x'.repeat(300), `${'y'.repeat(300)}...`]);
  });

  it('are one line of printable ASCII, whatever the reason contains', () => {
    const { lines, reporter } = lab();
    reporter.requestRefused('a\nb\r\u001B[31mc\u2028d\u007Fé ~');
    expect(lines).toEqual(['a?b??[31mc?d?? ~']);
  });

  it('contain no token', () => {
    const { lines, reporter } = lab();
    reporter.requestRefused(
      `no: eyJ${'a'.repeat(8)}.${'b'.repeat(8)}.${'c'.repeat(20)}, ${'d'.repeat(30)}.${'e'.repeat(8)}. and a.b.c`,
    );
    expect(lines).toEqual(['no: ***, *** and a.b.c']);
  });
});

describe('an error of a token request', () => {
  it('is reported once by each registration, however often it is repeated', () => {
    const failure = new Error('refused');
    const seen: string[] = [];
    const reporters = [1, 2].map(() => {
      const events = new MindsphereCredentialsEvents();
      events.events$.subscribe(({ type }) => seen.push(type));
      return new Reporter(events);
    });
    for (const reporter of [...reporters, ...reporters]) {
      reporter.tokenRefused(subject(1), failure, { durationMs: 1, attempts: 1 });
    }
    expect(seen).toEqual(['token_refused', 'token_refused']);
  });
});

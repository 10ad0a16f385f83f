import { Readable } from 'node:stream';
import { vi } from 'vitest';
import { run } from '../../../lib/cli/credentials/run.js';
import type { CheckReport } from '../../../lib/cli/credentials/check.js';

/** What a command printed, and its status. */
export interface Result {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command in this process, with this standard input. */
export async function command(args: readonly string[], input = ''): Promise<Result> {
  const written = { out: '', err: '' };
  const capture = (to: 'out' | 'err') => (chunk: unknown) => {
    written[to] += String(chunk);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(capture('out')),
    vi.spyOn(process.stderr, 'write').mockImplementation(capture('err')),
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([Buffer.from(input)]) as typeof process.stdin),
  ];
  try {
    return { status: await run(args), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** What `doctor --json` found, by check. */
export async function findings(...args: string[]): Promise<Record<string, CheckReport>> {
  const { out } = await command(['doctor', '--json', ...args]);
  const { checks } = JSON.parse(out) as { checks: CheckReport[] };
  return Object.fromEntries(checks.map((check) => [check.id, check]));
}

/** The checks that ended so. */
export function idsOf(found: Record<string, CheckReport>, status: CheckReport['status']): string[] {
  return Object.values(found)
    .filter((check) => check.status === status)
    .map(({ id }) => id);
}

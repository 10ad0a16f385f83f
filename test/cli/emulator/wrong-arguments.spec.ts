import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { run } from '../../../lib/cli/emulator/run.js';
import { WRONG_ARGUMENTS } from './wrong-arguments.js';

/* In this process; test/system/cli has the command in a process of its own. */

function captured(stream: NodeJS.WriteStream): () => string {
  let text = '';
  const spy = vi.spyOn(stream, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  onTestFinished(() => spy.mockRestore());
  return () => text;
}

describe('mindsphere-emulator with wrong arguments', () => {
  it.each([...WRONG_ARGUMENTS])('answers %j with one line and status 2', async (args, reason) => {
    const [stdout, stderr] = [captured(process.stdout), captured(process.stderr)];
    const { exitCode } = process;
    onTestFinished(() => void (process.exitCode = exitCode));
    await run(args);
    expect(process.exitCode).toBe(2);
    expect(stdout()).toBe('');
    expect(stderr()).toMatch(/^mindsphere-emulator: [^\n]+\n$/);
    expect(stderr()).toContain(reason);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';

/** A process that a test has started; it is killed at the test's end, should it still run. */
export interface Spawned {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Its exit code, or the signal that ended it, once it has ended and all its words have arrived. */
  readonly ended: Promise<number | string>;
  /** What it has printed once the pattern stands in it; rejects where the process ends before. */
  readonly says: (pattern: RegExp) => Promise<RegExpExecArray>;
}

/** Runs a script of Node's. The environment is what is given, beside `PATH`. */
export function spawnNode(args: readonly string[], env: Record<string, string> = {}, cwd?: string): Spawned {
  const child = spawn(process.execPath, [...args], { cwd, env: { PATH: process.env['PATH'], ...env } });
  const spoken = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (spoken.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (spoken.stderr += text));
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const says = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(spoken.stdout);
        if (found) resolve(found);
      };
      child.stdout.on('data', look);
      void ended.then((end) => reject(new Error(`It ended with ${end} and never said ${pattern}\n${spoken.stderr}`)));
      look();
    });
  return { child, stdout: () => spoken.stdout, stderr: () => spoken.stderr, ended, says };
}

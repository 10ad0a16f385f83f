import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

export interface ScriptResult {
  /** How the process ended: its exit code, or what killed it. */
  readonly ended: number | string;
  readonly output: string;
}

/** Compiles the library for tests that need a process of their own; returns what runs a script against it. */
export function builtLibrary(): (script: string, timeoutMs?: number) => Promise<ScriptResult> {
  const directory = builtDirectory();
  return (script, timeoutMs = 8_000) => runScript(`${importOf(directory())}\n${script}`, timeoutMs);
}

/** Compiles the library into a directory of its own, as long as a test file runs; returns what tells where. */
export function builtDirectory(): () => string {
  let directory = '';
  beforeAll(async () => {
    // Below the project, so that the peers are found.
    directory = await mkdtemp(join(root, 'node_modules', '.built-'));
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    await run(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', directory]);
  }, 60_000);
  afterAll(() => rm(directory, { recursive: true, force: true }));
  return () => directory;
}

function importOf(directory: string): string {
  return `const library = await import(${JSON.stringify(pathToFileURL(join(directory, 'index.js')).href)});`;
}

async function runScript(script: string, timeoutMs: number): Promise<ScriptResult> {
  const args = ['--input-type=module', '--eval', script];
  try {
    const { stdout } = await run(process.execPath, args, { cwd: root, timeout: timeoutMs });
    return { ended: 0, output: stdout };
  } catch (error) {
    const { code, signal, stdout, stderr } = error as { code?: number; signal?: string } & Record<string, string>;
    return { ended: signal ?? code ?? 'unknown', output: `${stdout}${stderr}` };
  }
}

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { inject } from 'vitest';

/* What test/system/build.ts has compiled, once for all specs of the project `system`. */

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

/** The folder with the compiled sample, which finds the library by its package name as an application does. */
export function builtSample(): string {
  return inject('built');
}

/** The folder with the compiled library. */
export function builtLibrary(): string {
  return join(inject('built'), 'node_modules', 'nestjs-mindsphere-credentials', 'dist');
}

export interface ScriptResult {
  /** How the process ended: its exit code, or what killed it. */
  readonly ended: number | string;
  readonly output: string;
}

/** Runs a script in a process of its own, in which `library` is the compiled library. */
export async function runScript(script: string, timeoutMs = 8_000): Promise<ScriptResult> {
  const library = pathToFileURL(join(builtLibrary(), 'index.js')).href;
  const whole = `const library = await import(${JSON.stringify(library)});\n${script}`;
  try {
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', whole], {
      cwd: root,
      timeout: timeoutMs,
    });
    return { ended: 0, output: stdout };
  } catch (error) {
    const { code, signal, stdout, stderr } = error as { code?: number; signal?: string } & Record<string, string>;
    return { ended: signal ?? code ?? 'unknown', output: `${stdout}${stderr}` };
  }
}

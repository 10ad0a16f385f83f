import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const NAME = 'nestjs-mindsphere-credentials';

/**
 * Compiles library and sample into a directory of their own, as long as a test file runs; returns what tells where. The
 * sample finds the library there by its package name, as an application does that has installed it.
 */
export function builtSample(): () => string {
  let directory = '';
  beforeAll(async () => {
    // Below the project, so that everything else is found.
    directory = await mkdtemp(join(root, 'node_modules', '.built-sample-'));
    const library = join(directory, 'node_modules', NAME);
    await mkdir(library, { recursive: true });
    await copyFile(join(root, 'package.json'), join(library, 'package.json'));
    await compile(join(root, 'tsconfig.build.json'), '--outDir', join(library, 'dist'));
    await writeFile(join(directory, 'package.json'), JSON.stringify({ type: 'module' }));
    await cp(join(root, 'sample', '.env'), join(directory, '.env'));
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(sampleConfiguration(directory)));
    await compile(directory);
  }, 120_000);
  afterAll(() => rm(directory, { recursive: true, force: true }));
  return () => directory;
}

function compile(project: string, ...options: string[]): Promise<unknown> {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  return run(process.execPath, [compiler, '-p', project, ...options]);
}

function sampleConfiguration(directory: string): object {
  const source = join(root, 'sample', 'src');
  const types = (path: string) => [join(directory, 'node_modules', NAME, 'dist', path)];
  const paths = {
    [NAME]: types('index.d.ts'),
    [`${NAME}/terminus`]: types('terminus/index.d.ts'),
    [`${NAME}/testing`]: types('testing/index.d.ts'),
  };
  return {
    extends: join(root, 'sample', 'tsconfig.build.json'),
    compilerOptions: {
      rootDir: source,
      outDir: join(directory, 'dist'),
      paths,
      typeRoots: [join(root, 'node_modules', '@types')],
    },
    include: [source],
  };
}

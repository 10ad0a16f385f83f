import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import type { TestProject } from 'vitest/node';
import { isFullLength } from '../support/length.js';
import makePairs from '../support/rsa-keys.js';

/*
 * The one build for all specs that need compiled code: library and sample, before the first spec of the project `system`.
 * It lies below node_modules/, so that the peers are found, and is kept for the next run with the same sources. At full
 * length it is what is published; `npm test` makes do with each file translated by itself, without types, in a tenth of
 * the time.
 */

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder that holds the compiled sample, and beneath its node_modules the library as an application finds it. */
    built: string;
  }
}

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const builds = join(root, 'node_modules', '.built');
const SOURCES = [
  'lib',
  'sample/src',
  'sample/public',
  'sample/.env',
  'package.json',
  'package-lock.json',
  'test/system/build.ts',
];
const HOUR_MS = 3_600_000;

/** Builds while the threads of crypto make the keys that the specs sign with. */
export default async function setUp(project: TestProject): Promise<void> {
  const [directory] = await Promise.all([build(), makePairs()]);
  project.provide('built', directory);
}

async function build(): Promise<string> {
  const directory = join(builds, `${await fingerprint()}${isFullLength ? '' : '-quick'}`);
  if (!(await exists(directory))) {
    await removeOldBuilds();
    await compileInto(directory);
  }
  return directory;
}

/** Under a name of its own first: a run beside this one sees a whole build or none. */
async function compileInto(directory: string): Promise<void> {
  const unfinished = `${directory}.${process.pid}`;
  const { name } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { name: string };
  const library = join(unfinished, 'node_modules', name);
  await mkdir(library, { recursive: true });
  await cp(join(root, 'package.json'), join(library, 'package.json'));
  const make = isFullLength ? compile : translate;
  await make(join(root, 'tsconfig.build.json'), join(library, 'dist'));
  await writeFile(join(unfinished, 'package.json'), JSON.stringify({ type: 'module' }));
  await cp(join(root, 'sample', '.env'), join(unfinished, '.env'));
  await cp(join(root, 'sample', 'public'), join(unfinished, 'public'), { recursive: true });
  const configuration = join(unfinished, 'tsconfig.json');
  await writeFile(configuration, JSON.stringify(await sampleConfiguration(unfinished, name)));
  await make(configuration, join(unfinished, 'dist'));
  await rename(unfinished, directory).catch(async (error: NodeJS.ErrnoException) => {
    await rm(unfinished, { recursive: true });
    if (!(await exists(directory))) throw error;
  });
}

async function compile(project: string, outDir: string): Promise<void> {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [compiler, '-p', project, '--outDir', outDir]).catch((error: { stdout?: string }) => {
    throw new Error(`The build for the tests failed.\n${error.stdout}`);
  });
}

/** Translates each file by itself. */
async function translate(project: string, outDir: string): Promise<void> {
  const { config } = ts.readConfigFile(project, (path) => ts.sys.readFile(path)) as { config: unknown };
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(project), { outDir }, project);
  const { rootDir = dirname(project) } = options;
  const compilerOptions = { ...options, module: ts.ModuleKind.ESNext, declaration: false };
  for (const fileName of fileNames.filter((name) => !name.endsWith('.d.ts'))) {
    // oxlint-disable-next-line no-await-in-loop -- the translation takes the time
    const { outputText } = ts.transpileModule(await readFile(fileName, 'utf8'), { fileName, compilerOptions });
    const to = join(outDir, relative(rootDir, fileName).replace(/ts$/, 'js'));
    // oxlint-disable-next-line no-await-in-loop
    await mkdir(dirname(to), { recursive: true });
    // oxlint-disable-next-line no-await-in-loop
    await writeFile(to, outputText);
  }
}

async function sampleConfiguration(directory: string, name: string): Promise<object> {
  const source = join(root, 'sample', 'src');
  const library = join(directory, 'node_modules', name);
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, { types?: string }>;
  };
  const entries = Object.entries(exports).flatMap(([entry, { types }]) =>
    types === undefined ? [] : [[join(name, entry), [join(library, types)]] as const],
  );
  return {
    extends: join(root, 'sample', 'tsconfig.build.json'),
    compilerOptions: {
      rootDir: source,
      outDir: join(directory, 'dist'),
      paths: Object.fromEntries(entries),
      typeRoots: [join(root, 'node_modules', '@types')],
    },
    include: [source],
  };
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of [...SOURCES, ...(await configurations())]) {
    // oxlint-disable-next-line no-await-in-loop -- in this order
    for (const file of await filesOf(join(root, source))) hash.update(file).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

async function configurations(): Promise<string[]> {
  const isConfiguration = (name: string) => /^tsconfig.*\.json$/.test(name);
  const [own, samples] = await Promise.all([readdir(root), readdir(join(root, 'sample'))]);
  return [...own.filter(isConfiguration), ...samples.filter(isConfiguration).map((name) => join('sample', name))];
}

/** A file, or all files beneath a folder, in an order that does not change. */
async function filesOf(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** Those of other sources, unless a run beside this one may use them. */
async function removeOldBuilds(): Promise<void> {
  await mkdir(builds, { recursive: true });
  for (const name of await readdir(builds)) {
    const directory = join(builds, name);
    // oxlint-disable-next-line no-await-in-loop -- a few
    const { mtimeMs } = await stat(directory);
    // oxlint-disable-next-line no-await-in-loop -- a few
    if (Date.now() - mtimeMs > HOUR_MS) await rm(directory, { recursive: true, force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

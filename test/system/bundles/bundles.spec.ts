import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import webpack from 'webpack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtLibrary } from '../../support/built-library.js';
import { isFullLength } from '../../support/length.js';

/*
 * Applications are bundled with the production defaults of esbuild and webpack: names are mangled and repeat, modules are
 * concatenated. Each class is injected, in a registration with a name and in one without, and must be itself.
 */

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
let workplace = '';

beforeAll(() => {
  // Inside of the repository, so that the bundlers find the peers in its node_modules.
  workplace = mkdtempSync(join(root, 'node_modules', '.bundles-'));
  cpSync(join(root, 'test/system/bundles/application.mjs'), join(workplace, 'application.mjs'));
});
afterAll(() => rmSync(workplace, { recursive: true, force: true }));

/** What Nest loads only where it is installed, and what this application does not use. */
const OPTIONAL = [
  '@nestjs/microservices',
  '@nestjs/websockets',
  '@nestjs/platform-express',
  'class-transformer',
  'class-validator',
  '@nestjs/terminus',
  '@opentelemetry/api',
];
/** Else both would find the sources, by the paths of the repository's tsconfig.json. */
const alias = () => ({ 'nestjs-mindsphere-credentials': join(builtLibrary(), 'index.js') });
const entry = () => join(workplace, 'application.mjs');

async function byEsbuild(minifyIdentifiers: boolean): Promise<string> {
  const outfile = join(workplace, `esbuild-${minifyIdentifiers}.mjs`);
  await build({
    entryPoints: [entry()],
    outfile,
    bundle: true,
    alias: alias(),
    platform: 'node',
    format: 'esm',
    minify: true,
    minifyIdentifiers,
    external: OPTIONAL.flatMap((name) => [name, `${name}/*`]),
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  return outfile;
}

async function byWebpack(): Promise<string> {
  const filename = 'webpack.mjs';
  const isExternal = (request: string) =>
    builtinModules.includes(request.replace(/^node:/, '')) ||
    OPTIONAL.some((name) => request === name || request.startsWith(`${name}/`));
  const compiler = webpack({
    mode: 'production',
    target: 'node20',
    entry: entry(),
    resolve: { alias: alias() },
    experiments: { outputModule: true },
    output: { path: workplace, filename, module: true, chunkFormat: 'module', library: { type: 'module' } },
    externals: [
      ({ request }, done) =>
        request !== undefined && isExternal(request) ? done(undefined, `module ${request}`) : done(),
    ],
    optimization: { concatenateModules: true, minimize: true },
    performance: { hints: false },
  });
  await new Promise<void>((resolve, reject) => {
    compiler?.run((error, stats) => {
      if (error !== null || stats?.hasErrors() === true) reject(error ?? new Error(stats?.toString('errors-only')));
      else resolve();
    });
  });
  return join(workplace, filename);
}

describe('a minified bundle', () => {
  it.each<[string, () => Promise<string>]>([
    ['by esbuild', () => byEsbuild(true)],
    ['by esbuild, which keeps names but gives some a number', () => byEsbuild(false)],
    // Takes longer than all the others together.
    ...(isFullLength
      ? [['by webpack, with its modules concatenated', byWebpack] as [string, () => Promise<string>]]
      : []),
  ])('injects each class as itself: %s', async (_, bundle) => {
    const file = await bundle();
    const { stdout } = await run(process.execPath, [file], { cwd: tmpdir(), maxBuffer: 1 << 24 });
    const { mangled, shown, ...rest } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
      mangled: boolean;
      shown: Record<string, string>;
    };
    // Otherwise the test would show nothing.
    expect(mangled).toBe(true);
    expect(rest).toEqual({ wrong: [], error: 'MindsphereCredentialsError', saysClass: true, log: 2 });
    for (const [label, name] of Object.entries(shown)) {
      const expected = label.split(' ')[0] === 'MindsphereCredentials' ? 'AppCredentials' : label.split(' ')[0];
      expect(name).toBe(expected);
    }
  });
});

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { withTable } from './markdown.mjs';
import { pack, root } from './packed-package.mjs';

/*
 * The packed package in fresh applications, over versions and ways to build: `npm run test:compat`. Each cell installs
 * the tarball and what it needs from the registry, compiles, starts, answers guarded requests, and runs a unit test.
 * Options, after `--`:
 *
 *   --list          prints the cells and ends
 *   --cells 1,2     these cells alone
 *   --ci            the two cells that CI runs, which differ in everything
 *   --latest        the newest releases of the same majors, instead of the exact versions below
 *   --keep          leaves the applications where they are, and says where
 *
 * A run of all cells writes its table into docs/compatibility.md. Status 1 if a cell failed.
 */

/** Every pair of values stands in at least two cells. [NestJS, Node, modules, platform, resolution, test runner] */
const CELLS = [
  [12, 22, 'CommonJS', 'Fastify', 'bundler', 'vitest'],
  [11, 24, 'ES modules', 'Express', 'nodenext', 'Jest'],
  [11, 20, 'ES modules', 'Express', 'bundler', 'vitest'],
  [12, 20, 'CommonJS', 'Fastify', 'nodenext', 'Jest'],
  [11, 22, 'ES modules', 'Fastify', 'nodenext', 'vitest'],
  [12, 24, 'CommonJS', 'Express', 'bundler', 'Jest'],
  [11, 22, 'CommonJS', 'Express', 'bundler', 'Jest'],
  [12, 24, 'ES modules', 'Fastify', 'bundler', 'vitest'],
  [12, 20, 'CommonJS', 'Express', 'nodenext', 'vitest'],
  [11, 20, 'ES modules', 'Fastify', 'bundler', 'Jest'],
  [11, 24, 'CommonJS', 'Fastify', 'nodenext', 'vitest'],
  [12, 22, 'ES modules', 'Express', 'nodenext', 'Jest'],
].map(([nest, node, modules, platform, resolution, runner], index) => ({
  id: index + 1,
  nest,
  node,
  modules,
  platform,
  resolution,
  runner,
}));

const CI_CELLS = [1, 2];

/** Node 20.19.0 is the oldest that the package is for. */
const NODE_VERSIONS = { 20: '20.19.0', 22: '22.23.3', 24: '24.21.0' };
const NEST_VERSIONS = {
  11: { framework: '11.2.10', axios: '4.0.1', testing: '11.2.6', fastify: '11.2.8' },
  12: { framework: '12.5.1', axios: '12.0.1', testing: '12.1.1', fastify: '12.5.0' },
};
const VERSIONS = {
  axios: '1.21.1',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
  '@types/node': '20.19.43',
};
const RUNNERS = {
  vitest: { vitest: '4.1.12', vite: '8.3.8' },
  Jest: { jest: '30.5.2', 'ts-jest': '29.4.15' },
};

const VITEST_CONFIG = `import { defineConfig } from 'vitest/config';

export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: { include: ['src/**/*.test.ts'] },
});
`;

const page = join(root, 'docs', 'compatibility.md');

const { values: options } = parseArgs({
  options: {
    list: { type: 'boolean', default: false },
    cells: { type: 'string' },
    ci: { type: 'boolean', default: false },
    latest: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

const chosen = chosenCells();
if (options.list) {
  console.log(table(chosen.map((cell) => ({ cell, typescript: typescriptOf(cell), outcome: '' }))));
} else {
  runAll();
}

function chosenCells() {
  const ids = options.ci ? CI_CELLS : options.cells?.split(',').map(Number);
  const cells = CELLS.filter(({ id }) => ids === undefined || ids.includes(id));
  if (cells.length === 0) throw new Error(`--cells must name some of 1 to ${CELLS.length}`);
  return cells;
}

function runAll() {
  const workplace = mkdtempSync(join(tmpdir(), 'compat-'));
  try {
    run(root, 'npm', ['run', '--silent', 'build']);
    const { tarball } = pack(workplace);
    const results = chosen.map((cell) => resultOf(cell, workplace, tarball));
    const text = table(results);
    console.log(`\n${text}\n`);
    const failed = results.filter(({ outcome }) => outcome !== 'passed').length;
    if (chosen.length === CELLS.length && !options.latest) writeTable(text);
    console.log(`${results.length - failed} of ${results.length} cells passed.`);
    process.exitCode = failed === 0 ? 0 : 1;
  } finally {
    if (options.keep) console.log(`The applications are in ${workplace}.`);
    else rmSync(workplace, { recursive: true, force: true });
  }
}

function resultOf(cell, workplace, tarball) {
  const began = Date.now();
  const application = join(workplace, `cell-${cell.id}`);
  const typescript = typescriptOf(cell);
  let step = 'write';
  try {
    write(cell, application, tarball, typescript);
    step = 'install';
    run(application, 'npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']);
    const node = nodeBinary(cell.node);
    const steps = {
      compile: () => run(application, node, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']),
      start: () => judge(run(application, node, ['--throw-deprecation', 'dist/main.js'], { quiet: true })),
      test: () => test(cell, application, node),
    };
    for (const [name, make] of Object.entries(steps)) {
      step = name;
      make();
    }
    console.log(`cell ${cell.id}: passed (${Math.round((Date.now() - began) / 1_000)} s)`);
    return { cell, typescript, outcome: 'passed' };
  } catch (error) {
    console.error(`cell ${cell.id}: FAILED at ${step}\n${error.message}`);
    return { cell, typescript, outcome: `failed: ${step}` };
  }
}

/** TypeScript 6 is the first that compiles CommonJS under the resolution `bundler`. */
function typescriptOf({ nest, modules, resolution }) {
  return nest === 12 || (modules === 'CommonJS' && resolution === 'bundler') ? '6.0.3' : '5.9.3';
}

function write(cell, application, tarball, typescript) {
  cpSync(join(root, 'test', 'system', 'compat', 'app'), application, { recursive: true });
  writeFileSync(join(application, 'package.json'), json(manifestOf(cell, tarball, typescript)));
  writeFileSync(join(application, 'tsconfig.json'), json(tsconfigOf(cell)));
  for (const [file, text] of Object.entries(variantsOf(cell))) writeFileSync(join(application, file), text);
}

function manifestOf({ nest, modules, platform, runner }, tarball, typescript) {
  const { framework, axios, testing, fastify } = NEST_VERSIONS[nest];
  const adapter =
    platform === 'Fastify' ? { '@nestjs/platform-fastify': fastify } : { '@nestjs/platform-express': framework };
  const versions = {
    '@nestjs/axios': axios,
    '@nestjs/common': framework,
    '@nestjs/core': framework,
    '@nestjs/testing': testing,
    ...adapter,
    ...VERSIONS,
    ...RUNNERS[runner],
  };
  const wanted = Object.entries(versions).map(([name, version]) => [name, options.latest ? `^${version}` : version]);
  return {
    private: true,
    type: modules === 'CommonJS' ? 'commonjs' : 'module',
    dependencies: { ...Object.fromEntries(wanted), typescript, 'nestjs-mindsphere-credentials': `file:${tarball}` },
  };
}

function tsconfigOf({ modules, resolution }) {
  const module = resolution === 'nodenext' ? 'nodenext' : modules === 'CommonJS' ? 'commonjs' : 'esnext';
  return {
    compilerOptions: {
      target: 'es2022',
      module,
      moduleResolution: resolution,
      lib: ['es2023'],
      types: ['node'],
      strict: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      isolatedModules: true,
      skipLibCheck: true,
      rootDir: 'src',
      outDir: 'dist',
    },
    include: ['src'],
  };
}

/** The files in which cells differ. */
function variantsOf(cell) {
  const { platform, runner } = cell;
  const files = {};
  if (platform === 'Fastify') {
    files['src/adapter.ts'] =
      "import { FastifyAdapter } from '@nestjs/platform-fastify';\n\nexport const makeAdapter = () => new FastifyAdapter();\n";
  }
  if (runner === 'Jest') {
    files['src/test-runner.ts'] = "export { expect, it } from '@jest/globals';\n";
    files['jest.config.cjs'] = `module.exports = ${json(jestConfigOf(cell))}`;
  } else {
    files['vitest.config.mts'] = VITEST_CONFIG;
  }
  return files;
}

/**
 * Jest has a module system of its own. It runs tests as CommonJS, for which ES modules in `node_modules` have to be
 * compiled, too; or as ES modules. NestJS 12 cannot be compiled to CommonJS (it asks for `import.meta`).
 */
function jestConfigOf(cell) {
  const common = {
    testEnvironment: 'node',
    testMatch: ['<rootDir>/src/**/*.test.ts'],
    moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  };
  if (testsAreEsModules(cell)) {
    const tsconfig = { ...tsconfigOf(cell).compilerOptions, module: 'esnext', moduleResolution: 'bundler' };
    return {
      ...common,
      extensionsToTreatAsEsm: ['.ts'],
      transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig }] },
    };
  }
  const tsconfig = { ...tsconfigOf(cell).compilerOptions, allowJs: true };
  return {
    ...common,
    transform: { '^.+\\.[tj]s$': ['ts-jest', { tsconfig }] },
    transformIgnorePatterns: ['/node_modules/(?!(nestjs-mindsphere-credentials|jose|@nestjs/axios)/)'],
  };
}

function testsAreEsModules({ nest, modules }) {
  return modules === 'ES modules' || nest === 12;
}

/** What the application answered, on its last line. */
function judge(output) {
  const { without, decorated, scoped, tokenRequests } = JSON.parse(output.trim().split('\n').at(-1));
  const plant = JSON.stringify({ user: 'plantco', token: 'plantco' });
  demand(without.status === 401, `a request without a token got ${without.status}`);
  for (const answer of [decorated, scoped]) {
    const got = `${answer.status} ${JSON.stringify(answer.body)}`;
    demand(got === `200 ${plant}`, `a request with a token got ${got}`);
  }
  demand(tokenRequests === 1, `${tokenRequests} token requests were made instead of one`);
}

function demand(isTrue, otherwise) {
  if (!isTrue) throw new Error(otherwise);
}

function test(cell, application, node) {
  if (cell.runner === 'vitest') return run(application, node, ['node_modules/vitest/vitest.mjs', 'run']);
  const flags = testsAreEsModules(cell) ? ['--experimental-vm-modules'] : [];
  return run(application, node, [...flags, 'node_modules/jest/bin/jest.js', '--ci']);
}

/** Node's own builds, from npm; the path that npx has put it to. */
function nodeBinary(major) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const version = options.latest ? String(major) : NODE_VERSIONS[major];
  const flags = ['--yes', '--prefer-offline', '--package', `${name}@${version}`, '--call', 'command -v node'];
  return run(tmpdir(), 'npx', flags).trim();
}

/** Runs a command; its words are shown only where it fails, or where it should have had none. */
function run(directory, command, flags, { quiet = false } = {}) {
  const env = { ...process.env, NO_COLOR: '1', CI: 'true', NODE_OPTIONS: '', NODE_ENV: 'test' };
  const { status, stdout, stderr, error } = spawnSync(command, flags, {
    cwd: directory,
    env,
    encoding: 'utf8',
    timeout: 300_000,
    maxBuffer: 64 * 1_024 * 1_024,
  });
  if (error !== undefined || status !== 0) throw new Error(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`);
  if (quiet && stderr !== '') throw new Error(`it warns: ${stderr}`);
  return stdout;
}

function table(results) {
  const head = ['Cell', 'NestJS', 'Node', 'Application', 'Platform', 'TypeScript', 'Unit test', 'Outcome'];
  const rows = results.map(({ cell, typescript, outcome }) => [
    cell.id,
    NEST_VERSIONS[cell.nest].framework,
    NODE_VERSIONS[cell.node],
    cell.modules,
    cell.platform,
    `${typescript}, \`${cell.resolution}\``,
    cell.runner,
    outcome,
  ]);
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function writeTable(text) {
  writeFileSync(page, withTable(readFileSync(page, 'utf8'), 'npm run test:compat', text));
}

function json(value) {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

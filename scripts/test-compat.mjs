import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { textOf, withTable } from './markdown.mjs';
import { pack, root } from './packed-package.mjs';

/*
 * The packed package in fresh applications, over versions and ways to build: `npm run test:compat`. Each cell installs
 * the tarball and what it needs from the registry, compiles, starts, answers guarded requests, and runs a unit test.
 * Options, after `--`:
 *
 *   --list          prints the cells and ends
 *   --cells 1,2     these cells alone
 *   --ci            the two cells that CI runs, which differ in all but the resolution
 *   --latest        the newest releases of the same majors, instead of the exact versions below
 *   --keep          leaves the applications where they are, and says where
 *
 * A run of all cells writes its table into docs/compatibility.md. Status 1 if a cell failed.
 */

/**
 * [NestJS, Node, modules, platform, TypeScript, resolution, test runner, Keyv]. Every pair of values stands in at least two
 * cells, a TypeScript with a Node in at least one; but for the pairs that are impossible.
 */
const CELLS = [
  [11, 20, 'ES modules', 'Fastify', 5, 'bundler', 'vitest', 5],
  [12, 26, 'CommonJS', 'Express', 6, 'bundler', 'Jest', 6],
  [12, 22, 'ES modules', 'Express', 7, 'nodenext', 'vitest', 6],
  [11, 20, 'CommonJS', 'Express', 6, 'nodenext', 'Jest', 5],
  [12, 24, 'ES modules', 'Fastify', 5, 'nodenext', 'vitest', 6],
  [11, 24, 'CommonJS', 'Express', 7, 'bundler', 'vitest', 6],
  [11, 26, 'ES modules', 'Express', 5, 'bundler', 'Jest', 6],
  [12, 24, 'CommonJS', 'Fastify', 6, 'bundler', 'Jest', 5],
  [12, 26, 'ES modules', 'Fastify', 6, 'nodenext', 'vitest', 5],
  [12, 20, 'ES modules', 'Fastify', 7, 'bundler', 'vitest', 5],
  [12, 22, 'CommonJS', 'Fastify', 5, 'nodenext', 'Jest', 5],
  [11, 24, 'ES modules', 'Express', 5, 'nodenext', 'Jest', 5],
  [11, 22, 'ES modules', 'Express', 6, 'bundler', 'Jest', 5],
  [12, 20, 'CommonJS', 'Express', 5, 'nodenext', 'Jest', 5],
  [11, 26, 'CommonJS', 'Fastify', 7, 'nodenext', 'vitest', 5],
  [11, 22, 'CommonJS', 'Fastify', 6, 'bundler', 'vitest', 6],
].map(([nest, node, modules, platform, typescript, resolution, runner, keyv], index) => ({
  id: index + 1,
  nest,
  node,
  modules,
  platform,
  typescript,
  resolution,
  runner,
  keyv,
}));

/**
 * ts-jest needs the compiler's interface, which TypeScript 7 does not have; Keyv 6 needs Node 22; TypeScript before 6 has no
 * resolution `bundler` for CommonJS.
 */
const IMPOSSIBLE = [
  { typescript: 7, runner: 'Jest' },
  { keyv: 6, node: 20 },
];

const CI_CELLS = [1, 2];

/** Node 20.19.0 is the oldest that the package is for. */
const NODE_VERSIONS = { 20: '20.19.0', 22: '22.23.3', 24: '24.21.0', 26: '26.12.1' };
const TYPESCRIPT_VERSIONS = { 5: '5.9.3', 6: '6.0.3', 7: '7.0.2' };
const KEYV_VERSIONS = { 5: '5.6.0', 6: '6.1.0' };
const NEST_VERSIONS = {
  11: { framework: '11.2.10', testing: '11.2.6', fastify: '11.2.8' },
  12: { framework: '12.5.1', testing: '12.1.1', fastify: '12.5.0' },
};
/** Nest's packages beside the framework; those of 12 are for NestJS 11, too, and are what `npm install` brings there. */
const BESIDE_NEST = {
  11: {
    '@nestjs/axios': '4.0.1',
    '@nestjs/config': '4.0.4',
    '@nestjs/schedule': '6.1.3',
    '@nestjs/terminus': '11.1.1',
  },
  12: {
    '@nestjs/axios': '12.0.1',
    '@nestjs/config': '12.0.1',
    '@nestjs/schedule': '12.0.2',
    '@nestjs/terminus': '12.1.0',
  },
};
const VERSIONS = {
  '@opentelemetry/api': '1.10.0',
  axios: '1.21.1',
  httpxy: '0.5.6',
  ioredis: '6.0.0',
  redis: '6.3.1',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
  '@types/node': '20.19.43',
};
const RUNNERS = {
  vitest: { vitest: '4.1.12', vite: '8.3.8' },
  Jest: { jest: '30.5.2', 'ts-jest': '29.4.15', '@swc/core': '1.16.22', '@swc/jest': '0.2.39' },
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

demandPairs();
const chosen = chosenCells();
if (options.list) {
  console.log(table(chosen.map((cell) => ({ cell, outcome: '' }))));
} else {
  runAll();
}

/** The cells cover what their comment claims. */
function demandPairs() {
  const columns = Object.keys(CELLS[0]).filter((name) => name !== 'id');
  const cellsWith = (pair) =>
    CELLS.filter((cell) => Object.entries(pair).every(([name, value]) => cell[name] === value));
  for (const [index, one] of columns.entries()) {
    for (const other of columns.slice(index + 1)) {
      const least = one === 'node' && other === 'typescript' ? 1 : 2;
      for (const pair of pairsOf(one, other)) {
        const isCovered = IMPOSSIBLE.some(isDeepStrictEqual.bind(undefined, pair)) || cellsWith(pair).length >= least;
        demand(isCovered, `${JSON.stringify(pair)} stands in too few cells`);
      }
    }
  }
}

function pairsOf(one, other) {
  const valuesOf = (name) => [...new Set(CELLS.map((cell) => cell[name]))];
  return valuesOf(one).flatMap((value) => valuesOf(other).map((second) => ({ [one]: value, [other]: second })));
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
  let step = 'write';
  try {
    write(cell, application, tarball);
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
    return { cell, outcome: 'passed' };
  } catch (error) {
    console.error(`cell ${cell.id}: FAILED at ${step}\n${error.message}`);
    return { cell, outcome: `failed: ${step}` };
  }
}

function write(cell, application, tarball) {
  cpSync(join(root, 'test', 'system', 'compat', 'app'), application, { recursive: true });
  writeFileSync(join(application, 'package.json'), json(manifestOf(cell, tarball)));
  writeFileSync(join(application, 'tsconfig.json'), json(tsconfigOf(cell)));
  for (const [file, text] of Object.entries(variantsOf(cell))) writeFileSync(join(application, file), text);
}

function manifestOf(cell, tarball) {
  const { nest, modules, platform, runner } = cell;
  const { framework, testing, fastify } = NEST_VERSIONS[nest];
  const adapter =
    platform === 'Fastify' ? { '@nestjs/platform-fastify': fastify } : { '@nestjs/platform-express': framework };
  const versions = {
    '@nestjs/common': framework,
    '@nestjs/core': framework,
    '@nestjs/testing': testing,
    keyv: KEYV_VERSIONS[cell.keyv],
    ...adapter,
    ...BESIDE_NEST[companionsOf(cell)],
    ...VERSIONS,
    ...RUNNERS[runner],
  };
  const wanted = Object.entries(versions).map(([name, version]) => [name, options.latest ? `^${version}` : version]);
  return {
    private: true,
    type: modules === 'CommonJS' ? 'commonjs' : 'module',
    dependencies: {
      ...Object.fromEntries(wanted),
      typescript: TYPESCRIPT_VERSIONS[cell.typescript],
      'nestjs-mindsphere-credentials': `file:${tarball}`,
    },
  };
}

/** The major of Nest's other packages: in CommonJS the newest, which are ES modules there, too. */
function companionsOf({ nest, modules }) {
  return modules === 'CommonJS' ? 12 : nest;
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
    files['jest.config.cjs'] = jestOf(cell).config;
  } else {
    files['vitest.config.mts'] = VITEST_CONFIG;
  }
  return files;
}

/** What docs/jest.md says for the kind of application: the configuration as it stands there, and the command. */
function jestOf({ nest, modules }) {
  const heading = nest === 12 || modules === 'ES modules' ? 'NestJS 12' : 'NestJS 11';
  const section = textOf('docs/jest.md')
    .split(/^## /m)
    .find((text) => text.startsWith(heading));
  const [, config] = /^```cjs\n(.*?)^```$/ms.exec(section) ?? [];
  const [, flags] = /\bnode (.*node_modules\/jest\/bin\/jest\.js)/.exec(section) ?? [];
  demand(config !== undefined && flags !== undefined, `docs/jest.md has no configuration or command for ${heading}`);
  return { config, flags: flags.split(' ') };
}

/** What the application answered, on its last line. */
function judge(output) {
  const answers = JSON.parse(output.trim().split('\n').at(-1));
  const { without, decorated, scoped, health, tokenRequests } = answers;
  const plant = JSON.stringify({ user: 'plantco', token: 'plantco' });
  demand(without.status === 401, `a request without a token got ${without.status}`);
  for (const answer of [decorated, scoped]) {
    const got = `${answer.status} ${JSON.stringify(answer.body)}`;
    demand(got === `200 ${plant}`, `a request with a token got ${got}`);
  }
  demand(answers.job === 'plantco', `a job got a token of ${answers.job}`);
  demand(answers.stored === 'value', `the store kept ${answers.stored}`);
  for (const status of [health.status, answers.gateway]) demand(status === 200, `the health was answered by ${status}`);
  demand(tokenRequests === 1, `${tokenRequests} token requests were made instead of one`);
}

function demand(isTrue, otherwise) {
  if (!isTrue) throw new Error(otherwise);
}

function test(cell, application, node) {
  if (cell.runner === 'vitest') return run(application, node, ['node_modules/vitest/vitest.mjs', 'run']);
  return run(application, node, [...jestOf(cell).flags, '--ci']);
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
  const head = ['Cell', 'NestJS', 'Node', 'Application', 'Platform', 'TypeScript', 'Keyv', 'Unit test', 'Outcome'];
  const rows = results.map(({ cell, outcome }) => [
    cell.id,
    NEST_VERSIONS[cell.nest].framework,
    NODE_VERSIONS[cell.node],
    cell.modules,
    cell.platform,
    `${TYPESCRIPT_VERSIONS[cell.typescript]}, \`${cell.resolution}\``,
    KEYV_VERSIONS[cell.keyv],
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

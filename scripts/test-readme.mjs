import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { blocksOf, brokenLinks, documents } from './markdown.mjs';
import { link, manifest, pack, root, unpack } from './packed-package.mjs';

/*
 * What the documents show works as it stands: `npm run test:readme`. Every `ts` block of README.md, CONTRIBUTING.md,
 * SECURITY.md and docs/*.md is compiled in an empty folder that holds the packed tarball, its peers and what an
 * application of NestJS has; JSON is parsed, JavaScript and shell lines are checked for their syntax. None is exempt.
 * Links between documents have to lead somewhere. Needs no network. Comments right before a block say how (nobody sees them on the page):
 *
 *   <!-- compile: with NAME -->         behind what test/system/readme/preludes/NAME.ts declares, or inside of it, where that
 *                                       file has the line `// <block>`
 *   <!-- compile: as NAME -->           as the file NAME.ts, which other blocks import as `./NAME.js`
 *   <!-- run: expect TEXT -->           is also run, has to end well and print TEXT
 *   <!-- run: with NAME, expect TEXT -->   the same for test/system/readme/harnesses/NAME.mjs, which finds the block's URL in
 *                                       the variable BLOCK
 */

/** What an application of NestJS has, beside the package and its peers. */
const OF_THE_APPLICATION = [
  '@nestjs/apollo',
  '@nestjs/graphql',
  '@nestjs/platform-express',
  '@nestjs/platform-fastify',
  '@nestjs/schedule',
  '@nestjs/swagger',
  '@nestjs/testing',
  '@types/node',
  'graphql-ws',
  'ky',
  'openapi-fetch',
  'vitest',
];
/** Checked by nothing here: pictures, other people's languages, and what is shown as it is printed. */
const NOT_CODE = new Set(['', 'mermaid', 'text', 'html', 'java', 'python', 'dockerfile', 'http', 'diff']);

const TSCONFIG = {
  compilerOptions: {
    target: 'es2022',
    module: 'nodenext',
    lib: ['es2023'],
    types: ['node'],
    strict: true,
    // Applications may be stricter than `strict`: what the documents show compiles there, too.
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    skipLibCheck: true,
    sourceMap: true,
    outDir: 'dist',
    rootDir: 'src',
  },
  include: ['src'],
};

/** What is wrong with a text, by language; nothing where nothing is. */
const CHECKS = {
  json: (text) => {
    try {
      JSON.parse(text);
      return undefined;
    } catch (error) {
      return error.message;
    }
  },
  sh: (text) => faultOf('bash', ['-n'], text),
  js: (text) => faultOf(process.execPath, ['--check', '--input-type=module', '-'], text),
  cjs: (text) => faultOf(process.execPath, ['--check', '--input-type=commonjs', '-'], text),
  yaml: (text) => (/\t/.test(text) ? 'YAML has no tabs' : undefined),
};

const preludes = join(root, 'test', 'system', 'readme', 'preludes');
/** Modules that blocks import by name and that no document shows. */
const files = join(root, 'test', 'system', 'readme', 'files');
const harnesses = join(root, 'test', 'system', 'readme', 'harnesses');
const faults = [];
const done = { compiled: 0, run: 0, checked: 0, shown: 0 };
const workplace = mkdtempSync(join(tmpdir(), 'test-readme-'));

try {
  const blocks = documents().flatMap(blocksOf);
  prepare();
  const sources = blocks.filter(({ language }) => language === 'ts').map(sourceOf);
  compile(sources);
  for (const source of sources) if (source.run !== undefined) runBlock(source);
  for (const block of blocks) if (block.language !== 'ts') check(block);
  for (const file of documents()) {
    for (const target of brokenLinks(file)) faults.push(`${file}: ${target} leads nowhere`);
  }
} finally {
  if (process.env.KEEP === undefined) rmSync(workplace, { recursive: true, force: true });
  else console.log(`The blocks are in ${workplace}.`);
}

for (const fault of faults) console.error(`FAULT  ${fault}`);
console.log(
  `${done.compiled} blocks compiled, ${done.run} of them run; ${done.checked} checked for their syntax, ${done.shown} only shown.`,
);
process.exitCode = faults.length === 0 ? 0 : 1;

/** An empty folder with the package in it, and nothing else that an application would not have. */
function prepare() {
  unpack(pack(workplace).tarball, workplace);
  const { dependencies, peerDependencies } = manifest;
  for (const name of Object.keys({ ...dependencies, ...peerDependencies })) link(name, workplace);
  for (const name of OF_THE_APPLICATION) if (existsSync(join(root, 'node_modules', name))) link(name, workplace);
  cpSync(files, join(workplace, 'src'), { recursive: true });
  writeFileSync(join(workplace, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(workplace, 'tsconfig.json'), JSON.stringify(TSCONFIG));
}

/** Writes a block as a module of its own, and remembers where each of its lines came from. */
function sourceOf(block) {
  const { as, with: prelude } = wordsOf(block, 'compile');
  const [before, after] = preludeOf(block, prelude);
  const name = as ?? `${block.file.replaceAll(/[^A-Za-z0-9]/g, '-')}-${block.line}`;
  const path = join('src', `${name}.ts`);
  if (existsSync(join(workplace, path))) faults.push(`${placeOf(block)}: there is another ${name}`);
  // A block without imports would else share its names with all others.
  writeFileSync(join(workplace, path), `${before}${block.text}\n${after}\nexport {};\n`);
  return { block, path, offset: before.split('\n').length - 1, run: runOf(block) };
}

function preludeOf(block, name) {
  if (name === undefined) return ['', ''];
  const file = join(preludes, `${name}.ts`);
  if (!existsSync(file)) {
    faults.push(`${placeOf(block)}: there is no prelude ${name}`);
    return ['', ''];
  }
  const [before, after = ''] = readFileSync(file, 'utf8').split(/^ *\/\/ <block>\n/m);
  return [before, after];
}

function runOf(block) {
  const words = wordsOf(block, 'run');
  if (words.expect !== undefined) return words;
  if (block.comments.some((comment) => comment.startsWith('run:'))) {
    faults.push(`${placeOf(block)}: a run expects something`);
  }
  return undefined;
}

/** `with a, expect b c` as `{ with: 'a', expect: 'b c' }`. */
function wordsOf({ comments }, kind) {
  const comment = comments.find((text) => text.startsWith(`${kind}:`)) ?? `${kind}:`;
  const parts = comment.slice(kind.length + 1).split(',');
  return Object.fromEntries(
    parts.map((part) => /^\s*(\w+)\s+(.*?)\s*$/.exec(part)?.slice(1, 3)).filter((pair) => pair !== undefined),
  );
}

function compile(sources) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = start([tsc, '-p', 'tsconfig.json', '--pretty', 'false']);
  done.compiled = sources.length;
  for (const line of stdout.split('\n').filter(Boolean)) faults.push(translated(line, sources));
}

/** A compiler's line, with the place in the document for the place in the folder. */
function translated(line, sources) {
  const [, path, number, message] = /^(\S+?)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
  const source = sources.find((one) => one.path === path);
  if (source === undefined) return line;
  return `${source.block.file}:${Number(number) - source.offset + source.block.line - 1}: ${message}`;
}

function runBlock({ block, path, run: { expect, with: harness } }) {
  const compiled = join(workplace, 'dist', basename(path).replace(/\.ts$/, '.js'));
  const file = harness === undefined ? compiled : join(workplace, `${harness}.mjs`);
  if (harness !== undefined) cpSync(join(harnesses, `${harness}.mjs`), file);
  const { status, stdout, stderr } = start(['--enable-source-maps', file], { BLOCK: `file://${compiled}` });
  done.run += 1;
  if (status !== 0) faults.push(`${placeOf(block)}: it ends with status ${status}: ${stderr}`);
  else if (!stdout.includes(expect)) faults.push(`${placeOf(block)}: it prints ${JSON.stringify(stdout)}`);
}

function start(flags, variables = {}) {
  const env = { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', NODE_ENV: 'test', ...variables };
  return spawnSync(process.execPath, flags, { cwd: workplace, env, encoding: 'utf8', timeout: 60_000 });
}

function check(block) {
  const judge = CHECKS[block.language];
  if (judge !== undefined) {
    const fault = judge(block.text);
    done.checked += 1;
    if (fault) faults.push(`${placeOf(block)}: ${fault}`);
  } else if (NOT_CODE.has(block.language)) done.shown += 1;
  else faults.push(`${placeOf(block)}: nothing here checks ${block.language}; TypeScript is called ts`);
}

function faultOf(command, flags, input) {
  const { status, stderr } = spawnSync(command, flags, { input, encoding: 'utf8', timeout: 20_000 });
  return status === 0 ? undefined : stderr;
}

function placeOf({ file, line }) {
  return `${file}:${line}`;
}

import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { moduleStateIn, placesOfState, platformLiteralsIn, sourcesIn } from './source-rules.mjs';

/*
 * `npm run check:architecture`: imports run one way, by the rules of .dependency-cruiser.cjs; literals of a platform stand
 * in lib/platform/ alone; state of the process stands only where docs/architecture.md lists it. Then every rule has to
 * prove itself: violations are planted, of imports in a copy of the sources, and a rule that does not notice its own is a
 * fault, too. Status 1 if something is wrong.
 */

const root = resolve(import.meta.dirname, '..');
const CRUISED = ['lib', 'test', 'sample/src'];
const rules = createRequire(import.meta.url)('../.dependency-cruiser.cjs').forbidden.map(({ name }) => name);

/** Where an import is planted, and of what; by the rule that has to notice it. */
const PLANTS = {
  'no-cycles': ['lib/errors/mindsphere-credentials.error.ts', './planted-cycle.js'],
  'no-unknown-stage': ['lib/index.ts', './planted/planted.js'],
  'errors-imports-only-what-lies-below': ['lib/errors/mindsphere-credentials.error.ts', '../token/token-cache.js'],
  'util-imports-only-what-lies-below': ['lib/util/clock.ts', '../errors/mindsphere-credentials.error.js'],
  'platform-imports-only-what-lies-below': ['lib/platform/planted.ts', '../config/read-section.js'],
  'telemetry-imports-only-what-lies-below': ['lib/telemetry/planted.ts', '../token/token-cache.js'],
  'config-imports-only-what-lies-below': ['lib/config/read-section.ts', '../token/token-cache.js'],
  'transport-imports-only-what-lies-below': ['lib/transport/planted.ts', '../token/token-cache.js'],
  'token-imports-only-what-lies-below': ['lib/token/token-cache.ts', '../credentials/app.credentials.js'],
  'store-imports-only-what-lies-below': ['lib/store/planted.ts', '../token/token-cache.js'],
  'sharing-imports-only-what-lies-below': ['lib/sharing/planted.ts', '../credentials/app.credentials.js'],
  'verification-imports-only-what-lies-below': ['lib/verification/refused.ts', '../credentials/app.credentials.js'],
  'users-imports-only-what-lies-below': ['lib/users/presented-token.ts', '../credentials/app.credentials.js'],
  'credentials-imports-only-what-lies-below': ['lib/credentials/app.credentials.ts', '../guard/route-rules.js'],
  'registration-imports-only-what-lies-below': ['lib/registration/registrations.ts', '../token/token-cache.js'],
  'guard-imports-only-what-lies-below': ['lib/guard/route-rules.ts', '../testing/index.js'],
  'http-imports-only-what-lies-below': ['lib/http/planted.ts', '../guard/route-rules.js'],
  'terminus-imports-only-what-lies-below': ['lib/terminus/planted.ts', '../guard/route-rules.js'],
  'opentelemetry-imports-only-what-lies-below': ['lib/opentelemetry/planted.ts', '../guard/route-rules.js'],
  'mindconnect-imports-only-what-lies-below': ['lib/mindconnect/planted.ts', '../guard/route-rules.js'],
  'root-files-only-wire': ['lib/index.ts', './testing/index.js'],
  'testing-wires-nothing': ['lib/testing/index.ts', '../index.js'],
  'redis-only-at-home': ['lib/token/token-cache.ts', 'redis'],
  'keyv-only-at-home': ['lib/token/token-cache.ts', 'keyv'],
  '@mindconnect/mindconnect-nodejs-only-at-home': ['lib/token/token-cache.ts', '@mindconnect/mindconnect-nodejs'],
  '@nestjs/terminus-only-at-home': ['lib/token/token-cache.ts', '@nestjs/terminus'],
  '@opentelemetry/api-only-at-home': ['lib/token/token-cache.ts', '@opentelemetry/api'],
  'httpxy-only-at-home': ['lib/testing/index.ts', 'httpxy'],
  '@nestjs/config-only-at-home': ['lib/config/environment.ts', '@nestjs/config'],
  'lib-is-self-contained': ['lib/token/token-cache.ts', '../../test/support/leaks.js'],
  'lib-declares-what-it-imports': ['lib/token/token-cache.ts', 'fast-check'],
  resolvable: ['lib/token/token-cache.ts', './planted-nowhere.js'],
  'model-is-independent': ['test/system/model/refresh-model.ts', '../../../lib/token/token-cache.js'],
  'stub-platform-is-independent': ['test/support/stub-platform.ts', '../../lib/token/token-cache.js'],
  'sample-is-an-application': ['sample/src/operator.ts', '../../lib/index.js'],
};

/** What planted imports lead to. */
const SEEDS = {
  'lib/errors/planted-cycle.ts': './mindsphere-credentials.error.js',
  'lib/planted/planted.ts': undefined,
};

/** Code that the rule for literals of a platform has to notice, and code that it has to let be. */
const LITERALS = {
  noticed: [
    'const url = `https://gateway.${region}.example`;',
    "const domain = 'mindsphere.io';",
    "const tenant = 'core';",
    "const path = '/api/technicaltokenmanager/v3/oauth/token';",
    "const path = '/api/assetmanagement/v3/assets';",
    'const slash = /\\/api\\/eventmanagement/;',
    "const tenant = claims['ten'];",
    "const tenant = claims['subtenant'];",
    'const { ten } = claims;',
    "const header = 'X-SPACE-AUTH-KEY';",
    "const action = { 'iam-action': value };",
    "const user = claims['sws.samauth.ten.user'];",
    'const host = /\\.sws\\.siemens\\.com$/;',
    'const id = `${service}-1000001700`;',
  ],
  innocent: [
    '// claim `ten` of mindsphere.io',
    "import { x } from './user_id.js';",
    "type T = Pick<X, 'subtenant'>;",
    "const message = 'The gateway of this platform takes no path below /api.';",
  ],
};

/** The same of the rule for state of modules. */
const STATE = {
  noticed: [
    'let count = 0;',
    'const known = new Map<string, string>();',
    'const marks: WeakMap<object, string> = new WeakMap();',
    'const held = { all: new Set() };',
    'const list = [];',
    "const names = ['a'];",
    'const cache = {};',
    'const running = new AsyncLocalStorage<object>();',
    'const reporter = new Reporter();',
    'const background = asyncContext(1);',
    'class A { static known = 1; }',
    'class A { static readonly known = new Map<string, string>(); }',
    'class A { static { known = 1; } }',
    'function patch() { Injector.prototype.resolve = mine; }',
    'function mark() { Reflect.defineMetadata(key, value, Foreign); }',
    'globalThis.fetch = mine;',
  ],
  innocent: [
    "const names: readonly string[] = ['a'];",
    "const names = ['a'] as const;",
    'const statuses: ReadonlySet<number> = new Set([301]);',
    "const KEY = Symbol('a');",
    'function f() { const seen = new Map(); let n = 0; return [seen, n]; }',
    'class A { readonly #known = new Map<string, string>(); }',
    "class A { static readonly [CLASS_NAME]: string = 'A'; }",
  ],
};

const sources = sourcesIn(join(root, 'lib'));
const literals = sources.flatMap(([file, source]) => faultsOf(file, platformLiteralsIn(file, source)));
for (const fault of literals) console.error(`FAULT  a literal of a platform outside of lib/platform/: ${fault}`);

const listed = new Set(placesOfState(readFileSync(join(root, 'docs', 'architecture.md'), 'utf8')));
const holders = sources.filter(([file, source]) => moduleStateIn(file, source).length > 0);
const unlisted = holders
  .filter(([file]) => !listed.has(file))
  .flatMap(([file, source]) => faultsOf(file, moduleStateIn(file, source)));
for (const fault of unlisted)
  console.error(`FAULT  state that belongs to the process, and is not listed in docs/architecture.md: ${fault}`);
const gone = [...listed].filter((file) => !holders.some(([holder]) => holder === file));
for (const file of gone) console.error(`FAULT  docs/architecture.md lists state in lib/${file}, which has none`);

const misjudged = [...misjudgedBy(platformLiteralsIn, LITERALS), ...misjudgedBy(moduleStateIn, STATE)];
for (const source of misjudged) console.error(`FAULT  a rule of scripts/source-rules.mjs misjudges: ${source}`);

const found = violationsIn(root);
for (const { rule, from, to } of found) console.error(`FAULT  ${rule.name}: ${from} imports ${to}`);

const unnoticed = unnoticedPlants();
for (const name of unnoticed) console.error(`FAULT  the rule '${name}' does not notice its planted import`);

const faults = [literals, unlisted, gone, misjudged, found, unnoticed].flat().length;
if (faults === 0) {
  console.log(`Imports run one way: ${rules.length} rules hold, and each noticed its planted import.`);
  console.log(
    `Literals of platforms stand in lib/platform/ alone; state of the process in ${listed.size} files, as listed.`,
  );
}
process.exitCode = faults === 0 ? 0 : 1;

function faultsOf(file, lines) {
  return lines.map((line) => `lib/${file}:${line}`);
}

function misjudgedBy(rule, { noticed, innocent }) {
  const isNoticed = (source) => rule('planted.ts', source).length > 0;
  return [...noticed.filter((source) => !isNoticed(source)), ...innocent.filter(isNoticed)];
}

function violationsIn(directory) {
  const depcruise = join(root, 'node_modules', '.bin', 'depcruise');
  const { stdout, stderr, error } = spawnSync(depcruise, [...CRUISED, '--output-type', 'json'], {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: 256 * 1_024 * 1_024,
    timeout: 120_000,
  });
  try {
    return JSON.parse(stdout).summary.violations;
  } catch {
    throw new Error(`dependency-cruiser said: ${stderr || error?.message}`);
  }
}

function unnoticedPlants() {
  const workplace = mkdtempSync(join(tmpdir(), 'architecture-'));
  try {
    for (const name of ['lib', 'test', 'sample', 'tsconfig.json', 'package.json', '.dependency-cruiser.cjs']) {
      cpSync(join(root, name), join(workplace, name), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(workplace, 'node_modules'), 'dir');
    for (const [file, specifier] of [...Object.entries(SEEDS), ...Object.values(PLANTS)]) {
      plant(join(workplace, file), specifier);
    }
    const noticed = new Set(violationsIn(workplace).map(({ rule, from }) => `${rule.name} ${from}`));
    return rules.filter((name) => !noticed.has(`${name} ${PLANTS[name]?.[0]}`));
  } finally {
    rmSync(workplace, { recursive: true, force: true });
  }
}

function plant(file, specifier) {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, specifier === undefined ? 'export {};\n' : `export * as planted from '${specifier}';\n`);
}

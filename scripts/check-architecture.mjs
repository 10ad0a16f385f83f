import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/*
 * `npm run check:architecture`: imports run one way, by the rules of .dependency-cruiser.cjs. Then every rule has to
 * prove itself: in a copy of the sources one import is planted for each, and the rule that does not notice its own is a
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

const found = violationsIn(root);
for (const { rule, from, to } of found) console.error(`FAULT  ${rule.name}: ${from} imports ${to}`);

const unnoticed = unnoticedPlants();
for (const name of unnoticed) console.error(`FAULT  the rule '${name}' does not notice its planted import`);

const faults = found.length + unnoticed.length;
if (faults === 0) console.log(`Imports run one way: ${rules.length} rules hold, and each noticed its planted import.`);
process.exitCode = faults === 0 ? 0 : 1;

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

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/*
 * Judges the package as it would be published: packs what has been built, lints the tarball, looks at what is in it,
 * and loads every entry point from it, by `import` and by `require()`. Needs no network. Status 1 if something is wrong.
 */

/** What each entry point exports beside types; more is no fault, less is. */
const ENTRY_POINTS = {
  '.': [
    'AccessToken',
    'AppCredentials',
    'CurrentAppCredentials',
    'CurrentUserToken',
    'InjectCredentials',
    'MindsphereCredentials',
    'MindsphereCredentialsError',
    'MindsphereCredentialsFactory',
    'MindsphereCredentialsModule',
    'MindsphereExceptionFilter',
    'Public',
    'RequireScopes',
    'TenantCredentials',
    'TokenVerifier',
    'UserToken',
    'UserTokenGuard',
    'getCredentialsToken',
    'mindsphereOptionsFromConfig',
  ],
  './testing': ['MindsphereEmulator', 'fakeAccessToken', 'fakeCredentials', 'fakeUserToken'],
  './redis': ['RedisTokenStore'],
  './keyv': ['KeyvTokenStore'],
};

const ALLOWED = /^(?:dist\/.+\.(?:js|js\.map|d\.ts)|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/;
const DEMANDED = ['README.md', 'LICENSE', 'CHANGELOG.md', 'package.json', 'dist/index.js', 'dist/index.d.ts'];
const NOT_SHIPPED = /(?:^|\/)(?:test|tests|sample|bench)\/|\.(?:spec|test)\./;

const root = resolve(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const faults = [];

const workplace = mkdtempSync(join(tmpdir(), 'check-package-'));
try {
  const { tarball, files, size, unpackedSize } = pack();
  lint(tarball);
  checkFiles(files);
  install(tarball);
  for (const [entryPoint, names] of Object.entries(ENTRY_POINTS)) checkEntryPoint(entryPoint, names);
  checkEntryPointList();
  const dependencies = Object.keys(manifest.dependencies ?? {});
  console.log(`size          ${kilobytes(size)} packed, ${kilobytes(unpackedSize)} unpacked`);
  console.log(`files         ${files.length}`);
  console.log(`dependencies  ${dependencies.length} (${dependencies.join(', ')})`);
} finally {
  rmSync(workplace, { recursive: true, force: true });
}

for (const fault of faults) console.error(`FAULT  ${fault}`);
console.log(faults.length === 0 ? 'The package is in order.' : `The package has ${faults.length} fault(s).`);
process.exitCode = faults.length === 0 ? 0 : 1;

/** Packs what has been built; `prepack` would build it a second time. */
function pack() {
  const flags = ['pack', '--ignore-scripts', '--json', '--pack-destination', workplace];
  const [packed] = JSON.parse(run('npm', flags, { stdio: ['ignore', 'pipe', 'ignore'] }));
  return { ...packed, files: packed.files.map(({ path }) => path), tarball: join(workplace, packed.filename) };
}

function lint(tarball) {
  tool('publint', ['run', tarball, '--strict']);
  tool('attw', [tarball, '--profile', 'esm-only', '--no-definitely-typed', '--no-emoji', '--no-color']);
}

/** Runs a package check from node_modules; its words are shown only where it finds something. */
function tool(name, flags) {
  try {
    run(join(root, 'node_modules', '.bin', name), flags, { stdio: 'pipe' });
    console.log(`${name.padEnd(12)}  clean`);
  } catch (error) {
    console.error(`${error.stdout ?? ''}${error.stderr ?? error.message}`);
    faults.push(`${name} is not content`);
  }
}

function checkFiles(files) {
  for (const file of files.filter((path) => !ALLOWED.test(path) || NOT_SHIPPED.test(path))) {
    faults.push(`${file} has no business in the package`);
  }
  for (const file of DEMANDED.filter((path) => !files.includes(path))) faults.push(`${file} is missing`);
  for (const file of files.filter((path) => path.endsWith('.js'))) {
    for (const companion of [file.replace(/\.js$/, '.d.ts'), `${file}.map`]) {
      if (!files.includes(companion)) faults.push(`${companion} is missing`);
    }
  }
}

/** Unpacks it beside its declared dependencies and peers alone: what is optional or undeclared must not be needed. */
function install(tarball) {
  const { dependencies, peerDependencies, peerDependenciesMeta = {} } = manifest;
  const needed = Object.keys({ ...dependencies, ...peerDependencies });
  for (const name of needed.filter((peer) => !peerDependenciesMeta[peer]?.optional)) {
    const link = join(workplace, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link, 'dir');
  }
  const target = join(workplace, 'node_modules', manifest.name);
  mkdirSync(target, { recursive: true });
  run('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
}

function checkEntryPoint(entryPoint, names) {
  const specifier = manifest.name + entryPoint.slice(1);
  const imported = load('module', `import * as loaded from '${specifier}';`, specifier);
  const required = load('commonjs', `const loaded = require('${specifier}');`, specifier);
  for (const [way, exported] of Object.entries({ import: imported, require: required })) {
    const missing = names.filter((name) => !exported.includes(name));
    if (missing.length > 0) faults.push(`${way} of '${specifier}' lacks ${missing.join(', ')}`);
  }
  console.log(`${'loaded'.padEnd(12)}  ${specifier} (${imported.length} exports)`);
}

/** The names that an application gets. Warnings count as faults: nobody wants them at each start. */
function load(inputType, statement, specifier) {
  const script = `${statement} console.log(JSON.stringify(Object.keys(loaded)));`;
  const flags = ['--throw-deprecation', '--trace-warnings', `--input-type=${inputType}`, '--eval', script];
  try {
    const warnings = join(workplace, 'warnings.txt');
    const env = { ...process.env, NODE_OPTIONS: '', NODE_REDIRECT_WARNINGS: warnings };
    rmSync(warnings, { force: true });
    const exported = JSON.parse(run(process.execPath, flags, { cwd: workplace, env, stdio: 'pipe' }));
    for (const line of linesOf(warnings)) faults.push(`'${specifier}' as ${inputType} warns: ${line}`);
    return exported;
  } catch (error) {
    faults.push(`'${specifier}' does not load as ${inputType}: ${error.stderr || error.message}`);
    return [];
  }
}

function linesOf(path) {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean).slice(0, 1);
  } catch {
    return [];
  }
}

/** A new entry point shall not go unchecked. */
function checkEntryPointList() {
  for (const entryPoint of Object.keys(manifest.exports)) {
    if (entryPoint !== './package.json' && !(entryPoint in ENTRY_POINTS)) faults.push(`${entryPoint} is not checked`);
  }
}

function run(command, flags, options = {}) {
  return execFileSync(command, flags, { cwd: root, encoding: 'utf8', timeout: 120_000, ...options });
}

function kilobytes(bytes) {
  return `${(bytes / 1_000).toFixed(1)} kB`;
}

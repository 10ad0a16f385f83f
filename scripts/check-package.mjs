import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linksOf } from './markdown.mjs';
import { isOptional, link, manifest, pack, root, run, unpack } from './packed-package.mjs';

/*
 * Judges the package as it would be published: packs what has been built, lints the tarball, looks at what is in it,
 * loads every entry point from it, by `import` and by `require()`, and starts every command. Needs no network. Status 1
 * if something is wrong.
 */

/** What each entry point exports beside types. Less breaks applications; more is a promise that nobody meant to make. */
const ENTRY_POINTS = {
  '.': [
    'AccessToken',
    'AppCredentials',
    'CurrentAppCredentials',
    'CurrentUser',
    'CurrentUserMiddleware',
    'CurrentUserToken',
    'IS_PUBLIC_KEY',
    'InjectCredentials',
    'MindsphereApiExceptionFilter',
    'MindsphereCredentials',
    'MindsphereCredentialsError',
    'MindsphereCredentialsEvents',
    'MindsphereCredentialsFactory',
    'MindsphereCredentialsModule',
    'MindsphereExceptionFilter',
    'MindsphereHttpClient',
    'MindsphereHttpService',
    'Public',
    'REGISTRATION_KEY',
    'REQUIRED_SCOPES_KEY',
    'RequireScopes',
    'TenantCredentials',
    'TokenVerifier',
    'UseRegistration',
    'UserToken',
    'UserTokenGuard',
    'getCredentialsToken',
    'mindsphereOptionsFromConfig',
  ],
  './keyv': ['KeyvTokenStore'],
  './mindconnect': ['mindconnectAuth'],
  './opentelemetry': [
    'INSTRUMENTATION_PROVIDERS',
    'MindsphereCredentialsInstrumentation',
    'createMindsphereInstrumentation',
  ],
  './redis': ['RedisTokenStore'],
  './terminus': ['MindsphereHealthIndicator', 'createMindsphereHealthIndicator'],
  './testing': ['MindsphereEmulator', 'fakeAccessToken', 'fakeCredentials', 'fakeTokenVerifier', 'fakeUserToken'],
};

/** The optional peer that an entry point is for. */
const PEER_OF = {
  './redis': 'redis',
  './keyv': 'keyv',
  './mindconnect': '@mindconnect/mindconnect-nodejs',
  './terminus': '@nestjs/terminus',
  './opentelemetry': '@opentelemetry/api',
};

const ALLOWED =
  /^(?:dist\/.+\.(?:js|js\.map|d\.ts)|schematics\/[\w-]+\.json|docs\/[\w-]+\.md|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|package\.json)$/;
const DEMANDED = [
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'SECURITY.md',
  'package.json',
  'dist/index.js',
  'dist/index.d.ts',
  'docs/user-or-technical-token.md',
];
const NOT_SHIPPED = /(?:^|\/)(?:test|tests|sample|bench)\/|\.(?:spec|test)\./;

const faults = [];

const workplace = mkdtempSync(join(tmpdir(), 'check-package-'));
try {
  const { tarball, files, size, unpackedSize } = pack(workplace);
  lint(tarball);
  checkFiles(files);
  checkLinks(files);
  install(tarball);
  for (const [entryPoint, names] of Object.entries(ENTRY_POINTS)) checkEntryPoint(entryPoint, names);
  checkEntryPointList();
  checkTypesOfOldResolution();
  for (const [name, path] of Object.entries(commands())) checkCommand(name, path);
  checkManifest();
  const dependencies = Object.keys(manifest.dependencies ?? {});
  const peers = Object.keys(manifest.peerDependencies ?? {});
  const optional = peers.filter(isOptional);
  console.log(`size          ${kilobytes(size)} packed, ${kilobytes(unpackedSize)} unpacked`);
  console.log(`files         ${files.length}`);
  console.log(
    `dependencies  ${dependencies.length} (${dependencies.join(', ')}), ${installed(dependencies).size} with their own`,
  );
  console.log(`peers         ${peers.length}, of which optional ${optional.length} (${optional.join(', ')})`);
} finally {
  rmSync(workplace, { recursive: true, force: true });
}

for (const fault of faults) console.error(`FAULT  ${fault}`);
console.log(faults.length === 0 ? 'The package is in order.' : `The package has ${faults.length} fault(s).`);
process.exitCode = faults.length === 0 ? 0 : 1;

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

/** What a document of the package links to is in the package, or a full URL. */
function checkLinks(files) {
  for (const file of files.filter((path) => path.endsWith('.md'))) {
    for (const { link: target, path } of linksOf(file)) {
      if (path !== undefined && !files.includes(path))
        faults.push(`${file} links to ${target}, which is not in the package`);
    }
  }
}

/** Unpacks it beside its declared dependencies and peers alone: what is optional or undeclared must not be needed. */
function install(tarball) {
  const { dependencies, peerDependencies } = manifest;
  for (const name of Object.keys({ ...dependencies, ...peerDependencies }))
    if (!isOptional(name)) link(name, workplace);
  unpack(tarball, workplace);
}

/** An entry point named after what an optional peer is for may load that peer; all others must do without. */
function checkEntryPoint(entryPoint, names) {
  const specifier = manifest.name + entryPoint.slice(1);
  const peer = PEER_OF[entryPoint];
  if (peer !== undefined) link(peer, workplace);
  const imported = load('module', `import * as loaded from '${specifier}';`, specifier);
  const required = load('commonjs', `const loaded = require('${specifier}');`, specifier);
  for (const [way, exported] of Object.entries({ import: imported, require: required })) {
    const missing = names.filter((name) => !exported.includes(name));
    if (missing.length > 0) faults.push(`${way} of '${specifier}' lacks ${missing.join(', ')}`);
    const unlisted = exported.filter((name) => !names.includes(name) && name !== 'module.exports');
    if (unlisted.length > 0) faults.push(`${way} of '${specifier}' has ${unlisted.join(', ')}, which is not listed`);
  }
  if (peer !== undefined) rmSync(join(workplace, 'node_modules', peer), { force: true });
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

/**
 * `moduleResolution: node10`, the default of CommonJS projects before TypeScript 6, does not read `exports`: it finds types
 * by `types` and `typesVersions`.
 */
function checkTypesOfOldResolution() {
  const compilerOptions = {
    target: 'es2022',
    module: 'commonjs',
    moduleResolution: 'node10',
    ignoreDeprecations: '6.0',
    strict: true,
    experimentalDecorators: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
  };
  const entries = Object.entries(ENTRY_POINTS);
  for (const peer of Object.values(PEER_OF)) link(peer, workplace);
  // Each name is used as what it is: one that is `any` would pass for a wrong type, too.
  const lines = entries.flatMap(([entryPoint, names], at) => [
    `import * as entry${at} from '${manifest.name}${entryPoint.slice(1)}';`,
    ...names.map(
      (name) => `export const ${name}: 0 extends 1 & typeof entry${at}.${name} ? never : unknown = entry${at}.${name};`,
    ),
  ]);
  writeFileSync(join(workplace, 'types.ts'), lines.join('\n'));
  writeFileSync(join(workplace, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.ts'] }));
  try {
    run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', workplace], { stdio: 'pipe' });
    console.log(`${'typed'.padEnd(12)}  ${entries.length} entry points, under moduleResolution node10`);
  } catch (error) {
    faults.push(`the types are not found under moduleResolution node10:\n${error.stdout || error.message}`);
  }
}

function commands() {
  const { bin = {} } = manifest;
  return typeof bin === 'string' ? { [manifest.name]: bin } : bin;
}

/** A command has to start where it was installed: npm makes it executable, but a wrong first line stays wrong. */
function checkCommand(name, path) {
  const file = join(workplace, 'node_modules', manifest.name, path);
  try {
    if (!readFileSync(file, 'utf8').startsWith('#!/usr/bin/env node\n'))
      throw new Error('it has no line #!/usr/bin/env node');
    // As npm does when it installs a package.
    chmodSync(file, statSync(file).mode | 0o111);
    run(file, ['--help'], { cwd: workplace, stdio: 'pipe', timeout: 10_000 });
    console.log(`${'started'.padEnd(12)}  ${name} --help`);
  } catch (error) {
    faults.push(`the command ${name} does not start: ${error.stderr || error.message}`);
  }
}

/** What npm shows to those who look for a package, and what bundlers and peers go by. */
function checkManifest() {
  if (manifest.sideEffects !== false) faults.push('package.json does not say "sideEffects": false');
  if (!/^\d+\.\d+\.\d+$/.test(manifest.version) || manifest.version === '0.0.0') faults.push('version is no release');
  for (const field of ['repository', 'homepage', 'bugs']) {
    if (manifest[field] === undefined) faults.push(`package.json has no ${field}`);
  }
  for (const name of Object.keys(manifest.peerDependenciesMeta ?? {})) {
    if (manifest.peerDependencies?.[name] === undefined) faults.push(`${name} is optional, but no peer`);
  }
  for (const [entryPoint, peer] of Object.entries(PEER_OF)) {
    if (entryPoint in manifest.exports && !isOptional(peer)) faults.push(`${peer} is no optional peer`);
  }
}

/** The packages that installing these brings along, by the lock file. */
function installed(names, all = new Set()) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const add = (name) => {
    if (all.has(name)) return;
    all.add(name);
    for (const below of Object.keys(packages[`node_modules/${name}`]?.dependencies ?? {})) add(below);
  };
  for (const name of names) add(name);
  return all;
}

function kilobytes(bytes) {
  return `${(bytes / 1_000).toFixed(1)} kB`;
}

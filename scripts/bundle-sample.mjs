import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/*
 * `npm run bundle:sample`: puts the sample, as it is deployed, into sample/deploy: main.js and what it imports, its page,
 * the packed library, and a package.json with the dependencies in the versions they were tested with. Needs no network.
 */

/** What is loaded by name, or wanted as a peer, without an import in the sample. */
const ALSO_NEEDED = [
  '@apollo/server',
  '@as-integrations/express5',
  '@nestjs/platform-express',
  '@nestjs/platform-socket.io',
  'graphql',
  'reflect-metadata',
];

const root = resolve(import.meta.dirname, '..');
const built = join(root, 'sample', 'dist');
const target = join(root, 'sample', 'deploy');
const library = readJson('package.json');

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
const reached = reach(join(built, 'main.js'));
for (const file of reached.files) copy(file);
// The page, which the application reads beside its modules.
cpSync(join(root, 'sample', 'public'), join(target, 'public'), { recursive: true });
writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifestOf(reached.packages), undefined, 2)}\n`);
console.log(`sample/deploy: ${reached.files.length} modules, ${reached.packages.length} packages`);

/** The modules that a module leads to by its imports, itself among them, and the packages they name. */
function reach(entry) {
  const files = [entry];
  const packages = new Set(ALSO_NEEDED);
  for (const file of files) {
    for (const [, specifier] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) .*?from '([^']+)';$/gm)) {
      const next = resolve(dirname(file), specifier);
      if (!specifier.startsWith('.')) packages.add(packageOf(specifier));
      else if (!files.includes(next)) files.push(next);
    }
  }
  return { files, packages: [...packages].filter((name) => !name.startsWith('node:')).toSorted() };
}

function packageOf(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function copy(file) {
  mkdirSync(join(target, 'dist'), { recursive: true });
  copyFileSync(file, join(target, 'dist', basename(file)));
}

function manifestOf(packages) {
  return {
    name: 'mindsphere-sample',
    version: library.version,
    private: true,
    type: 'module',
    engines: library.engines,
    scripts: { start: 'node dist/main.js' },
    dependencies: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
  };
}

/** As tested; the library itself lies beside the package.json. */
function versionOf(name) {
  return name === library.name ? `file:${packLibrary()}` : readJson(join('node_modules', name, 'package.json')).version;
}

/** Packs what has been built. */
function packLibrary() {
  const flags = ['pack', '--ignore-scripts', '--json', '--pack-destination', target];
  const [{ filename }] = JSON.parse(execFileSync('npm', flags, { cwd: root, encoding: 'utf8' }));
  return filename;
}

function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

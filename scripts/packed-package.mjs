import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/*
 * The package as an application gets it: packed from what has been built, and unpacked into a folder beside chosen
 * packages of ours. Needs no network.
 */

export const root = resolve(import.meta.dirname, '..');
export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Packs what has been built; `prepack` would build it a second time. */
export function pack(workplace) {
  const flags = ['pack', '--ignore-scripts', '--json', '--pack-destination', workplace];
  const [packed] = JSON.parse(run('npm', flags, { stdio: ['ignore', 'pipe', 'ignore'] }));
  return { ...packed, files: packed.files.map(({ path }) => path), tarball: join(workplace, packed.filename) };
}

/** Unpacks a tarball into a folder's `node_modules`. */
export function unpack(tarball, workplace) {
  const target = join(workplace, 'node_modules', manifest.name);
  mkdirSync(target, { recursive: true });
  run('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
}

/** Puts a package that is installed here into a folder's `node_modules`. */
export function link(name, workplace) {
  const place = join(workplace, 'node_modules', name);
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(join(root, 'node_modules', name), place, 'dir');
}

export function isOptional(peer) {
  return manifest.peerDependenciesMeta?.[peer]?.optional === true;
}

/** Runs a command in this project and answers what it prints; throws where it fails. */
export function run(command, flags, options = {}) {
  return execFileSync(command, flags, { cwd: root, encoding: 'utf8', timeout: 120_000, ...options });
}

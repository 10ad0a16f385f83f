import { readFileSync } from 'node:fs';

const { exports: entries } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** The source of every entry point that `package.json` has, so that a new one is seen by every check from its first day. */
export const entryPoints = Object.values(entries)
  .filter((entry) => typeof entry === 'object')
  .map((entry) => entry.types.replace(/^\.\/dist\//, 'lib/').replace(/\.d\.ts$/, '.ts'));

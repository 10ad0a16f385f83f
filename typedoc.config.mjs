import { readFileSync } from 'node:fs';

const { exports: entries } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/** The source of every entry point that `package.json` has: a new one is documented from its first day. */
const entryPoints = Object.values(entries)
  .filter((entry) => typeof entry === 'object')
  .map((entry) => entry.types.replace(/^\.\/dist\//, 'lib/').replace(/\.d\.ts$/, '.ts'));

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  entryPoints,
  tsconfig: 'tsconfig.build.json',
  out: 'docs/api',
  // The README is for GitHub and npm; its links lead to files that are not part of this.
  readme: 'none',
  name: 'nestjs-mindsphere-credentials',
  includeVersion: true,
  // Where the sources are published is not known yet, and a link into a checkout leads nowhere.
  disableSources: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  githubPages: false,
  treatWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, rewrittenLink: true, notDocumented: true, unusedMergeModuleWith: true },
  requiredToBeDocumented: [
    'Enum',
    'EnumMember',
    'Variable',
    'Function',
    'Class',
    'Interface',
    'Property',
    'Method',
    'Accessor',
    'TypeAlias',
  ],
};

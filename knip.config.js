import { entryPoints } from './scripts/entry-points.mjs';

/** @type {import('knip').KnipConfig} */
export default {
  entry: [
    ...entryPoints,
    'scripts/*.mjs',
    'bench/*.mjs',
    'sample/src/{start,main}.ts',
    // The package's command; what stands in package.json is what it is compiled to.
    'lib/cli/emulator/mindsphere-emulator.ts',
    'lib/cli/credentials/mindsphere-credentials.ts',
    // Named in schematics/collection.json.
    'lib/cli/nest-add/nest-add.ts',
    'test/**/*.spec.ts',
    // Loaded by scripts, by child processes and by Stryker.
    'test/system/chaos/chaos.ts',
    'test/system/secrets/child.mjs',
    'test/system/bundles/application.mjs',
    'test/system/model/mutation.{vitest.config,setup}.ts',
  ],
  project: ['lib/**/*.ts', 'test/**/*.{ts,mjs}', 'sample/src/**/*.ts', 'scripts/**/*.mjs', 'bench/**/*.mjs'],
  // Applications of their own, which are filled in and installed by scripts/test-compat.mjs; and what README blocks presuppose.
  ignore: ['test/system/compat/**', 'test/system/readme/**'],
  // Debian's; tests that need it say so where it is not installed.
  ignoreBinaries: ['redis-server'],
  ignoreDependencies: [
    // Their commands are run by scripts/check-package.mjs.
    '@arethetypeswrong/cli',
    'publint',
    // Run by scripts/check-words.mjs.
    'cspell',
    // Loaded by @nestjs/apollo, by name, for Express.
    '@as-integrations/express5',
    // A type in a comment of stryker.config.mjs; it comes with @stryker-mutator/core.
    '@stryker-mutator/api',
  ],
};

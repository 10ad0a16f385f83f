import { entryPoints } from './scripts/entry-points.mjs';

/** Installed for features that are under way; what is merged is to be struck out here. */
const AWAITED_DEPENDENCIES = [
  '@apollo/server',
  '@as-integrations/express5',
  '@as-integrations/fastify',
  '@nestjs/apollo',
  '@nestjs/graphql',
  '@nestjs/swagger',
  '@nestjs/terminus',
  '@opentelemetry/api',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/sdk-trace-base',
  '@types/passport-jwt',
  'fast-jwt',
  'graphql',
  'jwks-rsa',
  'keyv',
  'passport',
  'passport-jwt',
  'playwright-core',
  'redis',
  'socket.io-client',
  'tinybench',
];
const AWAITED_FILES = ['lib/telemetry/*.ts'];

/** @type {import('knip').KnipConfig} */
export default {
  entry: [
    ...entryPoints,
    'scripts/*.mjs',
    'bench/*.mjs',
    'sample/src/start.ts',
    'test/**/*.spec.ts',
    // Loaded by scripts, by child processes and by Stryker.
    'test/chaos/chaos.ts',
    'test/secrets/{child.mjs,child-application.ts}',
    'test/model/mutation.vitest.config.ts',
    ...AWAITED_FILES,
  ],
  project: ['lib/**/*.ts', 'test/**/*.{ts,mjs}', 'sample/src/**/*.ts', 'scripts/**/*.mjs', 'bench/**/*.mjs'],
  // Applications of their own, which are filled in and installed by scripts/test-compat.mjs; and what README blocks presuppose.
  ignore: ['test/compat/**', 'test/readme/**'],
  ignoreDependencies: [
    // Their commands are run by scripts/check-package.mjs.
    '@arethetypeswrong/cli',
    'publint',
    // A type in a comment of stryker.config.mjs; it comes with @stryker-mutator/core.
    '@stryker-mutator/api',
    ...AWAITED_DEPENDENCIES,
  ],
};

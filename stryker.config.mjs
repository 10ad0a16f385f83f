const TESTS = ['test/token/**/*.spec.ts', 'test/e2e/token-response.spec.ts', 'test/e2e/wire-format.spec.ts'];
/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  packageManager: 'npm',
  mutate: ['lib/token/**/*.ts'],
  testFiles: TESTS,
  vitest: { configFile: 'test/model/mutation.vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  ignoreStatic: false,
  concurrency: 2,
  reporters: ['clear-text', 'progress-append-only', 'json', 'html'],
  thresholds: { high: 90, low: 80, break: 75 },
  tempDirName: '.stryker-tmp',
};

/*
 * What is broken, and which tests are to notice. `npm run test:mutation` goes through the folders one after the other
 * (scripts/test-mutation.mjs); `MUTATION_FOLDER=guard npx stryker run` is one of them alone.
 */
const PARTS = {
  token: {
    mutate: ['lib/token/**/*.ts'],
    testFiles: [
      'test/token/**/*.spec.ts',
      'test/credentials/user-tenants.spec.ts',
      'test/e2e/token-response.spec.ts',
      'test/e2e/wire-format.spec.ts',
    ],
  },
  credentials: {
    mutate: ['lib/credentials/**/*.ts'],
    testFiles: [
      'test/credentials/**/*.spec.ts',
      'test/e2e/user-token.spec.ts',
      'test/e2e/registration.spec.ts',
      'test/token/token-cache.spec.ts',
      'test/token/shutdown.spec.ts',
      'test/verification/remembered-tokens.spec.ts',
      'test/guard/attacks-transport.spec.ts',
    ],
  },
  guard: {
    mutate: ['lib/guard/**/*.ts'],
    testFiles: ['test/guard/refusal-log.spec.ts', 'test/guard/steps.spec.ts', 'test/guard/decorators.spec.ts'],
  },
};

export const FOLDERS = Object.keys(PARTS);

/** Per cent, in each folder, timeouts not counted. */
export const LEAST_KILLED = 75;

const { MUTATION_FOLDER: folder = 'token', MUTATION_CONCURRENCY: concurrency = '2' } = process.env;
if (!FOLDERS.includes(folder)) throw new Error(`MUTATION_FOLDER must be one of ${FOLDERS.join(', ')}`);

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  packageManager: 'npm',
  ...PARTS[folder],
  vitest: { configFile: 'test/model/mutation.vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  ignoreStatic: false,
  concurrency: Number(concurrency),
  timeoutFactor: 1.2,
  dryRunTimeoutMinutes: 20,
  incremental: true,
  incrementalFile: `reports/mutation/${folder}/incremental.json`,
  reporters: ['progress-append-only', 'json', 'html'],
  jsonReporter: { fileName: `reports/mutation/${folder}/report.json` },
  htmlReporter: { fileName: `reports/mutation/${folder}/report.html` },
  ignorePatterns: ['dist', 'reports', 'bench', 'sample/dist'],
  tempDirName: `.stryker-tmp/${folder}`,
};

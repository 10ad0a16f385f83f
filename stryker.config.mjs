/*
 * What is broken; which tests are to notice stands in test/system/model/mutation.vitest.config.ts, because Stryker's own
 * `testFiles` (9.6) breaks what runs at import only once it has run. `npm run test:mutation` goes through the folders one
 * after the other (scripts/test-mutation.mjs); `MUTATION_FOLDER=guard npx stryker run` is one of them alone.
 */
export const FOLDERS = ['token', 'credentials', 'guard'];

/** Per cent, in each folder, timeouts not counted. */
export const LEAST_KILLED = 75;

const { MUTATION_FOLDER: folder = 'token', MUTATION_CONCURRENCY: concurrency = '2' } = process.env;
if (!FOLDERS.includes(folder)) throw new Error(`MUTATION_FOLDER must be one of ${FOLDERS.join(', ')}`);

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  packageManager: 'npm',
  mutate: [`lib/${folder}/**/*.ts`],
  vitest: { configFile: 'test/system/model/mutation.vitest.config.ts', related: false },
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

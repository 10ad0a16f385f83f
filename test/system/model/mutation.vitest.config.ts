import { statSync } from 'node:fs';
import { mergeConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base from '../../../vitest.config.js';

/** Which tests are to notice what is broken in a folder of `lib/` (see stryker.config.mjs). */
const SPECS: Record<string, string[]> = {
  token: [
    'test/token/**/*.spec.ts',
    'test/credentials/user-tenants.spec.ts',
    'test/e2e/token-response.spec.ts',
    'test/e2e/wire-format.spec.ts',
    'test/sharing/last-resort.spec.ts',
  ],
  credentials: [
    'test/credentials/**/*.spec.ts',
    'test/registration/**/*.spec.ts',
    'test/e2e/user-token.spec.ts',
    'test/e2e/registration.spec.ts',
    'test/token/token-cache.spec.ts',
    'test/token/shutdown.spec.ts',
    'test/verification/remembered-tokens.spec.ts',
    'test/verification/tenant-rule.spec.ts',
    'test/guard/attacks-transport.spec.ts',
  ],
  guard: ['test/guard/steps.spec.ts', 'test/guard/decorators.spec.ts'],
};

/** Small spec files first: one of those often shows what is wrong, and then nobody waits for the large ones. */
class SmallestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const weight = ({ moduleId }: TestSpecification) => statSync(moduleId).size;
    return files.toSorted((a, b) => weight(a) - weight(b));
  }
}

const all = mergeConfig(base, {
  test: {
    isolate: false,
    hookTimeout: 120_000,
    setupFiles: ['test/system/model/mutation.setup.ts'],
    sequence: { sequencer: SmallestFirst },
  },
});

// For Stryker, which runs the same few tests thousands of times: no new Nest for each file. Lists are merged by appending
// one to the other, so this one is set apart.
export default { ...all, test: { ...all.test, include: SPECS[process.env['MUTATION_FOLDER'] ?? 'token'] } };

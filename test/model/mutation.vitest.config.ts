import { statSync } from 'node:fs';
import { mergeConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base from '../../vitest.config.js';

/** Small spec files first: one of those often shows what is wrong, and then nobody waits for the large ones. */
class SmallestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => statSync(a.moduleId).size - statSync(b.moduleId).size);
  }
}

// For Stryker, which runs the same few tests thousands of times: no new Nest for each file.
export default mergeConfig(base, {
  test: {
    isolate: false,
    hookTimeout: 120_000,
    setupFiles: ['test/model/mutation.setup.ts'],
    sequence: { sequencer: SmallestFirst },
  },
});

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

// For Stryker, which runs the same few tests thousands of times: no new Nest for each file, and a mutant that makes a
// test wait for ever is a failed test after seconds, where Stryker's own timeout would cost a new worker.
export default mergeConfig(base, {
  test: { isolate: false, testTimeout: 5_000, hookTimeout: 5_000, sequence: { sequencer: SmallestFirst } },
});

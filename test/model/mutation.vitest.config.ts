import { mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

// For Stryker, which runs the same few tests thousands of times: no new Nest for each file, and a mutant that makes a
// test wait for ever is a failed test after seconds, where Stryker's own timeout would cost a new worker.
export default mergeConfig(base, { test: { isolate: false, testTimeout: 5_000, hookTimeout: 5_000 } });

import { inject, vi } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Provided by Stryker's runner: `dry-run`, or `mutant`. */
    mode: string;
  }
}

/** Of a test that a mutant makes wait for ever: a failed test after seconds, where Stryker's own limit costs a worker. */
const MUTANT_TIMEOUT_MS = 8_000;

vi.setConfig({ testTimeout: inject('mode') === 'mutant' ? MUTANT_TIMEOUT_MS : 120_000 });

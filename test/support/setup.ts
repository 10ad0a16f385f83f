import { Logger } from '@nestjs/common';
import { beforeAll, expect, vi } from 'vitest';

/** Specs that look at a process in which nothing has happened yet: they get modules of their own. */
const FRESH = /(?:registration-names|attacks-log|steps)\.spec\.ts$/;

if (FRESH.test(expect.getState().testPath ?? '')) vi.resetModules();

// A test that wants log lines installs a logger of its own.
beforeAll(() => Logger.overrideLogger(false));

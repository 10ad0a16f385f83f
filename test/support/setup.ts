import { Logger } from '@nestjs/common';
import { beforeAll } from 'vitest';

// A test that wants log lines installs a logger of its own.
beforeAll(() => Logger.overrideLogger(false));

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  // Nest's dependency injection reads the decorator metadata that only this transform emits.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: {
    // One copy of every class token: sample and tests meet the same source.
    alias: {
      'nestjs-mindsphere-credentials/opentelemetry': source('./lib/opentelemetry/index.ts'),
      'nestjs-mindsphere-credentials/terminus': source('./lib/terminus/index.ts'),
      'nestjs-mindsphere-credentials/testing': source('./lib/testing/index.ts'),
      'nestjs-mindsphere-credentials/redis': source('./lib/store/redis/index.ts'),
      'nestjs-mindsphere-credentials/keyv': source('./lib/store/keyv/index.ts'),
      'nestjs-mindsphere-credentials': source('./lib/index.ts'),
    },
  },
  test: {
    include: ['test/**/*.spec.ts'],
    setupFiles: ['test/support/setup.ts'],
    // Generous, because the machine may be busy: a test that hangs is still found, one that is slow is no fault.
    testTimeout: 90_000,
    hookTimeout: 120_000,
  },
});

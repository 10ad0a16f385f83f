import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/*
 * `npm test` is the project `unit` and a short form of `system`; `npm run test:system` is `system` at full length, with
 * those specs of `unit` that are shortened there.
 */
const isFull = process.env['SYSTEM_TESTS'] === 'full';

/** Specs of `unit` that leave something out, or send less than they could: they ask test/support/length.ts. */
function shortened(): string[] {
  return readdirSync(source('./test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.spec.ts') && !file.startsWith('system'))
    .map((file) => join('test', file))
    .filter((file) => /support\/length\.js'/.test(readFileSync(source(`./${file}`), 'utf8')));
}

export default defineConfig({
  // Nest's dependency injection reads the decorator metadata that only this transform emits.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: {
    // One copy of every class token: sample and tests meet the same source.
    alias: {
      'nestjs-mindsphere-credentials/mindconnect': source('./lib/mindconnect/index.ts'),
      'nestjs-mindsphere-credentials/opentelemetry': source('./lib/opentelemetry/index.ts'),
      'nestjs-mindsphere-credentials/terminus': source('./lib/terminus/index.ts'),
      'nestjs-mindsphere-credentials/testing': source('./lib/testing/index.ts'),
      'nestjs-mindsphere-credentials/redis': source('./lib/store/redis/index.ts'),
      'nestjs-mindsphere-credentials/keyv': source('./lib/store/keyv/index.ts'),
      'nestjs-mindsphere-credentials': source('./lib/index.ts'),
    },
  },
  test: {
    globalSetup: ['test/support/rsa-keys.ts'],
    setupFiles: ['test/support/setup.ts'],
    // Generous, because the machine may be busy: a test that hangs is still found, one that is slow is no fault.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    // Both cores of a machine that has two.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.spec.ts'],
          exclude: ['test/system/**'],
          // Loading Nest anew for each of some 80 files takes longer than their tests. What a spec leaves behind in its
          // process, another one meets: `npm run test:flaky` runs them in any order.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/system/**/*.spec.ts', ...(isFull ? shortened() : [])],
          globalSetup: ['test/system/build.ts'],
          isolate: false,
          // After `unit`, because some of these measure time.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});

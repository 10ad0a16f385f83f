/* Runs a block that is a test file, by Vitest, and prints its summary. */
import { fileURLToPath } from 'node:url';
import { startVitest } from 'vitest/node';

const file = fileURLToPath(process.env.BLOCK);
const vitest = await startVitest('test', [file], {
  watch: false,
  include: ['dist/**/*.js'],
  reporters: ['default'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
});
await vitest?.close();

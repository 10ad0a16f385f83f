import fc from 'fast-check';
import { it } from 'vitest';
import { commands, setting } from './refresh-commands.js';
import { World } from './refresh-world.js';

/*
 * The refresh promises, checked with sequences of commands that nobody has thought of. A failure prints seed and path;
 * `MODEL_SEED=… MODEL_PATH=… npx vitest run test/model` repeats it, `MODEL_RUNS=5000` looks longer.
 */
const RUNS = Number(process.env['MODEL_RUNS'] ?? 100);
const { MODEL_SEED: seed, MODEL_PATH: path } = process.env;

it(
  'keeps the refresh promises through whatever happens',
  async () => {
    const property = fc.asyncProperty(setting, commands, async (made, todo) => {
      const world = await World.begin(made);
      try {
        await fc.asyncModelRun(() => ({ model: world.models, real: world }), todo);
      } finally {
        await world.end();
      }
    });
    await fc.assert(property, { numRuns: RUNS, ...(seed ? { seed: Number(seed) } : {}), ...(path ? { path } : {}) });
  },
  60_000 + RUNS * 1_000,
);

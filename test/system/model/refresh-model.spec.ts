import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { isFullLength } from '../../support/length.js';
import { commands, setting } from './refresh-commands.js';
import { World } from './refresh-world.js';

/*
 * The refresh promises, checked with sequences of commands that nobody has thought of. A failure prints the
 * shortest sequence found with its seed, path and replayPath: `MODEL_SEED=… MODEL_PATH=… MODEL_REPLAY=… npx vitest run
 * test/system/model` repeats it. `MODEL_RUNS=5000` looks longer.
 */
const {
  MODEL_RUNS = isFullLength ? '300' : '25',
  MODEL_SEED: seed,
  MODEL_PATH: path,
  MODEL_REPLAY: replayPath,
} = process.env;
const numRuns = Number(MODEL_RUNS);
// Under mutation testing nobody reads the counterexample.
const endOnFailure = process.env['MODEL_SHRINK'] === 'no';

it(
  'the refresh promises are kept through whatever happens',
  async () => {
    const property = fc.asyncProperty(setting, commands(replayPath), async (made, todo) => {
      const world = await World.begin(made);
      let isWell = false;
      try {
        await fc.asyncModelRun(() => ({ model: world.models, real: world }), todo);
        isWell = true;
      } finally {
        await world.end(isWell);
      }
    });
    const repeated = { ...(seed && { seed: Number(seed) }), ...(path && { path }) };
    const result = await fc.check(property, { numRuns, includeErrorInReport: true, endOnFailure, ...repeated });
    if (result.failed) throw new Error(fc.defaultReportMessage(result));
    expect(result.numRuns).toBeGreaterThan(0);
  },
  60_000 + numRuns * 1_000,
);

it('the model knows nothing of the library: it imports nothing at all', () => {
  const source = readFileSync(new URL('./refresh-model.ts', import.meta.url), 'utf8');
  expect(source.match(/^\s*(?:import|export\b.*\bfrom)\b.*|\b(?:import|require)\(.*/gm)).toBeNull();
});

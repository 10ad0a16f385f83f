/*
 * The library among many callers while the platform fails at random: `npm run test:chaos`. Options, after `--`:
 *
 *   --seconds 8, --minutes 5    how long
 *   --seed 42                   the chance of another run (the order of events on the wire is not repeated by it)
 *   --plant tenants             plants a bug from outside (tenants, expired, timer): the run must fail
 *   --no-plants                 leaves out the short runs with each bug planted, which must turn red, or this fails
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';

const DEFAULT_SECONDS = 8;
const MOST_PLANTED_RUNS = 5;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string' },
    plant: { type: 'string' },
    'no-plants': { type: 'boolean', default: false },
  },
});
const minutes = values.minutes ?? process.env.CHAOS_MINUTES;
const seconds = number(values.seconds ?? (minutes === undefined ? DEFAULT_SECONDS : 60 * Number(minutes)));
const seed = number(values.seed ?? process.env.CHAOS_SEED ?? randomInt(2 ** 31));

const { runChaos, PLANTS } = await load('../test/system/chaos/chaos.ts');
if (values.plant !== undefined && !(values.plant in PLANTS)) {
  throw new Error(`--plant must be one of ${Object.keys(PLANTS).join(', ')}`);
}

console.log(`seed ${seed} (npm run test:chaos -- --seed ${seed})`);
const report = await runChaos({ seed, seconds, plant: values.plant });
print(report);
let isGreen = report.violations.length === 0;

if (isGreen && values.plant === undefined && !values['no-plants']) {
  for (const [plant, { expected, seconds: enough }] of Object.entries(PLANTS)) {
    const found = await timesFound(plant, expected, enough);
    console.log(`planted bug "${plant}": ${found > 0 ? `red, ${expected} (${found} times)` : 'NOT FOUND'}`);
    isGreen &&= found > 0;
  }
}

console.log(isGreen ? 'chaos: green' : 'chaos: RED');
process.exitCode = isGreen ? 0 : 1;

/** In a short run the weather may be so bad that nobody gets a token, be it the wrong one: then in another. */
async function timesFound(plant, expected, enough) {
  for (let run = 0; run < MOST_PLANTED_RUNS; run += 1) {
    const { violations } = await runChaos({ seed: seed + run, seconds: enough, plant });
    const found = violations.filter(({ rule }) => rule === expected).length;
    if (found > 0) return found;
  }
  return 0;
}

/** Runs TypeScript in this very process, so that what is left running can be seen. */
async function load(path) {
  const source = (name) => fileURLToPath(new URL(name, import.meta.url));
  const { module } = await runnerImport(source(path), {
    configFile: false,
    logLevel: 'error',
    oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
    resolve: {
      alias: {
        'nestjs-mindsphere-credentials/testing': source('../lib/testing/index.ts'),
        'nestjs-mindsphere-credentials': source('../lib/index.ts'),
      },
    },
  });
  // What the loader has left running ends by itself.
  await sleep(300);
  return module;
}

function print({ violations, errors, faults, ...figures }) {
  console.table(figures);
  console.table({ ...errors });
  console.log(
    `faults: ${Object.entries(faults)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
  );
  const byRule = Map.groupBy?.(violations, ({ rule }) => rule) ?? groupBy(violations);
  for (const [rule, found] of byRule) {
    console.log(`VIOLATION: ${rule}, ${found.length} times`);
    for (const { what } of found.slice(0, 5)) console.log(`  ${what}`);
  }
}

function groupBy(violations) {
  const groups = new Map();
  for (const violation of violations) groups.set(violation.rule, [...(groups.get(violation.rule) ?? []), violation]);
  return groups;
}

function number(text) {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${text} is not a number`);
  return value;
}

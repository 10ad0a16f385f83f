/*
 * Token requests per minute of many instances, with and without a shared store: `npm run sim:instances`. A virtual clock;
 * the same seed gives the same figures. Options, after `--`:
 *
 *   --instances 1000, --tenants 1000    how many
 *   --limit 6000                        requests per minute above which the platform would answer 429: an assumption, as
 *                                       its real limit is not documented
 *   --seed 1                            another run of chance
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';

const { values } = parseArgs({
  options: {
    instances: { type: 'string', default: '1000' },
    tenants: { type: 'string', default: '1000' },
    limit: { type: 'string', default: '6000' },
    seed: { type: 'string', default: '1' },
  },
});
const size = { instances: whole('instances'), tenants: whole('tenants'), seed: whole('seed') };
const limit = whole('limit');

const SCENARIOS = {
  'no store': { store: false, lock: false, jitter: false },
  store: { store: true, lock: false, jitter: false },
  'store, jitter': { store: true, lock: false, jitter: true },
  'store, lock': { store: true, lock: true, jitter: false },
  'store, lock, jitter': { store: true, lock: true, jitter: true },
};

const { simulate } = await load('../test/system/sim/instances.ts');
const { axis, chartOf, figuresOf } = await load('../test/system/sim/report.ts');

console.log(`${size.instances} instances, ${size.tenants} tenants, seed ${size.seed}; token requests per minute`);
const table = {};
for (const [name, scenario] of Object.entries(SCENARIOS)) {
  const perMinute = simulate(scenario, size);
  table[name] = figuresOf(perMinute, limit);
  console.log(`\n${name}\n${chartOf(perMinute, limit)}\n${axis()}`);
}
console.log(
  `\nOne column per minute, bars from 1 to 1,000,000 by powers of ten; ! where 429s begin, over ${limit} (--limit)`,
);
console.table(table);

async function load(path) {
  const { module } = await runnerImport(fileURLToPath(new URL(path, import.meta.url)), {
    configFile: false,
    logLevel: 'error',
  });
  return module;
}

function whole(name) {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number of 1 or more`);
  return value;
}

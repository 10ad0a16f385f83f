/*
 * Finds tests that fail now and then: `npm run test:flaky [-- BASE]` runs the specs that have changed since the branch left
 * BASE (default `origin/main`, else `main`) 20 times in shuffled order, while a process spins on each core. `-- --runs 5`
 * makes fewer runs; `-- BASE test/token` takes these specs instead, for a change of what they import.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const root = resolve(import.meta.dirname, '..');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const SPEC = /^test\/.*\.spec\.ts$/;
const RUN_LIMIT_MS = 900_000;
/** In slices, between which it notices that its parent is gone. */
const SPIN = `
  process.on('disconnect', () => process.exit());
  setInterval(() => { for (const end = Date.now() + 100; Date.now() < end;); }, 0);`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '20' } },
});
const [base = existingBase(), ...chosen] = positionals;
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) fail('--runs must be a whole number from 1');

const specs = chosen.length > 0 ? chosen : changedSpecs(base);
if (specs.length === 0) {
  console.log(`No spec has changed since ${base}.`);
  process.exit(0);
}
console.log(`${runs} runs, in shuffled order and with every core busy, of:\n  ${specs.join('\n  ')}`);

const failed = underLoad(failedRuns);
if (failed.length > 0)
  fail(`failed with the seeds ${failed.join(', ')}: \`npx vitest run --sequence.shuffle --sequence.seed SEED …\``);
console.log(`\n${runs} of ${runs} runs passed.`);

function failedRuns() {
  const seeds = Array.from({ length: runs }, () => 1 + Math.floor(Math.random() * 1_000_000));
  return seeds.filter((seed, at) => !passes(seed, at));
}

function passes(seed, at) {
  const flags = ['run', '--sequence.shuffle', '--sequence.seed', String(seed), '--reporter=dot', ...specs];
  const began = Date.now();
  const options = { cwd: root, encoding: 'utf8', timeout: RUN_LIMIT_MS, env: { ...process.env, NO_COLOR: '1' } };
  const { status, stdout, stderr } = spawnSync(process.execPath, [vitest, ...flags], options);
  const verdict = status === 0 ? 'passed' : 'FAILED';
  console.log(`run ${at + 1}: ${verdict}, seed ${seed}, ${Math.round((Date.now() - began) / 1_000)} s`);
  if (status !== 0) console.log(`${stdout}${stderr}`);
  return status === 0;
}

/** Does something while a process of its own keeps each core busy. */
function underLoad(work) {
  const spinning = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['--eval', SPIN], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  );
  try {
    return work();
  } finally {
    for (const child of spinning) child.kill('SIGKILL');
  }
}

/** Changed in commits since the branch left its base, or not committed yet. */
function changedSpecs(since) {
  const [fork] = git('merge-base', since, 'HEAD');
  const changed = git('diff', '--name-only', '--diff-filter=d', fork, '--', 'test');
  const added = git('ls-files', '--others', '--exclude-standard', 'test');
  return [...changed, ...added].filter((file) => SPEC.test(file)).toSorted();
}

function existingBase() {
  const isThere = (name) => spawnSync('git', ['rev-parse', '--verify', '--quiet', name], { cwd: root }).status === 0;
  const found = ['origin/main', 'main'].find(isThere);
  if (found === undefined) fail('give the base of the branch: npm run test:flaky -- BASE');
  return String(found);
}

function git(...args) {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean);
}

function fail(message) {
  console.error(`test:flaky: ${message}`);
  process.exit(1);
}

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { chart } from './chart.mjs';
import { brief } from './rounds.mjs';
import { demanded, isMet, RESULTS, shown } from './report.mjs';

/*
 * `npm run bench`, or `npm run bench -- cached guard` for some: every bench in a process of its own, then the chart and
 * the tables of docs/performance.md. `--brief`, or BENCH_BRIEF=1, runs each once to see that it works, and judges nothing.
 */

const BENCHES = ['cached', 'cold', 'tenants', 'verification', 'guard', 'calls', 'start', 'memory'];
const ORDER = [
  'cached',
  'cold',
  'tenants',
  'verification',
  'guard-express',
  'guard-fastify',
  'calls',
  'start',
  'memory',
];
const PAGE = new URL('../docs/performance.md', import.meta.url);

const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknown = chosen.filter((name) => !BENCHES.includes(name));
if (unknown.length > 0) throw new Error(`no such bench: ${unknown.join(', ')}; there are ${BENCHES.join(', ')}`);

for (const name of chosen.length > 0 ? chosen : BENCHES) {
  execFileSync(
    process.execPath,
    [fileURLToPath(new URL(`./${name}.mjs`, import.meta.url)), ...(brief ? ['--brief'] : [])],
    {
      stdio: 'inherit',
    },
  );
}

const results = ORDER.filter((name) => readdirSync(RESULTS).includes(`${name}.json`)).map((name) =>
  JSON.parse(readFileSync(new URL(`${name}.json`, RESULTS), 'utf8')),
);
writeFileSync(new URL('chart.svg', RESULTS), chart(results));
if (!brief) writePage();
const missed = results.flatMap(({ rows }) => rows.filter((row) => isMet(row) === false));
console.log(`\n${brief ? 'Every bench works.' : `${missed.length} targets missed.`}`);

function writePage() {
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = ['<!-- results begin -->', '<!-- results end -->'];
  const [head, rest] = page.split(begin);
  const tail = rest.split(end)[1];
  writeFileSync(PAGE, `${head}${begin}\n\n${machine()}\n\n${results.map(table).join('\n\n')}\n\n${end}${tail}`);
}

function machine() {
  const [{ model }] = cpus();
  const load = loadavg()[1].toFixed(1);
  return `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} × ${model.trim()}, load ${load}:`;
}

function table({ title, rows }) {
  const lines = rows.map((row) => {
    const met = { true: 'met', false: '**missed**' }[isMet(row)] ?? '';
    return `| ${row.label} | ${shown(row)} | ${demanded(row)} | ${met} |`;
  });
  return [`### ${title}`, '', '| What | Measured | Target | |', '| --- | ---: | --- | --- |', ...lines].join('\n');
}

/*
 * Do the tests bite? `npm run test:mutation` breaks the code in a thousand small ways, folder by folder, and counts how
 * often a test turns red: at least 75 % in each folder. What only ran out of time is shown apart. Options, after `--`:
 *
 *   --folder guard     one folder alone; may be given more than once
 *   --report           runs nothing, and shows the figures of the runs before
 *
 * What has survived is listed, and shown in place in reports/mutation/<folder>/report.html. Runs are incremental: delete
 * reports/mutation for one from scratch.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FOLDERS, LEAST_KILLED } from '../stryker.config.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: { folder: { type: 'string', multiple: true }, report: { type: 'boolean', default: false } },
});
const folders = values.folder ?? FOLDERS;
const unknown = folders.filter((folder) => !FOLDERS.includes(folder));
if (unknown.length > 0) fail(`--folder must be one of ${FOLDERS.join(', ')}`);

const disabled = sourcesBelow('lib').filter((file) =>
  /\bStryker (?:disable|restore)\b/i.test(readFileSync(file, 'utf8')),
);
if (disabled.length > 0) fail(`no mutation may be disabled by comment: ${disabled.join(', ')}`);

if (!values.report) folders.forEach(run);
const results = Object.fromEntries(folders.map((folder) => [folder, resultOf(folder)]));
for (const [folder, { survivors }] of Object.entries(results)) {
  console.log(`\n${folder}: ${survivors.length} survived`);
  for (const survivor of survivors) console.log(`  ${survivor}`);
}
const rows = Object.entries(results).map(([folder, row]) => [folder, { ...row, survivors: row.survivors.length }]);
console.table(Object.fromEntries(rows));
const weak = Object.entries(results).filter(([, row]) => row['killed %'] < LEAST_KILLED);
if (weak.length > 0) fail(`less than ${LEAST_KILLED} % killed in ${weak.map(([folder]) => folder).join(', ')}`);

function run(folder) {
  const stryker = join(root, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
  const env = { ...process.env, MUTATION_FOLDER: folder };
  // The verdict is ours: Stryker would count what ran out of time as killed.
  const { status } = spawnSync(process.execPath, [stryker, 'run'], { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) fail(`Stryker could not finish ${folder}`);
}

function resultOf(folder) {
  const report = JSON.parse(readFileSync(join(root, 'reports', 'mutation', folder, 'report.json'), 'utf8'));
  const mutants = Object.entries(report.files).flatMap(([file, { mutants: own, source }]) =>
    own.map((mutant) => ({ ...mutant, file, text: source.split('\n')[mutant.location.start.line - 1].trim() })),
  );
  const count = (...outcomes) => mutants.filter((mutant) => outcomes.includes(outcomeOf(mutant))).length;
  const valid = count('Killed', 'Timeout', 'Survived', 'NoCoverage');
  const percent = (part) => Math.round((1_000 * part) / valid) / 10;
  return {
    mutants: valid,
    killed: count('Killed'),
    timeout: count('Timeout'),
    survived: count('Survived'),
    'not covered': count('NoCoverage'),
    'killed %': percent(count('Killed')),
    'with timeouts %': percent(count('Killed', 'Timeout')),
    survivors: mutants.filter((mutant) => ['Survived', 'NoCoverage'].includes(outcomeOf(mutant))).map(shown),
  };
}

/** A test that waited for ever is no test that has seen something wrong. */
function outcomeOf({ status, statusReason = '' }) {
  return status === 'Killed' && /\btimed out in \d+ ?ms\b/.test(statusReason) ? 'Timeout' : status;
}

function shown({ file, location, mutatorName, replacement = '', text, status }) {
  const missed = status === 'NoCoverage' ? ' (not covered)' : '';
  const oneLine = replacement.replace(/\s+/g, ' ');
  return `${file}:${location.start.line}:${location.start.column}${missed} ${mutatorName}: ${text} -> ${oneLine}`;
}

function sourcesBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(root, folder, name));
}

function fail(message) {
  console.error(`test:mutation: ${message}`);
  process.exit(1);
}

/*
 * What each fault leads to, as tables: `npm run test:faults` asserts every row, prints the tables and writes them into the
 * documents. `npm run test:faults -- --check` changes nothing and fails where a document differs.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withTable } from './markdown.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Each table: the variable that tells its spec where to write it, and the page it belongs to. */
const TABLES = [
  { variable: 'FAULTS_TABLE', page: 'docs/reliability.md' },
  { variable: 'CORE_TABLE', page: 'docs/verification.md' },
];
/** As the pages name it: the check, so that `npm run test:tables` changes nothing. */
const COMMAND = 'npm run test:faults -- --check';

const unknown = process.argv.slice(2).filter((option) => option !== '--check');
if (unknown.length > 0) fail(`unknown option ${unknown.join(' ')}; there is only --check`);

for (const [index, table] of measure().entries()) keep(table, TABLES[index].page);

/** Compares a table with the one in a page, or writes it there. */
function keep(table, page) {
  console.log(`\n${table}\n`);
  const former = readFileSync(join(root, page), 'utf8');
  const renewed = withTable(former, COMMAND, table);
  if (renewed === former) {
    console.log(`The table in ${page} is the same.`);
  } else if (process.argv.includes('--check')) {
    fail(`the table in ${page} differs from this one: run \`npm run test:faults\``);
  } else {
    writeFileSync(join(root, page), renewed);
    console.log(`The table has been written into ${page}.`);
  }
}

/** Runs the rows, each of which asserts what it promises. */
function measure() {
  const directory = mkdtempSync(join(tmpdir(), 'faults-'));
  const files = TABLES.map(({ variable }) => [variable, join(directory, `${variable}.md`)]);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  try {
    execFileSync(process.execPath, [vitest, 'run', 'test/system/faults'], {
      cwd: root,
      env: { ...process.env, ...Object.fromEntries(files) },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return files.map(([, file]) => readFileSync(file, 'utf8'));
  } catch {
    return fail('a promise is broken: see above');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function fail(message) {
  console.error(`test:faults: ${message}`);
  process.exit(1);
}

/*
 * What each fault leads to, as a table: `npm run test:faults` asserts every row, prints the table and writes it into the
 * docs/reliability.md. `npm run test:faults -- --check` changes nothing and fails where it differs.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withTable } from './markdown.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const readmeFile = join(root, 'docs', 'reliability.md');
/** As the page names it: the check, so that `npm run test:tables` changes nothing. */
const COMMAND = 'npm run test:faults -- --check';

const unknown = process.argv.slice(2).filter((option) => option !== '--check');
if (unknown.length > 0) fail(`unknown option ${unknown.join(' ')}; there is only --check`);

const table = String(measure());
console.log(`\n${table}\n`);

const readme = readFileSync(readmeFile, 'utf8');
const renewed = withTable(readme, COMMAND, table);

if (renewed === readme) {
  console.log('The table in docs/reliability.md is the same.');
} else if (process.argv.includes('--check')) {
  fail('the table in docs/reliability.md differs from this one: run `npm run test:faults`');
} else {
  writeFileSync(readmeFile, renewed);
  console.log('The table has been written into docs/reliability.md.');
}

/** Runs the rows, each of which asserts what it promises. */
function measure() {
  const directory = mkdtempSync(join(tmpdir(), 'faults-'));
  const file = join(directory, 'table.md');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  try {
    execFileSync(process.execPath, [vitest, 'run', 'test/system/faults'], {
      cwd: root,
      env: { ...process.env, FAULTS_TABLE: file },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return readFileSync(file, 'utf8');
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

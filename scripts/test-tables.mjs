import { spawnSync } from 'node:child_process';
import { documents, generatedTables } from './markdown.mjs';
import { manifest, root } from './packed-package.mjs';

/*
 * Figures in the documents are what their commands say: `npm run test:tables`. Between `<!-- generated: COMMAND -->` and
 * `<!-- /generated -->` stands what COMMAND prints, word for word; each command is run once and compared. What is marked
 * `generated on demand` (timings, and what takes long) is not run; its command has to exist. Status 1 where one differs.
 */

const tables = documents().flatMap(generatedTables);
const printed = new Map();
const faults = tables.flatMap(faultsOf);

for (const fault of faults) console.error(`FAULT  ${fault}`);
const compared = tables.filter(({ onDemand }) => !onDemand).length;
console.log(`${compared} tables compared with what their commands print, ${tables.length - compared} made on demand.`);
process.exitCode = faults.length === 0 ? 0 : 1;

function faultsOf({ file, command, text, onDemand }) {
  const [, script] = /^npm run (?:--silent |-s )?(\S+)/.exec(command) ?? [];
  if (manifest.scripts[script] === undefined) return [`${file}: '${command}' is no script of this package`];
  if (text === '') return [`${file}: the table of '${command}' is empty`];
  if (onDemand) return [];
  return outputOf(command).includes(text) ? [] : [`${file}: '${command}' prints another table`];
}

function outputOf(command) {
  if (!printed.has(command)) {
    console.log(`> ${command}`);
    const { status, stdout, stderr } = spawnSync(command, {
      cwd: root,
      shell: true,
      encoding: 'utf8',
      timeout: 580_000,
      maxBuffer: 64 * 1_024 * 1_024,
    });
    if (status !== 0) console.error(stdout, stderr);
    printed.set(command, status === 0 ? stdout : '');
  }
  return printed.get(command);
}

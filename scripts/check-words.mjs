import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { documents, textOf } from './markdown.mjs';
import { root } from './packed-package.mjs';

/*
 * What people read is spelled right and uses the field's terms: `npm run check:words`. cspell checks the spelling
 * (docs/words.txt has the project's own words); the list below has what the glossary of CONTRIBUTING.md replaces. The README
 * stays short, and no document has marks of a conflict.
 */

const REPLACED = [
  [/\bat hand\b/i, 'cached, held'],
  [/\bcomes? again\b/i, 'retry later'],
  [/\bstrangers?\b/i, 'unknown issuer'],
  [/\bpatience\b/i, 'deadline, timeout'],
  [/\bbudgets?\b/i, 'rate limit'],
  [/\bbelieve[ds]?\b/i, 'accept, trust'],
  [/\bto be had\b/i, 'missing'],
  [/\blets? in\b|\blet in\b/i, 'accept'],
  [/\bwhoever\b/i, 'a caller who'],
  [/\bis none of\b/i, 'is not'],
  [/\bgo(?:es)? on being\b/i, 'stays'],
];

/** A start page that is longer is read by nobody. */
const MOST_README_LINES = 250;

const texts = [...documents(), 'CHANGELOG.md'];
const faults = [...spelling(), ...texts.flatMap(words), ...texts.flatMap(conflicts), ...length('README.md')];
for (const fault of faults) console.error(`FAULT  ${fault}`);
if (faults.length === 0) console.log('The words are spelled right, and are the field’s.');
process.exitCode = faults.length === 0 ? 0 : 1;

function spelling() {
  const cspell = join(root, 'node_modules', '.bin', 'cspell');
  const { status, stdout, stderr } = spawnSync(cspell, ['--no-progress', '--no-summary'], {
    cwd: root,
    encoding: 'utf8',
  });
  return status === 0 ? [] : (stdout + stderr).trim().split('\n');
}

function length(file) {
  const lines = textOf(file).trimEnd().split('\n').length;
  return lines > MOST_README_LINES ? [`${file} has ${lines} lines, ${MOST_README_LINES} at most`] : [];
}

/** What a merge leaves behind renders as a heading or as nothing, so a reader of the source finds it too late. */
function conflicts(file) {
  const lines = textOf(file).split('\n');
  return lines.flatMap((line, at) =>
    /^(?:<{7} |>{7} |={7}$)/.test(line) ? [`${file}:${at + 1}: a conflict mark`] : [],
  );
}

/** Generated tables and code are not prose. */
function words(file) {
  const prose = textOf(file).replaceAll(/```[\s\S]*?```|`[^`\n]*`|<!-- generated[\s\S]*?<!-- \/generated -->/g, (cut) =>
    cut.replaceAll(/[^\n]/g, ' '),
  );
  return prose
    .split('\n')
    .flatMap((line, at) =>
      REPLACED.filter(([pattern]) => pattern.test(line)).map(
        ([pattern, better]) => `${file}:${at + 1}: "${pattern.exec(line)[0]}", better: ${better}`,
      ),
    );
}

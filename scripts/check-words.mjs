import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { documents, textOf } from './markdown.mjs';
import { root } from './packed-package.mjs';

/*
 * What people read is spelled right and uses the field's terms: `npm run check:words`. cspell checks the spelling
 * (docs/words.txt has the project's own words); the list below has what the glossary of CONTRIBUTING.md replaces. The README
 * stays short, and no document has marks of a conflict. The comments and strings of lib/ use the field's terms, too; names in
 * code are not checked.
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
/** Only in code: in prose these have a second meaning. */
const REPLACED_IN_CODE = [...REPLACED, [/\b(?:an?|the|no|empty|bare) texts?\b/i, 'string, value']];

const faults = [
  ...spelling(),
  ...texts.flatMap((file) => words(file, proseOf(textOf(file)), REPLACED)),
  ...sources().flatMap((file) => words(file, wordsOfCode(file), REPLACED_IN_CODE)),
  ...texts.flatMap(conflicts),
  ...length('README.md'),
];
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
function proseOf(text) {
  return text.replaceAll(/```[\s\S]*?```|`[^`\n]*`|<!-- generated[\s\S]*?<!-- \/generated -->/g, blank);
}

function sources() {
  const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.ts')).map((file) => join('lib', file));
}

/** The comments and strings of a source file, each on its line; the rest is left out. */
function wordsOfCode(file) {
  const code = readFileSync(join(root, file), 'utf8');
  const source = ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true);
  const ranges = [];
  const visit = (node) => {
    const isString = ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
    if (isString) ranges.push([node.getStart(source), node.end]);
    for (const { pos, end } of ts.getLeadingCommentRanges(code, node.pos) ?? []) ranges.push([pos, end]);
    node.getChildren(source).forEach(visit);
  };
  visit(source);
  let left = 0;
  const kept = [];
  for (const [start, end] of ranges.toSorted(([one], [other]) => one - other)) {
    if (start < left) continue;
    kept.push(blank(code.slice(left, start)), code.slice(start, end));
    left = end;
  }
  return kept.join('');
}

function blank(cut) {
  return cut.replaceAll(/[^\n]/g, ' ');
}

function words(file, text, replaced) {
  return text
    .split('\n')
    .flatMap((line, at) =>
      replaced
        .filter(([pattern]) => pattern.test(line))
        .map(([pattern, better]) => `${file}:${at + 1}: "${pattern.exec(line)[0]}", better: ${better}`),
    );
}

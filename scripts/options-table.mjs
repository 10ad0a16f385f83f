import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { withTable } from './markdown.mjs';
import { root } from './packed-package.mjs';

/*
 * The tables of docs/options.md: `npm run options:table` prints them, with `-- --write` they go to the page. Names, variables, types, ranges and defaults come
 * from the descriptors that the library reads its options by, the meaning from the docstrings of the public interfaces
 * beside them. `npm run test:tables` and test/config/options-page.spec.ts check that the page is current.
 */

const PAGE = join(root, 'docs', 'options.md');
const COMMAND = 'npm run --silent options:table';
const SECTIONS_FOLDER = join(root, 'lib', 'config', 'sections');

/** One table for each section, as Markdown. */
export function optionTables(sections) {
  const texts = interfaceTexts();
  return sections.map((section) => tableOf(section, texts)).join('\n\n');
}

function tableOf({ path, of, options }, texts) {
  const rows = Object.entries(options).map(([name, option]) => rowOf(path, name, option, texts.get(`${of}.${name}`)));
  const title = path === '' ? 'At the top' : `\`${path}\``;
  return [
    `### ${title}`,
    '',
    firstLine(texts.get(of)),
    '',
    '| Option | Variable | Type, range | Default | Meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function rowOf(path, name, option, text) {
  if (text === undefined) throw new Error(`no docstring for ${path}.${name}`);
  const variables = option.variables.map((variable) => `\`${variable}\``).join(', else ');
  const full = path === '' ? name : `${path}.${name}`;
  return `| ${[`\`${full}\``, variables, option.kind.type, defaultOf(option), meaningOf(text)].map(cell).join(' | ')} |`;
}

function defaultOf({ required, defaultText, default: value }) {
  if (required) return 'required';
  if (defaultText !== undefined) return defaultText;
  if (value === undefined) return 'none';
  return typeof value === 'number'
    ? value.toLocaleString('en-US')
    : `\`${JSON.stringify(value).replaceAll('"', "'")}\``;
}

/** The docstring without what other columns say: unit, range, default and variable. */
function meaningOf(text) {
  const isElsewhere = /^(?:Milliseconds, |Variable: |[\d,]+ to [\d,]+|Default:? [^:;]*$)/;
  return sentencesOf(text)
    .filter((sentence) => !isElsewhere.test(sentence))
    .join(' ');
}

/** Sentences end with a full stop that is not part of code. */
function sentencesOf(text) {
  const parts = text.split(/(?<=\.)\s+/);
  const sentences = [];
  for (const part of parts) {
    const isCode = (sentences.at(-1)?.split('`').length ?? 1) % 2 === 0;
    if (isCode) sentences.push(`${sentences.pop()} ${part}`);
    else sentences.push(part);
  }
  return sentences;
}

/** A cell with nothing in it that would end it. */
function cell(text) {
  return text.replaceAll(/(?<!\\)\|/g, String.raw`\|`);
}

function firstLine(text = '') {
  return text.split(/(?<=\.)\s/)[0];
}

/** The docstrings of the public interfaces and of their members: `RefreshOptions` and `RefreshOptions.aheadMs`. */
export function interfaceTexts() {
  const texts = new Map();
  for (const file of readdirSync(SECTIONS_FOLDER)) {
    const source = readFileSync(join(SECTIONS_FOLDER, file), 'utf8');
    for (const node of ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true).statements) {
      if (!ts.isInterfaceDeclaration(node)) continue;
      texts.set(node.name.text, docOf(node));
      for (const member of node.members) texts.set(`${node.name.text}.${member.name?.getText()}`, docOf(member));
    }
  }
  return texts;
}

function docOf(node) {
  const docs = ts.getJSDocCommentsAndTags(node).filter((doc) => ts.isJSDoc(doc));
  const text = docs.map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? '').join(' ');
  return text
    .replaceAll(/\{@link (\w+)[^}]*\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { ALL_SECTIONS } = await import(new URL('../dist/config/sections/module.options.js', import.meta.url));
  const tables = optionTables(ALL_SECTIONS);
  if (process.argv.includes('--write')) writeFileSync(PAGE, withTable(readFileSync(PAGE, 'utf8'), COMMAND, tables));
  else console.log(tables);
}

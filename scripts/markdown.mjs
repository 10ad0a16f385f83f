import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { manifest, root } from './packed-package.mjs';

/*
 * What the checks of the documents read: fenced blocks of code with the HTML comments right before them, and what stands
 * between the marks of a generated table. Readers of the pages see none of these comments.
 */

/** The documents, by their paths from the root. */
export function documents() {
  const guides = readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name));
  return ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...guides];
}

export function textOf(file) {
  return readFileSync(join(root, file), 'utf8');
}

/** Every fenced block of a document: its language, its text, the line of its first line, and its comments. */
export function blocksOf(file) {
  const lines = textOf(file).split('\n');
  const blocks = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [, indent, fence, language] = /^(\s*)(```+)(\S*)/.exec(lines[at]) ?? [];
    if (fence === undefined) continue;
    const end = lines.findIndex((line, index) => index > at && line.trim() === fence);
    if (end < 0) throw new Error(`${file}:${at + 1}: a block without an end`);
    const text = lines.slice(at + 1, end).map((line) => line.slice(indent.length));
    blocks.push({ file, language, line: at + 2, text: text.join('\n'), comments: commentsBefore(lines, at) });
    at = end;
  }
  return blocks;
}

/** The comments right before a line, the first one first. */
function commentsBefore(lines, at) {
  const comments = [];
  for (let before = at - 1; before >= 0; before -= 1) {
    const line = lines[before].trim();
    const [, comment] = /^<!--\s*(.*?)\s*-->$/.exec(line) ?? [];
    if (line !== '' && comment === undefined) break;
    if (comment !== undefined) comments.unshift(comment);
  }
  return comments;
}

/** The links of a document that lead nowhere: to a file that is not there, or to a heading that is not in it. */
export function brokenLinks(file) {
  return linksOf(file)
    .map(({ link, path, anchor }) => ({ link, anchor, path: path ?? pathInRepository(link) }))
    .filter(({ path, anchor }) => path !== undefined && !leadsSomewhere(path, anchor))
    .map(({ link }) => link);
}

/** The links of a document: where it is relative, its path from the root. */
export function linksOf(file) {
  const text = textOf(file).replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\((?!mailto:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].map(([whole, target, anchor]) => ({
    link: whole.slice(2, -1),
    path: /^https?:/.test(target) ? undefined : target === '' ? file : join(dirname(file), target),
    anchor,
  }));
}

/** Where a full URL into this repository leads. */
function pathInRepository(link) {
  const [, repository] = /^git\+(.*)\.git$/.exec(manifest.repository.url) ?? [];
  const [, path] = new RegExp(`^${repository}/(?:blob|tree)/main/([^#]+)`).exec(link) ?? [];
  return path;
}

function leadsSomewhere(path, anchor) {
  if (!existsSync(join(root, path))) return false;
  return anchor === undefined || anchorsOf(path).has(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf(path) {
  const headings = [...textOf(path).matchAll(/^#+ (.*)$/gm)];
  return new Set(
    headings.map(([, title]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/**
 * The tables that a command makes: `<!-- generated: COMMAND -->`, or `<!-- generated on demand: COMMAND -->` for timings
 * and for what takes long, up to `<!-- /generated -->`.
 */
export function generatedTables(file) {
  const marks = /<!-- generated( on demand)?: (.+?) -->\n([\s\S]*?)(?:<!-- \/generated -->|(?=<!-- generated)|$)/g;
  return [...textOf(file).matchAll(marks)].map(([whole, onDemand, command, text]) => {
    if (!whole.endsWith('<!-- /generated -->')) throw new Error(`${file}: no <!-- /generated --> after ${command}`);
    return { file, command, text: text.trim(), onDemand: onDemand !== undefined };
  });
}

/** The document with another text between the marks of a command. */
export function withTable(document, command, text) {
  for (const mark of [`<!-- generated: ${command} -->`, `<!-- generated on demand: ${command} -->`]) {
    const [before, rest] = document.split(mark);
    const [, ...after] = rest?.split('<!-- /generated -->') ?? [];
    if (after.length > 0)
      return [before, mark, '\n\n', text, '\n\n', '<!-- /generated -->', after.join('<!-- /generated -->')].join('');
  }
  throw new Error(`the document lacks <!-- generated: ${command} --> … <!-- /generated -->`);
}

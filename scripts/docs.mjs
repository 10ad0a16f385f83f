import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, PageEvent, ReflectionKind, RendererEvent } from 'typedoc';
import options from '../typedoc.config.mjs';
import { documents, textOf } from './markdown.mjs';
import { manifest, root } from './packed-package.mjs';

/*
 * `npm run docs` builds the site into site/: README.md as its start page, the pages of docs/ in the sections of
 * docs/pages.json, and the API by TypeDoc. TypeDoc makes all of it, because its pages use relative links: the site works
 * under any path, and from a folder. The search is our own (docs/site-search.js), because TypeDoc's finds pages by single
 * words, and people ask questions.
 */

const { sections } = JSON.parse(readFileSync(join(root, 'docs', 'pages.json'), 'utf8'));
const repository = manifest.repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
const published = `${repository.replace('github.com', 'raw.githubusercontent.com')}/main/`;
const prepared = join(root, '.site');
const site = join(root, options.out);
const ENTITIES = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' };
const SEARCHED_KINDS = ReflectionKind.SomeModule | ReflectionKind.SomeExport | ReflectionKind.SomeMember;

rmSync(prepared, { recursive: true, force: true });
try {
  demandEveryPage();
  const readme = prepare('README.md');
  const pages = sections.flatMap(({ title, pages: names }) => names.map((name) => prepare(join('docs', name), title)));
  const api = await build(readme, pages);
  writeSearch([...sectionsOf('index.html'), ...pagesOfSite().flatMap(sectionsOf), ...api]);
} finally {
  rmSync(prepared, { recursive: true, force: true });
}

/** A page that stands in no section would not be found by anybody. */
function demandEveryPage() {
  const listed = sections.flatMap(({ pages }) => pages);
  const there = documents()
    .filter((file) => dirname(file) === 'docs')
    .map((file) => basename(file));
  const lost = there.filter((name) => !listed.includes(name));
  if (lost.length > 0) throw new Error(`docs/pages.json does not list ${lost.join(', ')}`);
}

/** A copy of a document for TypeDoc: with its title and section, and with links that lead somewhere in the site. */
function prepare(file, section) {
  const text = textOf(file);
  const title = /^# (.+)$/m.exec(text)?.[1].replaceAll('`', '');
  const matter = section === undefined ? '' : `---\ntitle: ${JSON.stringify(title)}\ncategory: ${section}\n---\n\n`;
  const target = join(prepared, file);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, matter + withPlainHeadings(withSiteLinks(text, file)));
  return target;
}

/** TypeDoc makes anchors of what stands outside of code, GitHub of all of a heading. */
function withPlainHeadings(text) {
  return text.replaceAll(/^#+ .*$/gm, (heading) => heading.replaceAll('`', ''));
}

/** Links to other pages stay; links to the rest of the repository lead to where it is published. */
function withSiteLinks(text, file) {
  // Pictures have full URLs in the package, which does not contain them; the site has a copy.
  const local = text.replaceAll(published, `${posix.relative(posix.dirname(file), '.') || '.'}/`);
  return local.replaceAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)/g, (whole, path, anchor = '') => {
    const target = posix.normalize(posix.join(posix.dirname(file), path));
    const isPicture = /\.(?:svg|png)$/.test(target);
    if (isPicture) cpSync(join(root, target), join(prepared, target), { recursive: true });
    const isPage = target === 'README.md' || /^docs\/[\w-]+\.md$/.test(target);
    return isPage || isPicture ? whole : `](${repository}/blob/main/${target}${anchor})`;
  });
}

async function build(readme, pages) {
  const app = await Application.bootstrap({ ...options, readme, projectDocuments: pages });
  app.renderer.on(PageEvent.END, (page) => {
    // Icons in a file of their own are refused by browsers where the site is opened from a folder.
    page.contents = page.contents
      ?.replaceAll(/href="[^"#]*assets\/icons\.svg#/g, 'href="#')
      .replaceAll(/<table>[\s\S]*?<\/table>/g, withColumnTitles);
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('TypeDoc could not read the sources');
  app.validate(project);
  let api = [];
  app.renderer.on(RendererEvent.END, () => {
    api = namesOf(project, app.renderer);
  });
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1;
  return api;
}

/**
 * A wide table becomes a list on a telephone (docs/site.css), so its cells have to say of which column they are. Elsewhere
 * its columns fit on the page because names break between their words.
 */
function withColumnTitles(table) {
  const titles = [...table.matchAll(/<th[^>]*>([\s\S]*?)<\/th>/g)].map(([, title]) => plain(title));
  if (titles.length < 4) return table;
  return table
    .replace('<table>', '<table class="wide">')
    .replaceAll(/<code>[^<]*<\/code>/g, (name) => name.replaceAll(/(?<=[._])(?=\w)|(?<=[a-z])(?=[A-Z])/g, '<wbr/>'))
    .replaceAll(/<tr>[\s\S]*?<\/tr>/g, (row) => {
      let column = 0;
      return row.replaceAll('<td', () => `<td data-title="${(titles[column++] ?? '').replaceAll('"', '&quot;')}"`);
    });
}

/** What the search finds of the API: its names. The router that knows their pages is there while TypeDoc writes them. */
function namesOf(project, { router }) {
  return Object.values(project.reflections)
    .filter((one) => one.kindOf(SEARCHED_KINDS) && router.hasUrl(one))
    .map((one) => ({ page: 'API', title: withoutEntryPoint(one.getFriendlyFullName()), url: router.getFullUrl(one) }));
}

function withoutEntryPoint(name) {
  return name.replace(/^index\./, '');
}

function pagesOfSite() {
  return readdirSync(join(site, 'documents')).map((name) => join('documents', name));
}

/** A page of the site, cut at its headings into what the search finds. */
function sectionsOf(file) {
  const html = readFileSync(join(site, file), 'utf8');
  const [, content = ''] = /<div class="tsd-panel tsd-typography">([\s\S]*?)<\/div>\s*<\/div>/.exec(html) ?? [];
  const parts = content.split(/(?=<h[123] id=")/).filter((part) => part.startsWith('<h'));
  const page = titleOf(parts[0] ?? '');
  return parts.map((part) => ({ page, title: titleOf(part), url: `${file}#${anchorOf(part)}`, text: proseOf(part) }));
}

function titleOf(part) {
  return plain(/<h[123][^>]*>([\s\S]*?)<a href="#/.exec(part)?.[1] ?? '');
}

function anchorOf(part) {
  return /<h[123] id="([^"]*)"/.exec(part)?.[1] ?? '';
}

function proseOf(part) {
  return plain(part.replace(/<h[123][\s\S]*?<\/h[123]>/, '').replaceAll(/<button[\s\S]*?<\/button>/g, ' '));
}

function plain(html) {
  return html
    .replaceAll(/<\/(?:p|li|td|th|h\d|pre)>|<br ?\/?>/g, ' ')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(?:lt|gt|quot|#39|amp);/g, (entity) => ENTITIES[entity])
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** One script, because a page that is opened from a folder may not read other files. */
function writeSearch(found) {
  const lunr = readFileSync(fileURLToPath(import.meta.resolve('lunr/lunr.min.js')), 'utf8');
  const search = readFileSync(join(root, 'docs', 'site-search.js'), 'utf8');
  writeFileSync(join(site, 'assets', 'search.js'), `${lunr}\n${search}\nsiteSearch.start(${JSON.stringify(found)});\n`);
}

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { Application, PageEvent } from 'typedoc';
import options from '../typedoc.config.mjs';
import { documents, textOf } from './markdown.mjs';
import { manifest, root } from './packed-package.mjs';

/*
 * `npm run docs` builds the site into site/: README.md as its start page, the pages of docs/ in the sections of
 * docs/pages.json, and the API by TypeDoc. TypeDoc makes all of it, because its pages use relative links and its search
 * needs no server: the site works under any path, and from a folder.
 */

const { sections } = JSON.parse(readFileSync(join(root, 'docs', 'pages.json'), 'utf8'));
const repository = manifest.repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
const published = `${repository.replace('github.com', 'raw.githubusercontent.com')}/main/`;
const prepared = join(root, '.site');

rmSync(prepared, { recursive: true, force: true });
try {
  demandEveryPage();
  const readme = prepare('README.md');
  const pages = sections.flatMap(({ title, pages: names }) => names.map((name) => prepare(join('docs', name), title)));
  await build(readme, pages);
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
  const [, title] = /^# (.+)$/m.exec(text) ?? [];
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
    page.contents = page.contents?.replaceAll(/href="[^"#]*assets\/icons\.svg#/g, 'href="#');
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('TypeDoc could not read the sources');
  app.validate(project);
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1;
}

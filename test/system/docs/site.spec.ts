import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM_IS_REQUIRED, hasChromium, openBrowser } from '../../support/chromium.js';
import { isFullLength } from '../../support/length.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const site = join(root, 'site');

interface Visit {
  readonly page: Page;
  /** What the page logged as an error, and what it asked of anybody but this folder. */
  readonly complaints: string[];
}

const DESK = { width: 1_200, height: 900 };
const TELEPHONE = { width: 360, height: 800 };

/** A page that is open, with what it complained about since. */
async function newVisit(size = DESK, colorScheme: 'light' | 'dark' = 'light'): Promise<Visit> {
  const browser = await openBrowser();
  const page = await browser.newPage();
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme });
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) complaints.push(request.url());
  });
  return { page, complaints };
}

const urlOf = (path: string) => pathToFileURL(join(site, path)).href;

async function visit(path: string): Promise<Visit> {
  const opened = await newVisit();
  await opened.page.goto(urlOf(path));
  return opened;
}

/** The page of a title: TypeDoc names the file after it. */
function pageOf(title: RegExp): string {
  const name = readdirSync(join(site, 'documents')).find((file) => title.test(file));
  return join('documents', name ?? `no page matches ${title}`);
}

describe.runIf(isFullLength && (hasChromium() || CHROMIUM_IS_REQUIRED))(
  'The site, opened from its folder in a browser',
  () => {
    beforeAll(() => {
      const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'docs'], { cwd: root, encoding: 'utf8' });
      if (status !== 0) throw new Error(`npm run docs failed:\n${stdout}${stderr}`);
    });

    it('the start page shows how to install the package, and complains about nothing', async () => {
      const { page, complaints } = await visit('index.html');
      await expect(page.locator('body').innerText()).resolves.toContain('npm install nestjs-mindsphere-credentials');
      expect(complaints).toEqual([]);
    });

    it.each([
      ['token_client', /^Errors by code › token_client/],
      ['what does token_client mean', /^Errors by code › token_client/],
      ['how to accept tokens of another app', /^Errors by code › token_client/],
      ['redis cluster store', /^Several instances of one app › Set it up with Redis/],
      ['how do I test a guarded controller', /^Unit tests with doubles/],
      ['client secret with plus sign', /^Options and environment variables › A client secret with a plus sign/],
      ['share tokens between instances', /^Several instances/],
      ['AppCredentials', /^API › AppCredentials/],
    ])('the search answers "%s" among its first four results', async (question, answer) => {
      const { page, complaints } = await visit('index.html');
      await page.keyboard.press('/');
      await page.locator('#tsd-search-input').fill(question);
      const results = page.locator('#tsd-search-results li a');
      await results.first().waitFor();
      const titles = await results.locator('.site-search-path').allInnerTexts();
      expect(titles.slice(0, 4)).toContainEqual(expect.stringMatching(answer));
      await results.nth(titles.findIndex((title) => answer.test(title))).click();
      await page.waitForURL(/documents|classes|interfaces|index\.html#/);
      expect(complaints).toEqual([]);
    });

    it('the search says so where nothing is found', async () => {
      const { page } = await visit('index.html');
      await page.keyboard.press('/');
      await page.locator('#tsd-search-input').fill('zzzzqqqq');
      await expect.poll(() => page.locator('#tsd-search-status').innerText()).toContain('Nothing is found');
    });

    it('the table of options can be read', async () => {
      const { page, complaints } = await visit(pageOf(/^Options/));
      await expect(page.locator('table').first().innerText()).resolves.toContain('HOST_ENVIRONMENT');
      expect(complaints).toEqual([]);
    });

    it('the table of options can be read on a telephone: a row is a list with the titles of the columns', async () => {
      const { page, complaints } = await newVisit(TELEPHONE, 'dark');
      await page.goto(urlOf(pageOf(/^Options/)));
      const cells = page.locator('table.wide tr:has-text("HOST_ENVIRONMENT")').first().locator('td');
      const widths = await cells.evaluateAll((all) =>
        all.map((cell) => (cell as { offsetWidth?: number }).offsetWidth),
      );
      expect(Math.min(...widths.map(Number))).toBeGreaterThan(200);
      await expect(cells.nth(1).getAttribute('data-title')).resolves.toBe('Variable');
      expect(complaints).toEqual([]);
    });

    it.each(['light', 'dark'] as const)('no page is wider than a telephone (%s)', async (scheme) => {
      const { page, complaints } = await newVisit(TELEPHONE, scheme);
      for (const file of readdirSync(join(site, 'documents'))) {
        await page.goto(urlOf(join('documents', file)));
        const width = await page.evaluate<number>('document.documentElement.scrollWidth');
        expect({ file, width, complaints }).toEqual({ file, width: 360, complaints: [] });
      }
    });

    it('dark mode is dark', async () => {
      const { page } = await newVisit(DESK, 'dark');
      await page.goto(urlOf('index.html'));
      const colour = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      const [red = 255] = colour.match(/\d+/g)?.map(Number) ?? [];
      expect(red).toBeLessThan(80);
    });

    it('links are relative, so that the site works under any path', () => {
      for (const file of readdirSync(join(site, 'documents'))) {
        expect(readFileSync(join(site, 'documents', file), 'utf8')).not.toMatch(/(?:href|src)="\/(?!\/)/);
      }
    });
  },
);

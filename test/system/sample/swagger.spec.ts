import { join } from 'node:path';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { builtSample } from '../../support/built-library.js';
import { CHROMIUM, CHROMIUM_IS_REQUIRED, hasChromium, openBrowser } from '../../support/chromium.js';
import { isFullLength } from '../../support/length.js';
import { spawnNode } from '../../support/spawned.js';

const isThere = hasChromium();
const WITHOUT = `There is no browser at ${CHROMIUM} (Debian: apt-get install chromium; CHROMIUM_PATH names another)`;
if (!isThere && !CHROMIUM_IS_REQUIRED) process.stderr.write(`\nSKIPPED: Swagger UI was not tried. ${WITHOUT}.\n\n`);

it('A browser is there, or nobody demands one by REQUIRE_CHROMIUM=1', () => {
  expect(isThere || !CHROMIUM_IS_REQUIRED || WITHOUT).toBe(true);
});

describe.runIf(isFullLength && isThere)('Swagger UI of the sample, in a browser', () => {
  /** What `npm start` prints for people. */
  async function printed(): Promise<{ docs: string; token: string }> {
    const env = { PORT: '0', EMULATOR_PORT: '0' };
    const started = spawnNode([join(builtSample(), 'dist', 'start.js')], env, builtSample());
    const [, docs = '', token = ''] = await started.says(/its API at (http:\S+)\.\n[^]*^ANN='(\S+)'$/m);
    return { docs, token };
  }

  interface Visit {
    readonly page: Page;
    /** Every address that the browser has asked for. */
    readonly asked: readonly string[];
    /** What the page complained of. */
    readonly complaints: readonly string[];
  }

  async function visit(browser: BrowserContext, address: string): Promise<Visit> {
    const asked: string[] = [];
    const complaints: string[] = [];
    browser.on('request', (request) => asked.push(request.url()));
    const page = await browser.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(address);
    return { page, asked, complaints };
  }

  async function authorize(page: Page, token: string): Promise<void> {
    await page.locator('.auth-wrapper button.authorize').first().click();
    const dialog = page.locator('.modal-ux');
    await dialog.locator('input[type=text]').fill(token);
    await dialog.getByRole('button', { name: 'Apply credentials' }).click();
    await dialog.locator('.auth-btn-wrapper .btn-done').click();
  }

  /** Opens a route, tries it, and answers its live response. */
  async function tryOut(page: Page, path: string): Promise<Locator> {
    const route = page.locator(`.opblock:has([data-path="${path}"])`);
    await route.locator('.opblock-summary-control').click();
    await route.getByRole('button', { name: 'Try it out' }).click();
    await route.getByRole('button', { name: 'Execute' }).click();
    return route.locator('.live-responses-table .response');
  }

  it('takes the printed token and shows what a route answers; nothing comes from elsewhere', async () => {
    const { docs, token } = await printed();
    const { page, asked, complaints } = await visit(await openBrowser(), docs);

    const refused = await tryOut(page, '/me');
    await refused.locator('.response-col_status', { hasText: '401' }).waitFor();

    await authorize(page, token);
    await page.locator('.opblock:has([data-path="/me"])').getByRole('button', { name: 'Execute' }).click();
    const accepted = page.locator('.opblock:has([data-path="/me"]) .live-responses-table .response');
    await accepted.locator('.response-col_status', { hasText: '200' }).waitFor();
    expect(JSON.parse(await accepted.locator('.highlight-code code').first().innerText())).toEqual({
      platform: 'mindsphere',
      tenant: 'customer',
      tenantName: 'customer',
      userName: 'ann@example.com',
      scopes: ['myapp.user'],
    });

    const technical = await tryOut(page, '/current-app-credentials');
    await technical.locator('.response-col_status', { hasText: '200' }).waitFor();
    const answer = await technical.locator('.highlight-code code').first().innerText();
    expect(JSON.parse(answer)).toMatchObject({ platform: 'mindsphere', calledAs: { tenant: 'customer' } });
    // The description shows it, too.
    const route = page.locator('.opblock:has([data-path="/current-app-credentials"])');
    await route.locator('.model-example', { hasText: '"platform": "mindsphere"' }).first().waitFor();
    const screenshot = process.env['SCREENSHOT'];
    if (screenshot) await page.screenshot({ path: screenshot, fullPage: true });

    const { origin } = new URL(docs);
    const elsewhere = asked.filter((address) => !address.startsWith(`${origin}/`) && !address.startsWith('data:'));
    expect(elsewhere).toEqual([]);
    expect(asked.filter((address) => address === `${origin}/me`)).toHaveLength(2);
    expect(asked.join(' ')).not.toContain(token);
    expect(complaints).toEqual([]);
  }, 150_000);
});

import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ApplicationGatewayOptions, MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import type { BrowserContext, Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { builtSample } from '../../support/built-library.js';
import { CHROMIUM, CHROMIUM_IS_REQUIRED, hasChromium, openBrowser } from '../../support/chromium.js';
import { isFullLength } from '../../support/length.js';
import { spawnNode } from '../../support/spawned.js';

const isThere = hasChromium();
const WITHOUT = `There is no browser at ${CHROMIUM} (Debian: apt-get install chromium; CHROMIUM_PATH names another)`;
if (!isThere && !CHROMIUM_IS_REQUIRED)
  process.stderr.write(`\nSKIPPED: the gateway was not tried in a browser. ${WITHOUT}.\n\n`);

/** Where screenshots go, for people; nowhere unless it is set. */
const SCREENSHOTS = process.env['SCREENSHOTS'];

const USERS = [
  { tenant: 'customer', userName: 'ann@customer.example.com', scopes: ['myapp.user'] },
  { tenant: 'operator', userName: 'olga@operator.example.com', scopes: ['myapp.user', 'myapp.operator'] },
];

it('A browser is there, or nobody demands one by REQUIRE_CHROMIUM=1', () => {
  expect(isThere || !CHROMIUM_IS_REQUIRED || WITHOUT).toBe(true);
});

/** A browser, and what of its pages must not be: errors, and requests that leave this gateway. */
async function visitor(origin: string) {
  const browser = await openBrowser();
  const complaints: string[] = [];
  browser.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) complaints.push(`asked for ${url}`);
  });
  browser.on('weberror', (error) => complaints.push(error.error().message));
  browser.on('console', (message) => {
    // Of a status from 400 on, the browser writes a line by itself.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load')) complaints.push(message.text());
  });
  const page = await browser.newPage();
  return { browser, page, complaints };
}

const choose = (page: Page, name: RegExp) => page.getByRole('button', { name }).click();

async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** How far the page is wider than its window, in pixels. */
const overflowOf = (page: Page) =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/** The contrast of an element's text and its ground, by WCAG 2: 4.5 at least is readable. */
const contrastOf = (page: Page, selector: string) =>
  page.evaluate<number>(`(() => {
    const channels = (color) => color.match(/[\\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
    const element = document.querySelector(${JSON.stringify(selector)});
    let ground = element;
    while (channels(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
    const [light, dark] = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor]
      .map((color) => luminance(channels(color))).sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  })()`);

async function inFrontOf(url: string, options: Partial<ApplicationGatewayOptions> = {}): Promise<MindsphereEmulator> {
  const emulator = await MindsphereEmulator.start();
  onTestFinished(() => emulator.close());
  await emulator.serveApplication({ url, users: USERS, ...options });
  return emulator;
}

async function expressApplication(): Promise<string> {
  const started = spawnNode([fileURLToPath(new URL('express-app.mjs', import.meta.url))]);
  const [, port] = await started.says(/Listening on (\d+)/);
  return `http://127.0.0.1:${port}`;
}

/** Python's own server, over a folder with one page. */
async function pythonServer(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'python-server-'));
  await writeFile(join(folder, 'index.html'), '<title>From Python</title><a href="other.html">Other</a>');
  await writeFile(join(folder, 'other.html'), '<h1>Other page</h1>');
  const args = ['-u', '-m', 'http.server', '0', '--bind', '127.0.0.1', '--directory', folder];
  const child = spawn('python3', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  const port = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const [, found] = /port (\d+)/.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  return `http://127.0.0.1:${port}`;
}

/** `npm start` of the sample; the one address that it prints. */
async function sample(): Promise<string> {
  const env = { PORT: '0', EMULATOR_PORT: '0' };
  const started = spawnNode([join(builtSample(), 'dist', 'start.js')], env, builtSample());
  const [, address = ''] = await started.says(/^Open (http:\S+)\/ in a browser/);
  return address;
}

describe.runIf(isFullLength && isThere)('The gateway, in a browser', () => {
  it('in front of the sample: sign in, see assets, a live message, switch, lose the session', async () => {
    const origin = await sample();
    const { browser, page, complaints } = await visitor(origin);
    await page.goto(`${origin}/`);
    await choose(page, /ann@/);
    await page.getByText('ann@example.com of customer on mindsphere.io, with myapp.user').waitFor();
    await page.getByText('mindsphere.io answered.').waitFor();
    expect(await page.locator('#assets b').allInnerTexts()).toEqual(['Pump 7', 'Pump 8']);
    await page.locator('#live', { hasText: /^live$/ }).waitFor();

    await page.getByLabel('Your message').fill('Pump 7 is loud');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('#messages li', { hasText: 'Pump 7 is loud' }).waitFor();
    await shoot(page, 'sample');

    // Another tenant's user, in the same browser.
    await page.getByRole('link', { name: 'Emulated gateway' }).click();
    await choose(page, /ben@/);
    await page.getByRole('heading', { name: /Signed in as ben@/ }).waitFor();
    await page.goto(`${origin}/`);
    await page.getByText('ben@example.com of customer2').waitFor();
    await page.locator('#assets b', { hasText: 'Conveyor A' }).waitFor();
    expect(await page.locator('#messages li').count()).toBe(0);

    // A user of the other platform, at the same address.
    await page.getByRole('link', { name: 'Emulated gateway' }).click();
    await choose(page, /cara@/);
    await page.getByRole('heading', { name: /Signed in as cara@/ }).waitFor();
    await page.goto(`${origin}/`);
    await page.getByText('cara@example.com of 1000000351 (customer) on siemens.app').waitFor();
    await page.getByText('siemens.app answered.').waitFor();
    expect(await page.locator('#assets b').allInnerTexts()).toEqual(['Turbine 3']);
    await page.locator('#live', { hasText: /^live$/ }).waitFor();
    await shoot(page, 'sample-siemens-app');

    // The session ends elsewhere: the WebSocket goes with it, and the next call says so.
    const other = await browser.newPage();
    await other.goto(`${origin}/logout`);
    await other.getByText('You are signed out.').waitFor();
    await page.locator('#live', { hasText: 'not connected' }).waitFor();
    await page.getByLabel('Your message').fill('Anybody?');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('alert').getByText('Your session has ended.').waitFor();
    await page.getByRole('link', { name: 'Load the page again' }).click();
    await page.getByRole('heading', { name: 'Who do you want to be?' }).waitFor();
    expect(complaints.filter((complaint) => !complaint.includes('WebSocket'))).toEqual([]);
  }, 150_000);

  it('in front of an Express application of ten lines: the user’s token arrives, and writing needs the header', async () => {
    const { origin } = await inFrontOf(await expressApplication());
    const { page, complaints } = await visitor(origin);
    await page.goto(`${origin}/?from=bookmark`);
    await choose(page, /olga@/);
    await page.getByText('olga@operator.example.com of operator').waitFor();
    expect(page.url()).toBe(`${origin}/?from=bookmark`);
    const order = (headers: string) =>
      page.evaluate<string>(
        `fetch('/orders', { method: 'POST', headers: ${headers} }).then(async (a) => a.status + ' ' + await a.text())`,
      );
    expect(await order('{}')).toMatch(/^403 .*x-xsrf-token/);
    const proof = "{ 'x-xsrf-token': /XSRF-TOKEN=([^;]+)/.exec(document.cookie)[1] }";
    expect(await order(proof)).toBe('201 ordered for operator');
    expect(await page.evaluate('document.cookie')).not.toContain('SESSION');
    expect(complaints).toEqual([]);
  }, 150_000);

  it('in front of a Python server: pages and links', async () => {
    const { origin } = await inFrontOf(await pythonServer());
    const { page, complaints } = await visitor(origin);
    await page.goto(`${origin}/other.html`);
    await choose(page, /ann@/);
    await page.getByRole('heading', { name: 'Other page' }).waitFor();
    await page.goto(`${origin}/`);
    await page.getByRole('link', { name: 'Other' }).click();
    await page.getByRole('heading', { name: 'Other page' }).waitFor();
    expect(complaints).toEqual([]);
  }, 150_000);

  it('says that an application is down, and shows it by itself once it is there', async () => {
    const server = createServer((_message, response) => response.end('<h1>Here again</h1>'));
    const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const stop = () => new Promise<unknown>((resolve) => server.close(resolve));
    await listen(0);
    const { port } = server.address() as AddressInfo;
    await stop();
    const { origin } = await inFrontOf(`http://127.0.0.1:${port}`);
    const { page } = await visitor(origin);
    await page.goto(`${origin}/`);
    await choose(page, /ann@/);
    await page.getByRole('heading', { name: 'The application does not answer' }).waitFor();
    await shoot(page, 'down');
    await listen(port);
    onTestFinished(async () => void (await stop()));
    await page.getByRole('heading', { name: 'Here again' }).waitFor();
    expect(page.url()).toBe(`${origin}/`);
  }, 150_000);

  it('can be used by keyboard alone', async () => {
    const { origin } = await inFrontOf(await expressApplication());
    const { page } = await visitor(origin);
    await page.goto(`${origin}/`);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toContain('ann@');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('olga@operator.example.com of operator').waitFor();
  }, 150_000);

  it('shows requests as they come, claims without the token, and makes things fail', async () => {
    const emulator = await inFrontOf(await expressApplication());
    const { origin } = emulator;
    const { browser, page, complaints } = await visitor(origin);
    await page.goto(`${origin}/__emulator/`);
    await choose(page, /ann@/);
    await page.getByRole('heading', { name: /Signed in as ann@/ }).waitFor();
    await page.getByText('"ann@customer.example.com"').first().waitFor();
    expect(await page.content()).not.toMatch(/eyJ[\w-]{20}/);

    await page.locator('select[name=endpoint]').selectOption('api');
    await page.locator('select[name=status]').selectOption('503');
    await page.getByRole('button', { name: 'Fail next' }).click();
    await page.getByText('The next requests will fail as you asked.').waitFor();
    const call = () => page.evaluate<number>("fetch('/api/assetmanagement/v3/assets').then(({ status }) => status)");
    expect([await call(), await call()]).toEqual([503, 200]);
    await page.locator('.requests tbody tr', { hasText: '503 Service Unavailable' }).waitFor();

    await page.getByRole('button', { name: 'Rotate keys' }).click();
    await page.getByText('signed with a new key').waitFor();
    expect(await call()).toBe(200);
    await page.getByLabel(/Hold every request/).fill('300');
    await page.getByRole('button', { name: 'Set latency' }).click();
    await page.getByText('The latency is set.').waitFor();
    const began = performance.now();
    expect(await call()).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(299);
    await shoot(page, 'emulator');
    expect(complaints).toEqual([]);
    await browser.close();
  }, 150_000);

  it.each([
    ['light', 360],
    ['dark', 360],
    ['dark', 1_200],
  ] as const)(
    'fits and can be read: %s, %d px',
    async (colorScheme, width) => {
      const users = [
        ...USERS,
        {
          userName: `${'long-'.repeat(12)}name@customer.example.com`,
          scopes: ['mdsp:core:assetmanagement.administrator'],
        },
      ];
      const { origin } = await inFrontOf(await expressApplication(), { users });
      const { page } = await visitor(origin);
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await page.goto(`${origin}/plants/${'x'.repeat(100)}`);
      for (const selector of ['h1', '.name', '.home', '.scopes code', '.more a', 'footer p']) {
        // oxlint-disable-next-line no-await-in-loop -- so that a failure names its selector
        expect([selector, (await contrastOf(page, selector)) >= 4.5]).toEqual([selector, true]);
      }
      expect(await overflowOf(page)).toBe(0);
      await shoot(page, `sign-in-${colorScheme}-${width}`);
      await choose(page, /ann@/);
      await page.goto(`${origin}/__emulator/`);
      await page.evaluate(`fetch('/${'y'.repeat(100)}')`);
      await page.locator('.requests .refused').first().waitFor();
      for (const selector of ['h2', '.badge', '.fault button', '.claims th', '.requests td', '.refused, .fine']) {
        // oxlint-disable-next-line no-await-in-loop -- so that a failure names its selector
        expect([selector, (await contrastOf(page, selector)) >= 4.5]).toEqual([selector, true]);
      }
      expect(await overflowOf(page)).toBe(0);
      await shoot(page, `emulator-${colorScheme}-${width}`);
    },
    150_000,
  );

  it('lets no page of another port do anything with the session', async () => {
    const emulator = await inFrontOf(await expressApplication(), { ownApi: [] });
    const { origin } = emulator;
    // Cookies know no ports, so this page's requests carry the session.
    const evil = await pythonServer();
    const browser: BrowserContext = await openBrowser();
    const page = await browser.newPage();
    await page.goto(`${origin}/`);
    await choose(page, /ann@/);
    await page.getByText('ann@customer.example.com of customer').waitFor();
    await page.goto(evil);
    const attempt = (path: string, init: string) =>
      page.evaluate<string>(
        `fetch('${origin}${path}', { credentials: 'include', mode: 'no-cors', ...${init} }).then(() => 'sent', () => 'failed')`,
      );
    const form = "method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }";
    await attempt('/__emulator/sign-in', `{ ${form}, body: 'user=1&to=/' }`);
    await attempt('/__emulator/page/latency', `{ ${form}, body: 'ms=5000' }`);
    await attempt('/__emulator/page/rotate-keys', `{ ${form}, body: '' }`);
    await attempt('/orders', `{ ${form}, body: '' }`);
    const read = await page.evaluate<string>(
      `fetch('${origin}/who', { credentials: 'include' }).then((a) => a.text(), () => 'unreadable')`,
    );
    expect(read).toBe('unreadable');
    const socket = await page.evaluate<string>(
      `new Promise((resolve) => { const s = new WebSocket('${origin.replace('http', 'ws')}/'); s.onopen = () => resolve('open'); s.onerror = () => resolve('refused'); })`,
    );
    expect(socket).toBe('refused');
    await page.goto(`${origin}/__emulator/`);
    await page.getByRole('heading', { name: /Signed in as ann@/ }).waitFor();
    const orders = emulator.requests().filter(({ path }) => path === '/orders');
    expect(orders.map(({ status }) => status).filter((status) => status === 201)).toEqual([]);
  }, 150_000);
});

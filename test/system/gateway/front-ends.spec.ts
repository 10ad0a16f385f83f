import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { builtLibrary } from '../../support/built-library.js';
import { emulatorKeys } from '../../support/emulator-keys.js';
import { spawnNode } from '../../support/spawned.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) process.stderr.write('\nSKIPPED: the examples in Python were not tried. There is no python3.\n\n');

const command = () => join(builtLibrary(), 'cli', 'emulator', 'mindsphere-emulator.js');

/** The blocks of code of a language, in a guide. */
async function blocksOf(guide: string, language: string): Promise<string[]> {
  const text = await readFile(join(root, 'docs', guide), 'utf8');
  const found = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, name]) => name === language);
  return found.map(([, , code = '']) => code);
}

/** The folder of the guide's five minutes, with the four files that it shows. */
async function folderOfGuide(): Promise<string> {
  const [[backend = '', page = ''], [html = ''], [fixture = '']] = await Promise.all([
    blocksOf('front-ends.md', 'js'),
    blocksOf('front-ends.md', 'html'),
    blocksOf('front-ends.md', 'json'),
  ]);
  const folder = await mkdtemp(join(tmpdir(), 'front-end-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await put(join(folder, 'app.mjs'), backend);
  await put(join(folder, 'public/index.html'), html);
  await put(join(folder, 'public/page.js'), page);
  await put(join(folder, 'fixtures/api/assetmanagement/v3/assets.get.json'), fixture);
  return folder;
}

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

/** The options of the emulator that the guide shows, for an application at another address. */
async function optionsOfGuide(address: string): Promise<string[]> {
  const shown = (await blocksOf('front-ends.md', 'sh')).find((block) => /--app \S+ --fixtures/.test(block)) ?? '';
  const words = shown.replaceAll(/\\\n/g, ' ').trim().split(/\s+/);
  expect(words.splice(0, 2)).toEqual(['npx', 'mindsphere-emulator']);
  return words.map((word) => (word.startsWith('http:') ? address : word));
}

/** Python, which is killed at the test's end; what it prints first. */
function python(
  script: string,
  cwd: string,
  env: Record<string, string> = {},
): { child: ChildProcess; said: Promise<string> } {
  const child = spawn('python3', ['-c', script], { cwd, env: { PATH: process.env['PATH'], ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  const said = new Promise<string>((resolve, reject) => {
    child.once('error', reject).once('close', () => resolve(text));
    child.stderr.resume();
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.endsWith('\n')) resolve(text);
    });
  });
  return { child, said };
}

/** A browser's part: signs the first user in, and sends the cookies from then on. */
async function signedIn(origin: string) {
  const body = new URLSearchParams({ user: '0', to: '/' });
  const { headers } = await fetch(`${origin}/__emulator/sign-in`, { method: 'POST', body, redirect: 'manual' });
  const cookies = headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
  const xsrf = cookies.find((pair) => pair.startsWith('XSRF-TOKEN='))?.slice('XSRF-TOKEN='.length) ?? '';
  const call = (path: string, init: RequestInit = {}) =>
    fetch(origin + path, { ...init, headers: { cookie: cookies.join('; '), ...(init.headers as object) } });
  return { xsrf, call };
}

async function emulatorInFrontOf(address: string, cwd: string): Promise<string> {
  const own = ['--port', '0', '--keys', await emulatorKeys()];
  const emulator = spawnNode([command(), ...own, ...(await optionsOfGuide(address))], {}, cwd);
  const [, origin = ''] = await emulator.says(/^Open (http:\S+)\/ in a browser/m);
  return origin;
}

describe('docs/front-ends.md, as it stands', () => {
  it('the Express application', async () => {
    const folder = await folderOfGuide();
    const application = spawnNode(['app.mjs'], { PORT: '0' }, folder);
    const [, address = ''] = await application.says(/Listening at (\S+)/);
    const origin = await emulatorInFrontOf(address, folder);
    const { xsrf, call } = await signedIn(origin);
    expect(await (await call('/')).text()).toContain('<script type="module" src="page.js">');
    const me = { user_name: 'ann@customer.example.com', ten: 'customer', scope: ['myapp.user'] };
    expect(await (await call('/me')).json()).toMatchObject(me);
    const assets = await (await call('/api/assetmanagement/v3/assets')).json();
    expect(assets).toEqual({ _embedded: { assets: [{ name: 'Pump 7' }, { name: 'Pump 8' }] } });
    expect((await call('/orders', { method: 'POST' })).status).toBe(403);
    const ordered = await call('/orders', { method: 'POST', headers: { 'x-xsrf-token': xsrf } });
    expect([ordered.status, await ordered.json()]).toEqual([201, { orderedFor: 'customer' }]);
  });

  it.runIf(hasPython)('the Python server', async () => {
    const folder = await folderOfGuide();
    const [server = ''] = await blocksOf('front-ends.md', 'python');
    const [, address = ''] = /Listening at (\S+)/.exec(await python(server, folder, { PORT: '0' }).said) ?? [];
    const { call } = await signedIn(await emulatorInFrontOf(address, folder));
    expect(await (await call('/')).text()).toContain('<script type="module" src="page.js">');
    expect(await (await call('/me')).json()).toMatchObject({ user_name: 'ann@customer.example.com' });
  });
});

describe('docs/emulator.md, as it stands', () => {
  it.runIf(hasPython)('a test in Python starts the command, and controls it over HTTP', async () => {
    const [script = ''] = await blocksOf('emulator.md', 'python');
    expect(script).toContain('["npx", "mindsphere-emulator", ');
    const here = JSON.stringify([process.execPath, command(), '--keys', await emulatorKeys()]).slice(1, -1);
    const { said } = python(script.replace('"npx", "mindsphere-emulator"', here), root);
    expect(await said).toBe('[]\n');
  });

  it('names every option of the command, and the command every one of its table', async () => {
    const guide = await readFile(join(root, 'docs', 'emulator.md'), 'utf8');
    const help = spawnNode([command(), '--help']);
    expect(await help.ended).toBe(0);
    const options = (text: string) => [...new Set(text.match(/--[a-z][a-z-]+/g))].filter((name) => name !== '--help');
    const table = /## Options\n(.*?)\n## /s.exec(guide)?.[1] ?? '';
    expect(options(table).toSorted()).toEqual(options(help.stdout()).toSorted());
  });
});

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

/*
 * `nest add` in an application as it comes from the registry: made by the CLI of that version, with the dependencies that
 * the CLI installs, and with this package as it is packed. It takes minutes and the newest of what the registry has, so it
 * runs by `npm run test:fresh` alone, and not in CI.
 */

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const NAME = 'nestjs-mindsphere-credentials';
const MINUTE_MS = 60_000;

async function newPlace(): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'nest-fresh-'));
  onTestFinished(() => rm(place, { recursive: true, force: true }));
  return place;
}

/** The built package, packed. */
async function packed(place: string): Promise<string> {
  await run('npm', ['run', '--silent', 'build'], { cwd: root });
  const flags = ['pack', '--ignore-scripts', '--json', '--pack-destination', place];
  const { stdout } = await run('npm', flags, { cwd: root });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  return join(place, filename);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts the compiled application, and gives its first response: Nest logs that it has started before it listens. */
async function firstResponse(application: string): Promise<Response> {
  const port = await freePort();
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: application,
    env: { ...process.env, PORT: String(port), NODE_ENV: 'test', NO_COLOR: '1' },
  });
  onTestFinished(() => void child.kill());
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  return vi.waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`the application ended:\n${log}`);
      return fetch(`http://127.0.0.1:${port}`);
    },
    { timeout: MINUTE_MS, interval: 100 },
  );
}

describe.runIf(process.env['FRESH_APPLICATIONS'] === '1')('nest add, in a fresh application', () => {
  it.each([
    ['11', 'CommonJS', undefined],
    ['12', 'ES modules', 'module'],
  ])(
    'Nest %s (%s): compiles, starts and is guarded',
    async (version, _modules, type) => {
      const place = await newPlace();
      const application = join(place, 'app');
      const create = ['--yes', `@nestjs/cli@${version}`, 'new', 'app', '--skip-git', '--package-manager', 'npm'];
      await run('npx', create, { cwd: place });
      await run('npm', ['install', '--no-audit', '--no-fund', await packed(place)], { cwd: application });
      await run('npx', ['nest', 'add', NAME, '--skip-install', '--guard'], { cwd: application });

      const manifest = JSON.parse(await readFile(join(application, 'package.json'), 'utf8')) as Record<string, unknown>;
      expect(manifest['type']).toBe(type);
      expect(await readFile(join(application, '.env.example'), 'utf8')).toContain('MDSP_KEY_STORE_CLIENT_ID=');
      await run('npm', ['run', 'build'], { cwd: application });
      const answer = await firstResponse(application);
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    },
    10 * MINUTE_MS,
  );
});

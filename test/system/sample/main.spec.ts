import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { io } from 'socket.io-client';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { callsOf, make } from '../../../sample/src/calls.js';
import { respondWithAssets } from '../../../sample/src/emulated-assets.js';
import { EMULATOR_OPTIONS } from '../../../sample/src/local-platform.js';
import { send, socketCallsOf } from '../../../sample/src/socket-calls.js';
import { issueTokens } from '../../../sample/src/users.js';
import { builtSample } from '../../support/built-library.js';
import { isFullLength } from '../../support/length.js';
import { spawnNode, type Spawned } from '../../support/spawned.js';

describe('npm start', () => {
  const start = (...args: string[]) =>
    spawnNode([join(builtSample(), 'dist', 'start.js'), ...args], { PORT: '0', EMULATOR_PORT: '0' }, builtSample());

  it.runIf(isFullLength)('prints one address to open, and the token of each user once, as a variable', async () => {
    const started = start();
    await started.says(/Ctrl-C ends both\.$/m);
    const text = started.stdout();
    expect(text.match(/^Open http:\S+\/ in a browser/gm)).toHaveLength(1);
    const tokens = [...text.matchAll(/^([A-Z_]+)='(eyJ[^']+)'$/gm)].map(([, name = '', token = '']) => ({
      name,
      token,
    }));
    const names = tokens.map(({ name }) => name).join(' ');
    expect(names).toBe('ANN BEN OLGA CARA OSKAR FORGED_ANN FORGED_CARA OTTO');
    for (const { name, token } of tokens) {
      expect(text.split(token)).toHaveLength(2);
      expect(text).toContain(`$${name}`);
    }
  });

  it('with --once makes its calls on both platforms, and ends with status 0', async () => {
    const started = start('--once');
    expect([await started.ended, started.stdout().match(/^FAILED.*$/gm)]).toEqual([0, null]);
    expect(started.stdout()).toContain('All calls got what they should.');
    const made = started.stdout().match(/^ok .*$/gm) ?? [];
    expect(made.filter((line) => /siemens\.app|other platform/.test(line)).length).toBeGreaterThanOrEqual(14);
    expect(made.filter((line) => !line.includes('Behind the gateway')).length).toBeGreaterThanOrEqual(30);
  });
});

// Short: a start takes a second of CPU, so that of `npm start` must do.
describe('The application alone', () => {
  let emulator: MindsphereEmulator;

  beforeEach(async () => {
    emulator = await MindsphereEmulator.start({ ...EMULATOR_OPTIONS, strict: true });
    respondWithAssets(emulator);
    onTestFinished(() => emulator.close());
  });

  /** What somebody sets who deploys it: the documented variables, and here where the emulator is. */
  function environment(): Record<string, string> {
    const { app, tenant, xcelerator } = emulator.moduleOptions;
    return {
      NODE_ENV: 'production',
      PORT: '0',
      MDSP_OS_VM_APP_NAME: app.appName,
      MDSP_OS_VM_APP_VERSION: app.appVersion,
      MDSP_KEY_STORE_CLIENT_ID: app.keyStoreClientId,
      MDSP_KEY_STORE_CLIENT_SECRET: app.keyStoreClientSecret,
      MINDSPHERE_CLIENT_ID: tenant.clientId,
      MINDSPHERE_CLIENT_SECRET: tenant.clientSecret,
      MINDSPHERE_TENANT: tenant.tenant,
      XCELERATOR_CORE_TENANT: xcelerator!.coreTenant,
      XCELERATOR_HOST_TENANT: xcelerator!.app.hostTenant,
      XCELERATOR_CLIENT_IDS: xcelerator!.clientIds.join(','),
      XCELERATOR_CLIENT_ID: xcelerator!.tenant.clientId,
      XCELERATOR_CLIENT_SECRET: xcelerator!.tenant.clientSecret,
      XCELERATOR_TENANT: xcelerator!.tenant.tenant,
      ...urls(),
    };
  }

  function urls(): Record<string, string> {
    const { gatewayUrl, oauthUrl, xcelerator } = emulator.moduleOptions;
    return {
      MINDSPHERE_GATEWAY_URL: gatewayUrl,
      MINDSPHERE_OAUTH_URL: oauthUrl,
      XCELERATOR_GATEWAY_URL: xcelerator!.gatewayUrl,
      XCELERATOR_OAUTH_URL: xcelerator!.oauthUrl,
    };
  }

  const main = (env: Record<string, string>) => spawnNode([join(builtSample(), 'dist', 'main.js')], env, builtSample());

  async function started(env = environment()): Promise<{ process: Spawned; origin: string }> {
    const process = main(env);
    const [, port] = await process.says(/Listening on http:\S+:(\d+)/);
    return { process, origin: `http://127.0.0.1:${port}` };
  }

  async function secondsToEnd({ child, ended }: Spawned, signal: NodeJS.Signals): Promise<readonly [unknown, number]> {
    const began = performance.now();
    child.kill(signal);
    const end = await ended;
    return [end, (performance.now() - began) / 1_000];
  }

  it.runIf(isFullLength)(
    'answers with the environment only, and ends within a second of SIGTERM with status 0',
    async () => {
      const { process, origin } = await started();
      const tokens = issueTokens(emulator);
      const outcomes = await Promise.all(callsOf(tokens).map((call) => make(origin, call)));
      expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);
      const [message] = socketCallsOf(tokens);
      expect(await send(origin, message!)).toMatchObject({ ok: true });
      const health = await fetch(`${origin}/health`);
      expect([health.status, health.headers.get('cache-control')]).toEqual([
        200,
        'no-cache, no-store, must-revalidate',
      ]);
      // In production it does not tell which routes there are.
      expect((await fetch(`${origin}/docs`)).status).toBe(404);
      const [end, seconds] = await secondsToEnd(process, 'SIGTERM');
      expect(end).toBe(0);
      expect(seconds).toBeLessThan(1);
      expect(process.stdout() + process.stderr()).not.toContain(emulator.moduleOptions.app.keyStoreClientSecret);
    },
  );

  it.runIf(isFullLength)('does not wait for connections that nobody asks anything over', async () => {
    const { process, origin } = await started();
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    await new Promise((resolve) =>
      get(`${origin}/health`, { agent }, (answer) => answer.resume().once('end', resolve)),
    );
    const socket = io(origin, { transports: ['websocket'], reconnection: false });
    onTestFinished(() => void socket.close());
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    const [end, seconds] = await secondsToEnd(process, 'SIGINT');
    expect(end).toBe(0);
    expect(seconds).toBeLessThan(1);
  });

  it.runIf(isFullLength).each(['api', 'app-token'] as const)(
    'answers what has been asked before it ends: %s is slow',
    async (endpoint) => {
      const { process, origin } = await started();
      emulator.failNext(endpoint, { delayMs: 300 });
      const call = callsOf(issueTokens(emulator)).find(({ path }) => path === '/current-app-credentials')!;
      const outcome = make(origin, call);
      await expect.poll(() => emulator.requests(endpoint).length).toBe(1);
      process.child.kill('SIGTERM');
      expect(await outcome).toMatchObject({ ok: true });
      expect(await process.ended).toBe(0);
    },
  );

  it.runIf(isFullLength)(
    'ends with status 1 and the fault where it is configured wrongly, without the secret',
    async () => {
      const process = main({ ...environment(), MDSP_KEY_STORE_CLIENT_ID: '' });
      expect(await process.ended).toBe(1);
      const said = process.stdout() + process.stderr();
      expect(said).toContain('MDSP_KEY_STORE_CLIENT_ID');
      expect(said).not.toContain(emulator.moduleOptions.app.keyStoreClientSecret);
    },
  );

  it.runIf(isFullLength)('ends with status 1 where PORT is none', async () => {
    const process = main({ ...environment(), PORT: 'http' });
    expect(await process.ended).toBe(1);
    expect(process.stdout() + process.stderr()).toContain('PORT must be a port');
  });

  it.runIf(isFullLength)('reads no .env: what nobody has configured is missing', async () => {
    const { origin } = await started({
      PORT: '0',
      ...urls(),
      // Whose users' tokens to accept: without it, nobody's.
      MDSP_OS_VM_APP_NAME: emulator.moduleOptions.app.appName,
    });
    const call = callsOf(issueTokens(emulator)).find(
      ({ path, status }) => path === '/tenant-credentials' && status === 200,
    )!;
    expect(await make(origin, call)).toMatchObject({ status: 503 });
    expect(emulator.requests('tenant-token')).toEqual([]);
  });
});

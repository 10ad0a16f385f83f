import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { io } from 'socket.io-client';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { callsOf, issueTokens, make } from '../../../sample/src/calls.js';
import { send, socketCallsOf } from '../../../sample/src/socket-calls.js';
import { builtSample } from '../../support/built-library.js';
import { spawnNode, type Spawned } from '../../support/spawned.js';

describe('The application alone', () => {
  let emulator: MindsphereEmulator;

  beforeEach(async () => {
    emulator = await MindsphereEmulator.start({ strict: true });
    onTestFinished(() => emulator.close());
  });

  /** What somebody sets who deploys it: the documented variables, and here where the emulator is. */
  function environment(): Record<string, string> {
    const { app, tenant } = emulator.moduleOptions;
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
      SAMPLE_GATEWAY_URL: emulator.origin,
      SAMPLE_OAUTH_URL: emulator.moduleOptions.oauthUrl,
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

  it('answers with the environment only, and ends within a second of SIGTERM with status 0', async () => {
    const { process, origin } = await started();
    const tokens = issueTokens(emulator);
    const outcomes = await Promise.all(callsOf(tokens).map((call) => make(origin, call)));
    expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);
    const [message] = socketCallsOf(tokens);
    expect(await send(origin, message!)).toMatchObject({ ok: true });
    const health = await fetch(`${origin}/health`);
    expect([health.status, health.headers.get('cache-control')]).toEqual([200, 'no-cache, no-store, must-revalidate']);
    // In production it does not tell which routes there are.
    expect((await fetch(`${origin}/docs`)).status).toBe(404);
    const [end, seconds] = await secondsToEnd(process, 'SIGTERM');
    expect(end).toBe(0);
    expect(seconds).toBeLessThan(1);
    expect(process.stdout() + process.stderr()).not.toContain(emulator.moduleOptions.app.keyStoreClientSecret);
  });

  it('does not wait for connections that nobody asks anything over', async () => {
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

  it.each(['api', 'app-token'] as const)('answers what has been asked before it ends: %s is slow', async (endpoint) => {
    const { process, origin } = await started();
    emulator.failNext(endpoint, { delayMs: 300 });
    const call = callsOf(issueTokens(emulator)).find(({ path }) => path === '/current-app-credentials')!;
    const outcome = make(origin, call);
    await expect.poll(() => emulator.requests(endpoint).length).toBe(1);
    process.child.kill('SIGTERM');
    expect(await outcome).toMatchObject({ ok: true });
    expect(await process.ended).toBe(0);
  });

  it('ends with status 1 and the fault where it is configured wrongly, without the secret', async () => {
    const process = main({ ...environment(), MDSP_KEY_STORE_CLIENT_ID: '' });
    expect(await process.ended).toBe(1);
    const said = process.stdout() + process.stderr();
    expect(said).toContain('MDSP_KEY_STORE_CLIENT_ID');
    expect(said).not.toContain(emulator.moduleOptions.app.keyStoreClientSecret);
  });

  it('ends with status 1 where PORT is none', async () => {
    const process = main({ ...environment(), PORT: 'http' });
    expect(await process.ended).toBe(1);
    expect(process.stdout() + process.stderr()).toContain('PORT must be a port');
  });

  it('reads no .env: what nobody has configured is missing', async () => {
    const { origin } = await started({
      PORT: '0',
      SAMPLE_GATEWAY_URL: emulator.origin,
      SAMPLE_OAUTH_URL: emulator.moduleOptions.oauthUrl,
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

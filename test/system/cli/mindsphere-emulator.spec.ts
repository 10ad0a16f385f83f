import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { builtLibrary } from '../../support/built-library.js';
import { spawnNode, type Spawned } from '../../support/spawned.js';

describe('mindsphere-emulator, the command', () => {
  const command = () => join(builtLibrary(), 'cli', 'emulator', 'mindsphere-emulator.js');
  const start = (args: readonly string[], env?: Record<string, string>) => spawnNode([command(), ...args], env);

  async function running(...args: string[]): Promise<{ process: Spawned; origin: string; text: string }> {
    const process = start(['--port', '0', ...args]);
    await process.says(/Ctrl-C ends it/);
    const [, origin = ''] = await process.says(/gateway +(http:\S+)/);
    return { process, origin, text: process.stdout() };
  }

  const variable = (text: string, name: string) =>
    new RegExp(`^(?:export )?${name}='(.*)'$`, 'm').exec(text)?.[1] ?? '';

  async function tokenRequest(origin: string, id: string, secret: string, tenant: string): Promise<Response> {
    return fetch(`${origin}/piam/${tenant}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
  }

  const callApi = (origin: string, token: string) =>
    fetch(`${origin}/api/assetmanagement/v3/assets`, { headers: { authorization: `Bearer ${token}` } });

  it('begins with the line that makes it a command', async () => {
    expect((await readFile(command(), 'utf8')).startsWith('#!/usr/bin/env node\n')).toBe(true);
  });

  it('prints variables that it accepts, a token that it accepts, and where it is', async () => {
    const { origin, text } = await running();
    const [id, secret] = [variable(text, 'MINDSPHERE_CLIENT_ID'), variable(text, 'MINDSPHERE_CLIENT_SECRET')];
    expect((await tokenRequest(origin, id, secret, variable(text, 'MINDSPHERE_TENANT'))).status).toBe(200);
    const asset = await callApi(origin, variable(text, 'TOKEN_OF_CUSTOMER'));
    const user = { tenant: 'customer', userName: 'user@customer.example.com', scopes: ['myapp.user'] };
    expect(await asset.json()).toMatchObject(user);
    expect(variable(text, 'SAMPLE_GATEWAY_URL')).toBe(origin);
    expect(variable(text, 'SAMPLE_OAUTH_URL')).toBe(`${origin}/piam/{tenant}`);
    expect(text).toContain(`forRoot({ gatewayUrl: '${origin}', oauthUrl: '${origin}/piam/{tenant}' })`);
    expect(text).toContain(`curl -H "Authorization: Bearer $TOKEN_OF_CUSTOMER" ${origin}/api/`);
    for (const name of ['APP_NAME', 'APP_VERSION']) expect(variable(text, `MDSP_OS_VM_${name}`)).not.toBe('');
    for (const name of ['CLIENT_ID', 'CLIENT_SECRET']) expect(variable(text, `MDSP_KEY_STORE_${name}`)).not.toBe('');
    expect([variable(text, 'MDSP_HOST_TENANT'), variable(text, 'MDSP_USER_TENANT')]).toEqual(['operator', 'customer']);
  });

  it('knows the tenants of --tenants and no others', async () => {
    const { origin, text } = await running('--tenants', 'acme, Globex-2');
    expect(variable(text, 'MDSP_USER_TENANT')).toBe('acme');
    expect(await (await callApi(origin, variable(text, 'TOKEN_OF_GLOBEX_2'))).json()).toMatchObject({
      tenant: 'globex-2',
    });
    const secret = variable(text, 'MINDSPHERE_CLIENT_SECRET');
    expect((await tokenRequest(origin, 'globex-2-technicaluser', secret, 'globex-2')).status).toBe(200);
    expect((await fetch(`${origin}/piam/customer/token_keys`)).status).toBe(404);
  });

  it('prints a token of each user it is told of, with their scopes', async () => {
    const users = ['customer', 'operator=myapp.user, mdsp:core:x.y', 'customer='];
    const { origin, text } = await running(...users.flatMap((user) => ['--user', user]));
    const meaning = async (name: string) => (await callApi(origin, variable(text, name))).json();
    expect(await meaning('TOKEN_OF_CUSTOMER')).toMatchObject({ tenant: 'customer', scopes: ['myapp.user'] });
    expect(await meaning('TOKEN_2_OF_CUSTOMER')).toMatchObject({ tenant: 'customer', scopes: [] });
    const operator = { tenant: 'operator', scopes: ['myapp.user', 'mdsp:core:x.y'] };
    expect(await meaning('TOKEN_OF_OPERATOR')).toMatchObject(operator);
  });

  it('has the latency and the failures it is told', async () => {
    const { origin } = await running('--latency', '80', '--fail', 'tenant-token:1', '--seed', '7');
    const began = performance.now();
    expect((await fetch(`${origin}/piam/customer/token_keys`)).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThanOrEqual(79);
    expect((await tokenRequest(origin, 'a', 'b', 'customer')).status).toBe(503);
  });

  it('fails a share of everything with a bare --fail', async () => {
    const { origin } = await running('--fail', '1');
    expect((await fetch(`${origin}/piam/customer/token_keys`)).status).toBe(503);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends with status 0 and no complaint on %s, also while it answers',
    async (signal) => {
      const { process, origin } = await running('--latency', '60000');
      const answer = fetch(`${origin}/piam/customer/token_keys`).catch(() => 'gone');
      await new Promise((resolve) => setTimeout(resolve, 100));
      process.child.kill(signal);
      expect(await process.ended).toBe(0);
      expect(await answer).toBe('gone');
      expect(process.stderr()).toBe('');
    },
  );

  it('says with --help what it can do', async () => {
    const process = start(['--help']);
    expect(await process.ended).toBe(0);
    for (const option of ['--port', '--host', '--tenants', '--user', '--latency', '--fail', '--seed', '--help']) {
      expect(process.stdout()).toContain(`${option} `);
    }
    expect(process.stderr()).toBe('');
  });

  it.each([
    [['--port', '65536'], '--port must be a whole number from 0 to 65535'],
    [['--port', '0x10'], '--port must be a number'],
    [['--port'], "Option '--port <value>' argument missing"],
    [['--host='], '--host must be a string that is not empty'],
    [['--tenants', 'a.b'], 'each name in --tenants must be one DNS label'],
    [['--tenants', 'a,,b'], 'each name in --tenants must be a string'],
    [['--user', 'a.b'], '--user takes TENANT or TENANT=SCOPE,SCOPE'],
    [['--user', 'a=b c'], '--user takes TENANT or TENANT=SCOPE,SCOPE'],
    [['--user', 'a=b=c'], '--user takes TENANT or TENANT=SCOPE,SCOPE'],
    [['--user', 'c', '--tenants', 'a,b'], '--user: c is not in --tenants'],
    [['--latency', '-1'], "Option '--latency' argument is ambiguous"],
    [['--latency=1.5'], '--latency must be a whole number from 0'],
    [['--fail', '2'], '--fail must be a number from 0 to 1'],
    [['--fail', 'api:2'], '--fail api must be a number from 0 to 1'],
    [['--fail', 'app:0.1'], '--fail: the endpoint must be one of app-token, tenant-token'],
    [['--fail', '0.1', '--fail', 'api:0.1'], '--fail takes one RATE, or ENDPOINT:RATE'],
    [['--seed', 'x'], '--seed must be a number'],
    [['--prot', '1'], "Unknown option '--prot'"],
    [['start'], "Unexpected argument 'start'"],
  ])('answers %j with one line and status 2', async (args, reason) => {
    const process = start(args);
    expect(await process.ended).toBe(2);
    expect(process.stdout()).toBe('');
    expect(process.stderr()).toMatch(/^mindsphere-emulator: [^\n]+\n$/);
    expect(process.stderr()).toContain(reason);
  });

  it('answers a port in use with one line and status 1', async () => {
    const other = await MindsphereEmulator.start();
    onTestFinished(() => other.close());
    const process = start(['--port', String(other.port)]);
    expect(await process.ended).toBe(1);
    expect(process.stderr()).toMatch(/^mindsphere-emulator: [^\n]*EADDRINUSE[^\n]*\n$/);
  });

  it('does not start under NODE_ENV=production', async () => {
    const process = start(['--port', '0'], { NODE_ENV: 'production' });
    expect(await process.ended).toBe(1);
    expect(process.stderr()).toMatch(/^mindsphere-emulator: [^\n]*NODE_ENV=production\n$/);
    expect(process.stdout()).toBe('');
  });
});

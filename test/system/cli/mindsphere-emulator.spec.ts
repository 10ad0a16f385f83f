import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { builtLibrary } from '../../support/built-library.js';
import { WRONG_ARGUMENTS } from '../../cli/emulator/wrong-arguments.js';
import { until } from '../../support/basics.js';
import { emulatorKeys } from '../../support/emulator-keys.js';
import { isFullLength, short } from '../../support/length.js';
import { spawnNode, type Spawned } from '../../support/spawned.js';

/** The compiled library in a folder where one package is missing. */
async function withoutPackage(missing: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'without-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const modules = fileURLToPath(new URL('../../../node_modules/', import.meta.url));
  await mkdir(join(folder, 'node_modules'));
  const names = (await readdir(modules)).filter((name) => !name.startsWith('.') && name !== missing);
  for (const name of names) {
    // oxlint-disable-next-line no-await-in-loop -- links, quickly made
    await symlink(join(modules, name), join(folder, 'node_modules', name));
  }
  await cp(builtLibrary(), join(folder, 'dist'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  return folder;
}

describe('mindsphere-emulator, the command', () => {
  const command = () => join(builtLibrary(), 'cli', 'emulator', 'mindsphere-emulator.js');
  const start = (args: readonly string[], env?: Record<string, string>) => spawnNode([command(), ...args], env);

  let keys = '';
  beforeAll(async () => {
    keys = await emulatorKeys();
  });

  async function running(...args: string[]): Promise<{ process: Spawned; origin: string; text: string }> {
    const process = start(['--port', '0', ...(args.includes('--keys') ? [] : ['--keys', keys]), ...args]);
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
    expect(variable(text, 'MINDSPHERE_GATEWAY_URL')).toBe(origin);
    expect(variable(text, 'MINDSPHERE_OAUTH_URL')).toBe(`${origin}/piam/{tenant}`);
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

  it('prints a token of each user given, with their scopes', async () => {
    const users = ['customer', 'operator=myapp.user, mdsp:core:x.y', 'customer='];
    const { origin, text } = await running(...users.flatMap((user) => ['--user', user]));
    const meaning = async (name: string) => (await callApi(origin, variable(text, name))).json();
    expect(await meaning('TOKEN_OF_CUSTOMER')).toMatchObject({ tenant: 'customer', scopes: ['myapp.user'] });
    expect(await meaning('TOKEN_2_OF_CUSTOMER')).toMatchObject({ tenant: 'customer', scopes: [] });
    const operator = { tenant: 'operator', scopes: ['myapp.user', 'mdsp:core:x.y'] };
    expect(await meaning('TOKEN_OF_OPERATOR')).toMatchObject(operator);
  });

  it('has the latency and the failures of its options', async () => {
    const { origin } = await running('--latency', '80', '--fail', 'tenant-token:1', '--seed', '7');
    const began = performance.now();
    expect((await fetch(`${origin}/piam/customer/token_keys`)).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThanOrEqual(79);
    expect((await tokenRequest(origin, 'a', 'b', 'customer')).status).toBe(503);
  });

  it.runIf(isFullLength)('fails a share of everything with a bare --fail', async () => {
    const { origin } = await running('--fail', '1');
    expect((await fetch(`${origin}/piam/customer/token_keys`)).status).toBe(503);
  });

  it.each(short(['SIGTERM'] as const, ['SIGINT', 'SIGTERM'] as const))(
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

  // Short: test/cli has them all in this process.
  it.each(short(WRONG_ARGUMENTS.slice(-1), [...WRONG_ARGUMENTS]))(
    'answers %j with one line and status 2',
    async (args, reason) => {
      const process = start(args);
      expect(await process.ended).toBe(2);
      expect(process.stdout()).toBe('');
      expect(process.stderr()).toMatch(/^mindsphere-emulator: [^\n]+\n$/);
      expect(process.stderr()).toContain(reason);
    },
  );

  it('answers a port in use with one line and status 1', async () => {
    const other = await MindsphereEmulator.start();
    onTestFinished(() => other.close());
    const process = start(['--port', String(other.port), '--keys', keys]);
    expect(await process.ended).toBe(1);
    expect(process.stderr()).toMatch(/^mindsphere-emulator: [^\n]*EADDRINUSE[^\n]*\n$/);
    expect(process.stderr()).toContain(`port ${other.port} is in use`);
    expect(process.stderr()).toContain('--port');
  });

  it('prints shell lines and nothing else with --env', async () => {
    const process = start([
      '--port',
      '0',
      '--keys',
      keys,
      '--env',
      '--tenants',
      'acme,globex',
      '--user',
      "ann@acme=it's",
    ]);
    await process.says(/CLIENT_SECRET_OF_GLOBEX=.*\n/);
    const lines = process.stdout().trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^export [A-Z_\d]+='.*'$/);
    const read = spawnSync('sh', ['-c', `${process.stdout()}\nenv`], { encoding: 'utf8' }).stdout;
    const origin = /^MINDSPHERE_GATEWAY_URL=(.*)$/m.exec(read)?.[1] ?? '';
    const token = /^TOKEN_OF_ACME=(.*)$/m.exec(read)?.[1] ?? '';
    const user = { tenant: 'acme', userName: 'ann@acme.example.com', scopes: ["it's"] };
    expect(await (await callApi(origin, token)).json()).toMatchObject(user);
    expect((await tokenRequest(origin, 'globex-technicaluser', 'emulated-tenant-secret', 'globex')).status).toBe(200);
  });

  it('prints one JSON document with --json, and goes on running', async () => {
    const process = start([
      '--port',
      '0',
      '--keys',
      keys,
      '--json',
      '--platform',
      'xcelerator',
      '--user',
      '1000000351',
    ]);
    await process.says(/\n}\n$/);
    const report = JSON.parse(process.stdout());
    expect(report).toMatchObject({
      platforms: [{ platform: 'mindsphere' }, { platform: 'xcelerator', gatewayUrl: `${report.origin}/xcelerator` }],
      variables: { XCELERATOR_CORE_TENANT: '1000001700', MDSP_OS_VM_APP_NAME: 'myapp' },
      users: [{ platform: 'xcelerator', tenant: '1000000351', variable: 'TOKEN_OF_1000000351' }],
      technicalUsers: [{ platform: 'mindsphere' }, { platform: 'xcelerator', tenant: '1000000351' }],
    });
    const path = '/xcelerator/api/assetmanagement-1000001700/v3/assets';
    const authorization = `Bearer ${report.users[0].token}`;
    expect((await fetch(`${report.origin}${path}`, { headers: { authorization } })).status).toBe(200);
    expect(process.stderr()).toBe('');
  });

  it.runIf(isFullLength)('prints all technical users of --tenants', async () => {
    const { text } = await running('--tenants', 'acme,globex');
    for (const tenant of ['acme', 'globex']) {
      expect(text).toMatch(new RegExp(`^curl -u '${tenant}-technicaluser:[^']+' .*/piam/${tenant}/oauth/token$`, 'm'));
    }
  });

  it('logs a line per request with --log, without secrets', async () => {
    const { process, origin } = await running('--log');
    const token = 'eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJl';
    await callApi(origin, token);
    await fetch(`${origin}/api/x?access_token=${token}`);
    await fetch(`${origin}/nowhere`);
    await tokenRequest(origin, 'customer-technicaluser', 'emulated-tenant-secret', 'customer');
    await until(() => process.stderr().split('\n').length === 5);
    const lines = process.stderr().trimEnd().split('\n');
    const time = String.raw`^\d{2}:\d{2}:\d{2}\.\d{3}`;
    expect(lines[0]).toMatch(
      new RegExp(`${time} GET /api/assetmanagement/v3/assets 401 \\d+ ms \\(mindsphere api\\)$`),
    );
    expect(lines[1]).toContain('/api/x?access_token=*** 401');
    expect(lines[2]).toContain('GET /nowhere 404');
    expect(lines[3]).toContain('POST /piam/customer/oauth/token 200');
    expect(process.stderr()).not.toMatch(/eyJ|emulated-tenant-secret/);
  });

  it.runIf(isFullLength)('keeps its keys in the file of --keys, so that tokens outlive a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keys-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'keys.json');
    const first = await running('--keys', file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { port } = new URL(first.origin);
    first.process.child.kill('SIGTERM');
    await first.process.ended;
    const second = start(['--port', port, '--keys', file]);
    await second.says(/Ctrl-C ends it/);
    expect((await callApi(first.origin, variable(first.text, 'TOKEN_OF_CUSTOMER'))).status).toBe(200);
    second.child.kill('SIGTERM');
    await second.ended;
    await chmod(file, 0o644);
    const third = start(['--port', '0', '--keys', file]);
    expect(await third.ended).toBe(1);
    expect(third.stderr()).toMatch(/^mindsphere-emulator: [^\n]*chmod 600[^\n]*\n$/);
  });

  it('answers with the fixtures of a folder', async () => {
    const fixtures = await mkdtemp(join(tmpdir(), 'fixtures-'));
    onTestFinished(() => rm(fixtures, { recursive: true, force: true }));
    await mkdir(join(fixtures, 'api/assetmanagement/v3'), { recursive: true });
    await writeFile(join(fixtures, 'api/assetmanagement/v3/assets.get.json'), '{"_embedded":{"assets":[]}}');
    const { origin, text } = await running('--fixtures', fixtures);
    const response = await callApi(origin, variable(text, 'TOKEN_OF_CUSTOMER'));
    expect(await response.json()).toEqual({ _embedded: { assets: [] } });
  });

  // Short: test/testing has it.
  it.runIf(isFullLength)('is controlled over HTTP from this machine', async () => {
    const { origin } = await running();
    const answer = await fetch(`${origin}/__emulator/user-token`, { method: 'POST', body: '{"tenant":"acme"}' });
    const { token } = JSON.parse(await answer.text());
    expect(await (await callApi(origin, token)).json()).toMatchObject({ tenant: 'acme' });
    expect(await (await fetch(`${origin}/__emulator/requests`)).json()).toMatchObject([
      { endpoint: 'api', status: 200 },
    ]);
  });

  describe('--app', () => {
    /** An application that answers with the path, and with the claims of the token. */
    async function application(): Promise<string> {
      const server = createServer(({ url, headers: { authorization = '', cookie } }, response) => {
        const [, payload = 'e30'] = authorization.split('.');
        const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
        response.end(JSON.stringify({ application: url, claims, cookie }));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => {
        server.close();
        server.closeAllConnections();
      });
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    /** Signs a user in, as the form of the page does; the cookies. */
    async function signIn(origin: string, user: number): Promise<{ cookie: string; names: string[]; xsrf: string }> {
      const body = new URLSearchParams({ user: String(user), to: '/here?x=1' });
      const { status, headers } = await fetch(`${origin}/__emulator/sign-in`, {
        method: 'POST',
        body,
        redirect: 'manual',
      });
      expect([status, headers.get('location')]).toEqual([303, '/here?x=1']);
      const pairs = headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
      const names = pairs.map((pair) => pair.split('=')[0] ?? '');
      return { cookie: pairs.join('; '), names, xsrf: pairs.find((pair) => pair.startsWith('XSRF'))!.slice(11) };
    }

    it('plays the gateway in front of an application: sign-in, token, XSRF, APIs, logout', async () => {
      const users = ['--user', 'ann@customer=myapp.user', '--user', 'olga@operator=myapp.user,myapp.operator'];
      const { origin, text } = await running('--app', await application(), ...users, '--own-api', '/api/mine');
      expect(text).toContain(`Open ${origin}/ in a browser`);
      const page = await (await fetch(`${origin}/here?x=1`, { headers: { accept: 'text/html' } })).text();
      for (const shown of ['ann@', 'olga@', 'myapp.operator', '/here?x=1']) expect(page).toContain(shown);
      expect((await fetch(`${origin}/here`)).status).toBe(401);

      const { cookie, names, xsrf } = await signIn(origin, 1);
      expect(names).toEqual(['SESSION', 'XSRF-TOKEN']);
      const get = async (path: string) => (await fetch(origin + path, { headers: { cookie } })).json();
      const claims = expect.objectContaining({ user_name: 'olga@operator.example.com', ten: 'operator' });
      expect(await get('/here?x=1')).toEqual({ application: '/here?x=1', claims });
      expect(await get('/api/mine/x')).toEqual({ application: '/api/mine/x', claims });
      expect(await get('/api/assetmanagement/v3/assets')).toMatchObject({ tenant: 'operator', method: 'GET' });
      const post = (headers: Record<string, string>) =>
        fetch(`${origin}/orders`, { method: 'POST', headers: { cookie, ...headers } });
      expect([(await post({})).status, (await post({ 'x-xsrf-token': xsrf })).status]).toEqual([403, 200]);
      expect((await fetch(`${origin}/logout`, { headers: { cookie } })).status).toBe(204);
      expect((await fetch(`${origin}/here`, { headers: { cookie } })).status).toBe(401);

      const authorization = `Bearer ${variable(text, 'TOKEN_OF_CUSTOMER')}`;
      expect(await (await fetch(origin, { headers: { authorization } })).json()).toMatchObject({
        claims: { ten: 'customer' },
      });
      // Control over HTTP is there as without an application.
      const { status } = await fetch(`${origin}/__emulator/rotate-keys`, { method: 'POST' });
      const requests = await (await fetch(`${origin}/__emulator/requests?endpoint=application`)).json();
      const first = expect.objectContaining({ path: '/here?x=1', status: 200 });
      expect([status, requests]).toEqual([204, expect.arrayContaining([first])]);
    });

    it.runIf(isFullLength)(
      'ends sessions after --session-minutes, and logs what the application was asked',
      async () => {
        const url = await application();
        const { origin, process } = await running('--app', url, '--session-minutes', '0.005', '--log');
        const { cookie } = await signIn(origin, 0);
        const status = async () => (await fetch(`${origin}/x?token=secret`, { headers: { cookie } })).status;
        await expect.poll(status, { timeout: 60_000, interval: 100 }).toBe(401);
        const refused = / GET \/x\?token=\*\*\* 401 \d+ ms \(mindsphere gateway\)$/m;
        await until(() => refused.test(process.stderr()));
        expect(process.stderr()).not.toContain('secret');
      },
    );

    it.runIf(isFullLength)(
      'with --platform xcelerator has the session cookie, the tokens and the APIs of siemens.app',
      async () => {
        const options = [
          '--platform',
          'xcelerator',
          '--user',
          'cara@1000000351=myapp.user',
          '--app',
          await application(),
        ];
        const process = start(['--port', '0', '--keys', keys, '--json', ...options]);
        await process.says(/\n}\n$/);
        const { application: address, origin, users } = JSON.parse(process.stdout());
        expect(address).toBe(`${origin}/`);
        const { cookie, names } = await signIn(origin, 0);
        expect(names).toEqual(['gw_session', 'XSRF-TOKEN']);
        const get = async (path: string) => (await fetch(origin + path, { headers: { cookie } })).json();
        expect(await get('/x')).toMatchObject({ claims: { 'sws.samauth.ten': '1000000351' } });
        const answer = await get('/api/assetmanagement/v3/assets');
        expect(answer).toMatchObject({ platform: 'xcelerator', tenant: '1000000351', tenantName: 'customer' });
        const headers = { authorization: `Bearer ${users[0].token}` };
        const { status } = await fetch(`${origin}/api/assetmanagement/v3/assets`, { headers });
        expect(status).toBe(200);
      },
    );

    // Short: test/testing/gateway has it.
    it.runIf(isFullLength)('says 502 where no application is, in words for people', async () => {
      const { origin, text } = await running('--app', 'http://127.0.0.1:1');
      const headers = { authorization: `Bearer ${variable(text, 'TOKEN_OF_CUSTOMER')}` };
      expect((await fetch(origin, { headers })).status).toBe(502);
      const page = await fetch(origin, { headers: { ...headers, accept: 'text/html' } });
      expect([page.status, await page.text()]).toEqual([
        502,
        expect.stringContaining('The application does not answer'),
      ]);
    });

    it('is refused where other machines could sign in', async () => {
      const process = start(['--port', '0', '--host', '0.0.0.0', '--app', 'http://127.0.0.1:1']);
      expect(await process.ended).toBe(2);
      expect(process.stderr()).toMatch(/^mindsphere-emulator: --host must be a loopback address[^\n]*\n$/);
    });

    // Short: it copies the library, and links each package there is.
    it.runIf(isFullLength)('says what to install where httpxy is missing; without --app nobody misses it', async () => {
      const folder = await withoutPackage('httpxy');
      const without = (...args: string[]) =>
        spawnNode([join(folder, 'dist', 'cli', 'emulator', 'mindsphere-emulator.js'), '--port', '0', ...args]);
      const refused = without('--app', 'http://127.0.0.1:3000');
      expect(await refused.ended).toBe(1);
      expect(refused.stdout()).toBe('');
      expect(refused.stderr()).toBe(
        'mindsphere-emulator: The gateway in front of an application needs the package httpxy: npm install --save-dev httpxy\n',
      );
      await without().says(/Ctrl-C ends it/);
    });
  });

  it.each(short(['mindsphere-credentials'], ['mindsphere-emulator', 'mindsphere-credentials']))(
    '%s says what it needs under an old Node',
    async (name) => {
      const path = join(builtLibrary(), 'cli', name.replace('mindsphere-', ''), `${name}.js`);
      const old = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.18.3'}})";
      const process = spawnNode(['--import', `data:text/javascript,${encodeURIComponent(old)}`, path]);
      expect(await process.ended).not.toBe(0);
      expect(process.stderr()).toMatch(new RegExp(`^${name} needs Node.js 20.19 or later[^\\n]*\\n$`));
      expect(process.stdout()).toBe('');
    },
  );

  it('does not start under NODE_ENV=production', async () => {
    const process = start(['--port', '0'], { NODE_ENV: 'production' });
    expect(await process.ended).toBe(1);
    expect(process.stderr()).toMatch(/^mindsphere-emulator: [^\n]*NODE_ENV=production\n$/);
    expect(process.stdout()).toBe('');
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { useEmulator } from './emulator-lab.js';
import { rawRequest } from './raw-request.js';

const ASSETS = '/api/assetmanagement/v3/assets';

describe('Answers of emulated APIs', () => {
  const lab = useEmulator();
  const { start } = lab;

  function call(
    path: string,
    init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const headers = { authorization: `Bearer ${lab.emulator.issueUserToken()}`, ...init.headers };
    return fetch(`${lab.emulator.origin}${path}`, { ...init, headers });
  }

  const json = async (path: string, init?: Parameters<typeof call>[1]): Promise<unknown> =>
    (await call(path, init)).json();

  describe('respond', () => {
    it.each([
      { answer: { _embedded: { assets: [] } }, status: 200, body: '{"_embedded":{"assets":[]}}' },
      { answer: [1], status: 200, body: '[1]' },
      { answer: null, status: 200, body: 'null' },
      { answer: 'text', status: 200, body: 'text' },
      { answer: {}, status: 200, body: '{}' },
      { answer: undefined, status: 204, body: '' },
      { answer: { status: 404 }, status: 404, body: '' },
      { answer: { status: 201, body: { id: 1 } }, status: 201, body: '{"id":1}' },
      { answer: { body: { status: 418 } }, status: 200, body: '{"status":418}' },
      { answer: { status: 'ok' }, status: 200, body: '{"status":"ok"}' },
      { answer: { status: 200, name: 'x' }, status: 200, body: '{"status":200,"name":"x"}' },
      { answer: () => ({ status: 202 }), status: 202, body: '' },
      { answer: async () => [2], status: 200, body: '[2]' },
      { answer: Buffer.from('bytes'), status: 200, body: 'bytes' },
    ])('$answer answers $status $body', async ({ answer, status, body }) => {
      await start();
      lab.emulator.respond('GET', ASSETS, answer);
      const response = await call(`${ASSETS}?size=1&size=2`);
      expect(response.status).toBe(status);
      expect(await response.text()).toBe(body);
    });

    it('makes no JSON of bytes, which takes seconds for a file of some megabytes', async () => {
      await start();
      const toJSON = vi.fn<() => unknown>();
      const bytes = Object.assign(Buffer.from('bytes'), { toJSON });
      lab.emulator.respond('GET', ASSETS, bytes);
      lab.emulator.respond('POST', ASSETS, () => ({ status: 201, body: bytes }));
      expect(await (await call(ASSETS)).text()).toBe('bytes');
      expect(await (await call(ASSETS, { method: 'POST' })).text()).toBe('bytes');
      expect(toJSON).not.toHaveBeenCalled();
    });

    it('sends the headers that it is given', async () => {
      await start();
      lab.emulator.respond('get', ASSETS, { headers: { etag: '"1"', 'content-type': 'text/csv' }, body: 'a,b' });
      const { headers } = await call(ASSETS);
      expect([headers.get('etag'), headers.get('content-type')]).toEqual(['"1"', 'text/csv']);
    });

    it('gives a function what was asked', async () => {
      await start();
      lab.emulator.respond(
        'PUT',
        `${ASSETS}/{id}/location`,
        ({ method, path, params, query, headers, body, claims }) => ({
          method,
          path,
          params,
          query,
          body,
          type: headers['content-type'],
          tenant: claims['ten'],
        }),
      );
      const path = `${ASSETS}/a%20b/location`;
      const init = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"lat":1}' };
      expect(await json(`${path}?a=1&b=x%26y&a=2`, init)).toEqual({
        method: 'PUT',
        path,
        params: { id: 'a b' },
        query: { a: '1,2', b: 'x&y' },
        body: { lat: 1 },
        type: 'application/json',
        tenant: 'customer',
      });
    });

    it('demands a token all the same', async () => {
      await start();
      lab.emulator.respond('GET', ASSETS, []);
      expect((await fetch(`${lab.emulator.origin}${ASSETS}`)).status).toBe(401);
    });

    it('leaves other methods and paths to the echo, and HEAD to what answers GET', async () => {
      await start();
      lab.emulator.respond('GET', ASSETS, { headers: { etag: '"1"' }, body: 'stub' });
      for (const [method, path] of [
        ['POST', ASSETS],
        ['GET', `${ASSETS}/`],
        ['GET', `${ASSETS}/1`],
        ['GET', '/api/x'],
      ] as const) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(await json(path, { method })).toMatchObject({ method, path });
      }
      expect((await call(ASSETS, { method: 'HEAD' })).headers.get('etag')).toBe('"1"');
    });

    it('prefers the most exact path, in whatever order they were given', async () => {
      await start();
      lab.emulator.respond('GET', '/api/{service}/v3/{kind}', 'both');
      lab.emulator.respond('GET', '/api/{service}/v3/assets', 'kind');
      lab.emulator.respond('GET', '/api/assetmanagement/v3/{kind}', 'service');
      const text = async (path: string) => (await call(path)).text();
      expect(await text(ASSETS)).toBe('service');
      expect(await text('/api/other/v3/assets')).toBe('kind');
      expect(await text('/api/other/v3/x')).toBe('both');
      lab.emulator.respond('GET', ASSETS, 'exact');
      expect(await text(ASSETS)).toBe('exact');
    });

    it('is replaced by a later one, and forgotten on demand', async () => {
      await start();
      lab.emulator.respond('GET', `${ASSETS}/{id}`, 'first');
      lab.emulator.respond('GET', `${ASSETS}/{asset}`, 'second');
      expect(await (await call(`${ASSETS}/1`)).text()).toBe('second');
      lab.emulator.resetResponses();
      expect(await json(`${ASSETS}/1`)).toMatchObject({ path: `${ASSETS}/1` });
    });

    it('answers 500 with the message of a function that throws, or returns what cannot be sent', async () => {
      await start();
      lab.emulator.respond('GET', ASSETS, () => {
        throw new Error('no such asset');
      });
      const response = await call(ASSETS);
      expect(response.status).toBe(500);
      expect(await response.text()).toContain('no such asset');
      lab.emulator.respond('GET', ASSETS, () => ({ status: 99 }));
      expect((await call(ASSETS)).status).toBe(500);
    });

    it('serves both platforms by the path of mindsphere.io', async () => {
      await start({ xcelerator: true });
      lab.emulator.respond('GET', `${ASSETS}/{id}`, ({ platform, path, params }) => ({ platform, path, params }));
      const path = '/api/assetmanagement-1000001700/v3/assets/1';
      const authorization = `Bearer ${lab.emulator.issueUserToken({ platform: 'xcelerator' })}`;
      expect(await json(`/xcelerator${path}`, { headers: { authorization } })).toEqual({
        platform: 'xcelerator',
        path,
        params: { id: '1' },
      });
      expect(await json(`${ASSETS}/1`)).toMatchObject({ platform: 'mindsphere' });
    });

    it('lets faults go first', async () => {
      await start();
      lab.emulator.respond('GET', ASSETS, []);
      lab.emulator.failNext('api', { status: 429 });
      expect((await call(ASSETS)).status).toBe(429);
      expect(await json(ASSETS)).toEqual([]);
    });

    it.each([
      { method: 'GET', path: '/assets', answer: [], named: 'path' },
      { method: 'GET', path: '/api/%zz', answer: [], named: 'path' },
      { method: 'GET', path: '/api/{a}/{a}', answer: [], named: 'twice' },
      { method: 'G E T', path: ASSETS, answer: [], named: 'method' },
      { method: 'GET', path: ASSETS, answer: { status: 99 }, named: 'status' },
      { method: 'GET', path: ASSETS, answer: { headers: { 'a b': 'c' } }, named: 'a b' },
    ])('refuses $method $path $answer', async ({ method, path, answer, named }) => {
      await start();
      expect(() => lab.emulator.respond(method, path, answer)).toThrow(named);
    });
  });

  describe('fixtures', () => {
    async function folderOf(files: Record<string, string>): Promise<string> {
      const folder = await mkdtemp(join(tmpdir(), 'fixtures-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      await Promise.all(Object.entries(files).map(([path, content]) => write(folder, path, content)));
      return folder;
    }

    async function write(folder: string, path: string, content: string): Promise<void> {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }

    it('answer by their names, with {id} for any segment', async () => {
      const fixtures = await folderOf({
        'api/assetmanagement/v3/assets.get.json': '{"assets":[]}',
        'api/assetmanagement/v3/assets.post.json': '{"assetId":"new"}',
        'api/assetmanagement/v3/assets.post.meta.json': '{"status":201,"headers":{"location":"/new"}}',
        'api/assetmanagement/v3/assets.delete.meta.json': '{"status":204}',
        'api/assetmanagement/v3/assets/{id}.get.json': '{"any":true}',
        'api/assetmanagement/v3/assets/7.get.json': '{"seven":true}',
        'api/assetmanagement/v3/assets/{id}/aspects.get.json': '[]',
        'api/assetmanagement/v3/assets/7/location.get.json': '{}',
      });
      await start({ fixtures });
      expect(await json(`${ASSETS}?size=1`)).toEqual({ assets: [] });
      const created = await call(ASSETS, { method: 'POST' });
      expect([created.status, created.headers.get('location')]).toEqual([201, '/new']);
      expect(await created.json()).toEqual({ assetId: 'new' });
      expect((await call(ASSETS, { method: 'DELETE' })).status).toBe(204);
      expect(await json(`${ASSETS}/1`)).toEqual({ any: true });
      expect(await json(`${ASSETS}/7`)).toEqual({ seven: true });
      // The exact folder has no such file, so {id} is tried.
      expect(await json(`${ASSETS}/7/aspects`)).toEqual([]);
      expect(await json('/api/other')).toMatchObject({ path: '/api/other' });
    });

    it('count at once when they change', async () => {
      const fixtures = await folderOf({ 'api/x.get.json': '1' });
      await start({ fixtures });
      expect(await json('/api/x')).toBe(1);
      await write(fixtures, 'api/x.get.json', '2');
      await write(fixtures, 'api/y/{id}.get.json', '3');
      expect([await json('/api/x'), await json('/api/y/a')]).toEqual([2, 3]);
      await rm(join(fixtures, 'api/x.get.json'));
      expect(await json('/api/x')).toMatchObject({ path: '/api/x' });
    });

    it('come after what a test says, and serve both platforms', async () => {
      const fixtures = await folderOf({ 'api/a/x.get.json': '"fixture"' });
      await start({ fixtures, xcelerator: true });
      lab.emulator.respond('GET', '/api/a/{x}', 'stub');
      expect(await (await call('/api/a/x')).text()).toBe('stub');
      lab.emulator.resetResponses();
      const authorization = `Bearer ${lab.emulator.issueUserToken({ platform: 'xcelerator' })}`;
      expect(await json('/xcelerator/api/a-1000001700/x', { headers: { authorization } })).toBe('fixture');
    });

    it('never lead out of their folder', async () => {
      const outside = await folderOf({ 'secret.get.json': '"secret"', 'inside/api/x.get.json': '1' });
      await start({ fixtures: join(outside, 'inside') });
      const headers = { host: 'localhost', authorization: `Bearer ${lab.emulator.issueUserToken()}` };
      for (const path of [
        '/api/../../secret',
        '/api/%2e%2e/%2e%2e/secret',
        '/api/..%2f..%2fsecret',
        '/api/..%5c..%5csecret',
        '/api/x%00',
      ]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const { status, text } = await rawRequest(lab.emulator.port, { path, headers });
        expect(status).toBe(200);
        expect(JSON.parse(text)).toMatchObject({ path });
      }
    });

    it.each([
      ['api/x.get.json', '{', 'api/x.get.json is not JSON'],
      ['api/x.get.meta.json', '{"status":99}', 'status must be'],
      ['api/x.get.meta.json', '{"state":200}', 'nothing else'],
      ['api/x.get.meta.json', '[]', 'must be an object'],
    ])('that are wrong answer 500 with their name: %s %s', async (path, content, message) => {
      await start({ fixtures: await folderOf({ [path]: content }) });
      const response = await call('/api/x');
      expect(response.status).toBe(500);
      const text = await response.text();
      expect(text).toContain(message);
      expect(text).toContain(path);
    });

    it('must have a folder', async () => {
      await expect(MindsphereEmulator.start({ fixtures: join(tmpdir(), 'no-such-folder') })).rejects.toThrow(
        'fixtures must name a folder',
      );
    });
  });
});

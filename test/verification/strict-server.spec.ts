import { type KeyObject, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type MindsphereCredentialsModuleOptions } from 'nestjs-mindsphere-credentials';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { APP, fakeTime } from '../support/application.js';
import { ADAPTERS, GuardedController, type HttpAnswer, serve } from '../support/key-server-http.js';
import { short } from '../support/length.js';
import { rsaPair } from '../support/rsa-keys.js';

/*
 * A token server and key server that is written from the protocol page alone (sections 3 and 6 to 8), and shares nothing
 * with the emulator and the other tests' servers. It is asked by an application over HTTP. The clock is faked.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const CORE = '1000001700';
const CLIENT = '1000000350-myapp-v1_1';
/** A flood has gone on for so long when a new key comes: for longer than the minute of the rate limit, or half of it. */
const ROTATED_MS = short(30_300, 61_300);
const SETS = [
  ["the platform's set first", undefined],
  ["the issuer's own set alone", false],
] as const;

type Fields = Readonly<Record<string, unknown>>;

interface Key {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly entry: Fields;
}

const keyOf = (kid: string, pair: string): Key => {
  const { privateKey, publicKey } = rsaPair(pair);
  const { n = '', e } = publicKey.export({ format: 'jwk' });
  const withZero = Buffer.concat([Buffer.alloc(1), Buffer.from(n, 'base64url')]).toString('base64url');
  return { kid, privateKey, entry: { kty: 'RSA', e, use: 'sig', kid, alg: 'RS256', n: withZero } };
};

const [PLATFORM, REPLACED, NEXT, OTHER_PLATFORM, ATTACKER] = [
  keyOf('key-id-1', 'strict-0'),
  keyOf('key-id-1', 'strict-1'),
  keyOf('key-id-2', 'strict-2'),
  keyOf('key-id-1', 'strict-3'),
  keyOf('key-id-1', 'strict-4'),
] as const;

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = () => Math.floor(Date.now() / SECOND);

/** Signs a token; `claims` and `header` that are `undefined` are left out. */
function signed(key: Key, claims: Fields, header: Fields = {}): string {
  const input = `${encoded({ alg: 'RS256', kid: key.kid, typ: 'JWT', ...header })}.${encoded(claims)}`;
  return `${input}.${sign('RSA-SHA256', Buffer.from(input), key.privateKey).toString('base64url')}`;
}

function forged(kid: string, claims: Fields): string {
  return `${encoded({ alg: 'RS256', kid, typ: 'JWT' })}.${encoded(claims)}.${randomBytes(256).toString('base64url')}`;
}

/** Key sets of tenants, by path: `/{tenant}{path}/token_keys`. Knows `ETag` and refuses whatever is no plain read. */
class StrictServer {
  readonly asked: { readonly tenant: string; readonly at: number; readonly status: number }[] = [];
  readonly sets = new Map<string, readonly Key[]>();
  origin = '';

  private constructor(readonly path: string) {}

  static async start(path = ''): Promise<StrictServer> {
    const self = new StrictServer(path);
    const server = createServer(({ method, url = '', headers }, response) => {
      const [, tenant = '', rest = ''] = /^\/([^/]+)(\/.*)$/.exec(url) ?? [];
      const keys = self.sets.get(tenant);
      const body = JSON.stringify({ keys: keys?.map(({ entry }) => entry) });
      const etag = `"${Buffer.from(body).toString('base64url').slice(-40)}"`;
      const isPlain = method === 'GET' && rest === `${path}/token_keys` && headers.authorization === undefined;
      const isKnown = headers['if-none-match'] === etag;
      const status = isPlain ? (keys === undefined ? 404 : isKnown ? 304 : 200) : 400;
      self.asked.push({ tenant, at: Date.now(), status });
      response.writeHead(status, { 'Content-Type': 'application/json', ETag: etag });
      response.end(status === 304 ? undefined : body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    self.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return self;
  }

  get oauthUrl(): string {
    return `${this.origin}/{tenant}${this.path}`;
  }

  /** Claims of a user, as recorded ones are. */
  claims(tenant: string, change: Fields = {}): Fields {
    return {
      jti: randomBytes(8).toString('hex'),
      sub: 'b2b0ad34',
      scope: ['myapp.user'],
      client_id: 'myapp-host1',
      cid: 'myapp-host1',
      azp: 'myapp-host1',
      grant_type: 'authorization_code',
      user_id: 'b2b0ad34',
      user_name: 'ann@example.com',
      email: 'ann@example.com',
      iat: seconds(),
      exp: seconds() + 36_000,
      iss: `${this.origin}/${tenant}${this.path}/oauth/token`,
      zid: tenant,
      ten: tenant,
      ...change,
    };
  }

  /** The most requests in any minute. */
  mostInAMinute(...others: StrictServer[]): number {
    const times = [this, ...others].flatMap(({ asked }) => asked.map(({ at }) => at)).toSorted((one, two) => one - two);
    return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + MINUTE).length));
  }
}

describe.each(short(ADAPTERS.slice(0, 1), [...ADAPTERS]))('an application on %s', (adapter) => {
  async function start(server: StrictServer, options: MindsphereCredentialsModuleOptions = {}) {
    fakeTime();
    const urls = { gatewayUrl: server.origin, oauthUrl: server.oauthUrl };
    const all = { ...urls, app: APP, tenant: false as const, ...options };
    const { get } = await serve(adapter, { options: all, controllers: [GuardedController] });
    const ask = async (jwt: string): Promise<HttpAnswer> => get('/', jwt);
    return { ask, status: async (jwt: string) => (await ask(jwt)).status };
  }

  async function platformOf(...keys: Key[]): Promise<StrictServer> {
    const server = await StrictServer.start();
    server.sets.set('core', keys);
    return server;
  }

  it('asks the platform once for 50 tenants, with a plain request', async () => {
    const server = await platformOf(PLATFORM);
    const { status } = await start(server);
    const all = Array.from({ length: 50 }, (_, n) => status(signed(PLATFORM, server.claims(`tenant${n}`))));
    expect(new Set(await Promise.all(all))).toEqual(new Set([200]));
    expect(server.asked.map(({ tenant, status: answered }) => [tenant, answered])).toEqual([['core', 200]]);
  });

  it.each<[string, Fields, number]>([
    ['null in every optional claim', { subtenant: null, email: null, zid: null, azp: null, nbf: null, aud: null }, 200],
    ['null as scope', { scope: null }, 200],
    ['null as client_id beside a cid', { client_id: null }, 200],
    ['null as grant_type', { grant_type: null }, 200],
    ['null as iat', { iat: null }, 200],
    ['an empty user_name beside a user_id', { user_name: '' }, 200],
    ['an empty user_id beside a user_name', { user_id: '' }, 200],
    ['a user_name of null beside a user_id', { user_name: null }, 200],
    ['an empty subtenant', { subtenant: '' }, 200],
    ['no user at all', { user_name: '', user_id: null }, 401],
    ['a ten of null', { ten: null }, 401],
    ['a cid of null', { cid: null, client_id: null }, 401],
    ['an exp of null', { exp: null }, 401],
    ['the name of the app in capitals', { cid: 'MyApp-host1', client_id: 'MyApp-host1' }, 200],
    ['the host tenant in capitals', { cid: 'myapp-HOST1', client_id: 'myapp-HOST1' }, 200],
    ['another app', { cid: 'myapp2-host1', client_id: 'myapp2-host1' }, 401],
    ['a technical token', { grant_type: 'client_credentials', user_name: undefined, user_id: undefined }, 401],
    ["an agent's token", { zid: 'agentiam' }, 401],
  ])('answers a token with %s by %i', async (_, change, expected) => {
    const server = await platformOf(PLATFORM);
    const { status } = await start(server);
    expect(await status(signed(PLATFORM, server.claims('acme', change)))).toBe(expected);
  });

  it('never follows jku, x5u and jwk', async () => {
    const [server, trap] = [await platformOf(PLATFORM), await platformOf(ATTACKER)];
    const { status } = await start(server);
    const jku = `${trap.origin}/core/token_keys`;
    const header = { jku, x5u: jku, jwk: ATTACKER.entry };
    expect(await status(signed(PLATFORM, server.claims('acme'), header))).toBe(200);
    expect(await status(signed(ATTACKER, server.claims('acme'), header))).not.toBe(200);
    expect(trap.asked).toEqual([]);
  });

  it("accepts an iss with and without China's path, and no other one", async () => {
    const server = await StrictServer.start('/uaa');
    server.sets.set('core', [PLATFORM]);
    const { status } = await start(server);
    const statusOf = (iss: string) => status(signed(PLATFORM, server.claims('acme', { iss })));
    expect(await statusOf(`${server.origin}/acme/uaa/oauth/token`)).toBe(200);
    expect(await statusOf(`${server.origin}/acme/oauth/token`)).toBe(200);
    for (const path of ['/acme/uaa/uaa/oauth/token', '/acme/oauth/token/', '/acme/uaa', '/acme/other/oauth/token']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect([path, await statusOf(server.origin + path)]).toEqual([path, 401]);
    }
  });

  it('lets the server of a tenant sign for that tenant alone, and that of the host for all', async () => {
    const server = await platformOf(PLATFORM);
    const { status } = await start(server);
    const issuedBy = (tenant: string) => ({ iss: `${server.origin}/${tenant}/oauth/token` });
    expect(await status(signed(PLATFORM, server.claims('acme', issuedBy('globex'))))).toBe(401);
    expect(await status(signed(PLATFORM, server.claims('globex', issuedBy('acme'))))).toBe(401);
    expect(await status(signed(PLATFORM, server.claims('acme', issuedBy('host1'))))).toBe(200);
  });

  it('asks by If-None-Match once it has a set', async () => {
    const server = await platformOf(PLATFORM);
    const { status } = await start(server);
    for (let round = 0; round < 3; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await status(signed(PLATFORM, server.claims('acme')))).toBe(200);
      vi.advanceTimersByTime(11 * MINUTE);
    }
    expect(server.asked.map((one) => one.status)).toEqual([200, 304, 304]);
  });

  it('picks up a key that is replaced under its id, and refuses what the old one has signed', async () => {
    const server = await platformOf(PLATFORM);
    const { status } = await start(server);
    expect(await status(signed(PLATFORM, server.claims('acme')))).toBe(200);
    vi.advanceTimersByTime(31 * SECOND);
    server.sets.set('core', [REPLACED]);
    expect(await status(signed(REPLACED, server.claims('acme')))).toBe(200);
    expect(await status(signed(PLATFORM, server.claims('acme')))).not.toBe(200);
  });

  it.each([...SETS])(
    'picks up a new key within 6 s, never with 401, in the middle of invented key ids: %s',
    async (_, keySetTenant) => {
      const server = await platformOf(PLATFORM);
      server.sets.set('acme', [PLATFORM]);
      const { status } = await start(server, { verification: { keySetTenant } });
      const began = Date.now();
      const rotatedAt = began + ROTATED_MS;
      const seen: number[] = [];
      for (let step = 0; seen.at(-1) !== 200 && step < ROTATED_MS / 100 + 300; step += 1) {
        if (Date.now() === rotatedAt) for (const tenant of ['core', 'acme']) server.sets.set(tenant, [PLATFORM, NEXT]);
        const kid = step % 3 === 0 ? NEXT.kid : `invented-${step}`;
        // oxlint-disable-next-line no-await-in-loop -- one moment after the other
        expect([401, 503]).toContain(await status(forged(kid, server.claims('acme'))));
        // oxlint-disable-next-line no-await-in-loop -- one moment after the other
        if (Date.now() >= rotatedAt) seen.push(await status(signed(NEXT, server.claims('acme'))));
        vi.advanceTimersByTime(100);
      }
      expect(new Set(seen.slice(0, -1))).not.toContain(401);
      expect(seen.at(-1)).toBe(200);
      expect(seen.length).toBeLessThanOrEqual(60);
      expect(server.mostInAMinute()).toBeLessThanOrEqual(30);
    },
  );

  // Short: floods.spec.ts has the other one.
  it.each(short(SETS.slice(0, 1), [...SETS]))(
    'makes at most 30 requests in any minute, whatever is forged: %s',
    async (_, keySetTenant) => {
      const server = await platformOf(PLATFORM);
      for (let n = 0; n < 300; n += 1) server.sets.set(`listed${n}`, [PLATFORM]);
      const issuers = ['acme', ...Array.from({ length: 300 }, (_item, n) => `listed${n}`)];
      server.sets.set('acme', [PLATFORM]);
      const { status } = await start(server, { verification: { keySetTenant, issuers } });
      const forge = [
        (n: number) => forged(PLATFORM.kid, server.claims(`listed${n % 300}`)),
        (n: number) => forged(`invented-${n}`, server.claims(`listed${n % 300}`)),
        (n: number) => forged(`invented-${n}`, server.claims('acme')),
        () => forged(PLATFORM.kid, server.claims('acme')),
        (n: number) => signed(ATTACKER, server.claims(`listed${n % 7}`)),
        (n: number) => forged(PLATFORM.kid, server.claims(`invented${n}`)),
      ];
      for (let n = 0; n < short(620, 1_500); n += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one moment after the other
        expect([401, 503]).toContain(await status(forge[n % forge.length]!(n)));
        vi.advanceTimersByTime(100);
      }
      expect(server.mostInAMinute()).toBeLessThanOrEqual(30);
      expect(server.asked.length).toBeGreaterThan(20);
    },
  );

  describe('of both platforms', () => {
    async function both() {
      const [here, there] = [await platformOf(PLATFORM), await StrictServer.start()];
      there.sets.set(CORE, [OTHER_PLATFORM]);
      const xcelerator = {
        gatewayUrl: there.origin,
        oauthUrl: there.oauthUrl,
        clientIds: [CLIENT],
        app: false as const,
      };
      const app = await start(here, { xcelerator });
      const claimsThere = (change: Fields = {}) =>
        there.claims(CORE, {
          ten: undefined,
          zid: undefined,
          'sws.samauth.ten': '1000000351',
          'sws.samauth.ten.user': 'user-1',
          cid: CLIENT,
          client_id: CLIENT,
          ...change,
        });
      return { here, there, claimsThere, ...app };
    }

    it('accepts each key for its own platform alone, though both are called key-id-1', async () => {
      const { here, there, claimsThere, status } = await both();
      expect(await status(signed(PLATFORM, here.claims('acme')))).toBe(200);
      expect(await status(signed(OTHER_PLATFORM, claimsThere()))).toBe(200);
      expect(await status(signed(OTHER_PLATFORM, here.claims('acme')))).toBe(401);
      expect(await status(signed(PLATFORM, claimsThere()))).toBe(401);
      const crossed = { iss: here.claims('acme')['iss'] };
      expect(await status(signed(OTHER_PLATFORM, claimsThere(crossed)))).toBe(401);
      expect(await status(signed(PLATFORM, there.claims(CORE)))).toBe(401);
    });

    it('has one rate limit, and a flood on one platform delays no new key of the other beyond 6 s', async () => {
      const { here, there, claimsThere, status } = await both();
      expect(await status(signed(PLATFORM, here.claims('acme')))).toBe(200);
      expect(await status(signed(OTHER_PLATFORM, claimsThere()))).toBe(200);
      const seen: number[] = [];
      const rotatedIn = ROTATED_MS / 100;
      for (let step = 0; step < rotatedIn + 300 && seen.at(-1) !== 200; step += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one moment after the other
        await status(forged(`invented-${step}`, claimsThere()));
        if (step === rotatedIn) here.sets.set('core', [PLATFORM, NEXT]);
        // oxlint-disable-next-line no-await-in-loop -- one moment after the other
        if (step >= rotatedIn) seen.push(await status(signed(NEXT, here.claims('acme'))));
        vi.advanceTimersByTime(100);
      }
      expect(new Set(seen)).not.toContain(401);
      expect(seen.at(-1)).toBe(200);
      expect(seen.length).toBeLessThanOrEqual(60);
      expect(here.mostInAMinute(there)).toBeLessThanOrEqual(30 + 2);
    });
  });
});

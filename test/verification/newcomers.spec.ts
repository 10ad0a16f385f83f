import { MindsphereCredentialsError, type MindsphereCredentialsModuleOptions } from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { APP, fakeTime } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { ADAPTERS, GuardedController, serve } from '../support/key-server-http.js';
import { verifierAt } from '../support/key-server-verifier.js';
import { inTurn, isFullLength, short } from '../support/length.js';
import { json } from '../support/stub-platform.js';

/*
 * Genuine tokens of tenants never seen before, in the middle of forged ones: 10 a second, each of another invented
 * issuer. A client that gets 503 retries when `Retry-After` says so. The clock is faked, HTTP is real.
 */

const SECOND = 1_000;
const KEY = testKey('key-id-1', 0);
const TICK = 100;
/** A minute, or what shows the same in less. */
const FLOOD_MS = short(12, 60) * SECOND;
/** Tenants that come at once. */
const CROWD = short(25, 200);

/** What a caller gets: in, refused, or the milliseconds after which to retry. */
type Answer = 'in' | 'refused' | number;
type Ask = (jwt: string) => Promise<Answer>;

async function askVerifier(server: KeyServer, options: MindsphereCredentialsModuleOptions): Promise<Ask> {
  const verifier = await verifierAt(server, options);
  return async (jwt) => {
    try {
      await firstValueFrom(verifier.verify(jwt));
      return 'in';
    } catch (error) {
      const { code, retryAfterMs } = error as MindsphereCredentialsError;
      return code === 'key_set_unavailable' ? (retryAfterMs ?? Number.NaN) : 'refused';
    }
  };
}

const askOver =
  (adapter: (typeof ADAPTERS)[number]) =>
  async (server: KeyServer, { verification }: MindsphereCredentialsModuleOptions): Promise<Ask> => {
    const options = { ...server.platform.urls, app: APP, tenant: false as const, verification };
    const { get } = await serve(adapter, { options, controllers: [GuardedController] });
    return async (jwt) => {
      const { status, headers } = await get('/', jwt);
      if (status === 503) return Number(headers['retry-after']) * SECOND;
      return status === 200 ? 'in' : 'refused';
    };
  };

const WAYS = {
  'a verifier': askVerifier,
  Express: askOver('Express'),
  ...(isFullLength && { Fastify: askOver('Fastify') }),
} as const;

/** A server with real tenants `tenant0`, `tenant1`, … and no other. */
async function startServer(hasCore: boolean, keyOf: (tenant: string) => typeof KEY = () => KEY): Promise<KeyServer> {
  const server = await KeyServer.start();
  server.answer((exchange) => {
    const tenant = /\/piam\/([^/]+)\/token_keys$/.exec(exchange.request.url)?.[1] ?? '';
    const exists = /^tenant\d+$/.test(tenant) || tenant === 'acme' || (tenant === 'core' && hasCore);
    return (exists ? json({ keys: [keyOf(tenant).entry] }) : json({ error: 'not_found' }, 404))(exchange);
  });
  return server;
}

interface Newcomer {
  readonly jwt: string;
  readonly comesAt: number;
  retryAt: number;
  inAfter?: number;
}

const dueOf = (newcomers: readonly Newcomer[], ms: number) =>
  newcomers.filter(({ inAfter, retryAt }) => inAfter === undefined && retryAt <= ms);

/** A newcomer asks, and notes when it is in or is to retry. */
async function comeIn(newcomer: Newcomer, ask: Ask, ms: number, began: number): Promise<void> {
  const answer = await ask(newcomer.jwt);
  if (answer === 'in') newcomer.inAfter = Date.now() - began - newcomer.comesAt;
  else newcomer.retryAt = answer === 'refused' ? Infinity : ms + answer;
}

/** Whose tokens are forged: the number of the issuer that the n-th forged token names. */
type Forger = (n: number) => number;

/**
 * Ten forged tokens a second for so long, and the newcomers beside them.
 *
 * @param forger default: each forged token names another issuer.
 */
async function play(
  server: KeyServer,
  ask: Ask,
  newcomers: readonly Newcomer[],
  forMs: number,
  forger: Forger = (n) => n,
): Promise<void> {
  const began = Date.now();
  for (let ms = 0; ms < forMs; ms += TICK) {
    const forged = server.forged(KEY.kid, { ten: `invented${forger(ms / TICK)}` });
    // oxlint-disable-next-line no-await-in-loop -- one moment after the other
    await Promise.all([ask(forged), ...dueOf(newcomers, ms).map((newcomer) => comeIn(newcomer, ask, ms, began))]);
    vi.advanceTimersByTime(TICK);
  }
}

const newcomer = (server: KeyServer, n: number, comesAt: number, key = KEY): Newcomer => ({
  jwt: server.token(key, { ten: `tenant${n}`, exp: Math.floor(Date.now() / SECOND) + 36_000 }),
  comesAt,
  retryAt: comesAt,
});

const slowest = (newcomers: readonly Newcomer[]) => Math.max(...newcomers.map(({ inAfter }) => inAfter ?? Infinity));
/** Reads that no verified token followed: of invented tenants, and of real ones but the first. */
const wasted = (server: KeyServer) =>
  server.asked.length - new Set(server.asked.filter((tenant) => /^tenant\d+$|^acme$|^core$/.test(tenant))).size;

const KEYS: [string, (tenant: string) => typeof KEY][] = [
  ['one key for all', () => KEY],
  ['keys of their own', (tenant) => testKey('key-id-1', tenant === 'acme' ? 0 : Number(tenant.slice(6)) % 4)],
  ['key ids of their own', (tenant) => testKey(`key-of-${tenant}`, 0)],
];

describe.each(Object.entries(WAYS))('asking %s', (way, asking) => {
  it(`with the platform's set, the first tokens of ${CROWD} tenants at once are in after one read`, async () => {
    const server = await startServer(true);
    const ask = await asking(server, { verification: { keySetTenant: undefined } });
    fakeTime();
    const tokens = Array.from({ length: CROWD }, (_item, n) => server.token(KEY, { ten: `tenant${n}` }));
    const release = server.platform.keys.hold();
    const answers = tokens.map((jwt) => ask(jwt));
    await server.platform.keys.arrived();
    release();
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['in']));
    expect(server.asked).toEqual(['core']);
  });

  it(`with the platform's set, ${CROWD} tenants are in within 2 s beside forged tokens`, async () => {
    const server = await startServer(true);
    const ask = await asking(server, { verification: { keySetTenant: undefined } });
    fakeTime();
    const newcomers = Array.from({ length: CROWD }, (_item, n) => newcomer(server, n, (n % 10) * TICK));
    await play(server, ask, newcomers, 3 * SECOND);
    expect(slowest(newcomers)).toBeLessThanOrEqual(2 * SECOND);
    expect(wasted(server)).toBeLessThanOrEqual(30);
  });

  it(`with the issuers' own sets alone, ${CROWD} tenants at once are in at once, one read each`, async () => {
    const server = await startServer(false);
    const ask = await asking(server, { verification: { keySetTenant: false } });
    fakeTime();
    const tokens = Array.from({ length: CROWD }, (_item, n) => server.token(KEY, { ten: `tenant${n}` }));
    expect(new Set(await Promise.all(tokens.map((jwt) => ask(jwt))))).toEqual(new Set(['in']));
    expect(server.count()).toBe(CROWD);
  });

  it.each(inTurn(KEYS, way, Object.keys(WAYS)))(
    "with the issuers' own sets alone and %s, newcomers are in within 2 s, whenever they come",
    async (_keys, keyOf) => {
      const server = await startServer(false, keyOf);
      const ask = await asking(server, { verification: { keySetTenant: false } });
      fakeTime();
      const at = (n: number, comesAt: number) => newcomer(server, n, comesAt, keyOf(`tenant${n}`));
      const early = Array.from({ length: 20 }, (_item, n) => at(n, n * TICK));
      const late = Array.from({ length: 20 }, (_item, n) => at(20 + n, 4 * SECOND + n * TICK));
      const last = Array.from({ length: 20 }, (_item, n) => at(40 + n, FLOOD_MS / 2));
      await play(server, ask, [...early, ...late, ...last], FLOOD_MS);
      expect([early, late, last].map(slowest).filter((ms) => ms > 2 * SECOND)).toEqual([]);
      expect(wasted(server)).toBeLessThanOrEqual(30);
    },
  );
});

const FORGERS: Record<string, Forger> = {
  'one issuer': () => 0,
  '10 issuers in turn': (n) => n % 10,
  '14 issuers in turn': (n) => n % 14,
  '15 issuers in turn': (n) => n % 15,
  '20 issuers in turn': (n) => n % 20,
  '30 issuers in turn': (n) => n % 30,
  '40 issuers in turn': (n) => n % 40,
  '100 issuers in turn': (n) => n % 100,
  'each issuer twice in a row': (n) => Math.floor(n / 2),
  'ten issuers, then the same again a second later': (n) => Math.floor(n / 20) * 10 + (n % 10),
  'each issuer once more 4 s later': (n) => Math.floor(n / 80) * 40 + (n % 40),
};

const SOME = ['10 issuers in turn', '30 issuers in turn', 'each issuer once more 4 s later'];

describe.each(Object.entries(FORGERS).filter(([name]) => isFullLength || SOME.includes(name)))(
  'forged tokens that are repeated: %s',
  (_, forger) => {
    // Short: by the verifier alone, which decides; what a client learns of it over HTTP is above.
    it.each(short(Object.entries(WAYS).slice(0, 1), Object.entries(WAYS)))(
      "20 newcomers of the flood's first 2 s are in within 2 s, later ones within 10 s: %s",
      async (_way, asking) => {
        const keyOf = (tenant: string) => testKey(`key-of-${tenant}`, 0);
        const server = await startServer(false, keyOf);
        const ask = await asking(server, { verification: { keySetTenant: false } });
        fakeTime();
        const at = (n: number, comesAt: number) => newcomer(server, n, comesAt, keyOf(`tenant${n}`));
        const early = Array.from({ length: 20 }, (_item, n) => at(n, n * TICK));
        const late = Array.from({ length: 20 }, (_item, n) => at(20 + n, 5 * SECOND + n * TICK));
        const together = Array.from({ length: 20 }, (_item, n) => at(40 + n, 10 * SECOND));
        await play(server, ask, [...early, ...late, ...together], 41 * SECOND, forger);
        expect({
          early: slowest(early) <= 2 * SECOND || slowest(early),
          late: slowest(late) <= 10 * SECOND || slowest(late),
          together: slowest(together) <= 10 * SECOND || slowest(together),
          wasted: wasted(server) <= 30 || wasted(server),
        }).toEqual({ early: true, late: true, together: true, wasted: true });
      },
    );
  },
);

describe('an attacker who retries as well', () => {
  it('delays newcomers that no known key vouches for, and wastes 30 reads a minute at most', async () => {
    const server = await startServer(false, (tenant) => testKey(`key-of-${tenant}`, 0));
    const ask = await askVerifier(server, { verification: { keySetTenant: false } });
    fakeTime();
    const began = Date.now();
    const times: number[] = [];
    for (let ms = 0; ms < short(70, 120) * SECOND; ms += TICK) {
      const before = server.count();
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      await ask(server.forged('key-id-1', { ten: `invented${(ms / TICK) % 40}x${Math.floor(ms / 20_000)}` }));
      if (server.count() > before) times.push(Date.now() - began);
      vi.advanceTimersByTime(TICK);
    }
    for (const from of times) {
      expect(times.filter((time) => time >= from && time < from + 60 * SECOND).length).toBeLessThanOrEqual(30);
    }
  });

  it('exactly as a client does, and replaces what was read, delays 20 newcomers for 75 s at most', async () => {
    const keyOf = (tenant: string) => testKey(`key-of-${tenant}`, 0);
    const server = await startServer(false, keyOf);
    const ask = await askVerifier(server, { verification: { keySetTenant: false } });
    fakeTime();
    const waiting: { readonly n: number; dueAt: number }[] = [];
    let invented = 0;
    const attack = async (ms: number): Promise<void> => {
      const at = waiting.findIndex(({ dueAt }) => dueAt <= ms);
      const { n } = at < 0 ? { n: (invented += 1) } : waiting.splice(at, 1)[0]!;
      const answer = await ask(server.forged('key-id-1', { ten: `invented${n}` }));
      if (typeof answer === 'number') waiting.push({ n, dueAt: ms + answer });
    };
    const newcomers = Array.from({ length: 20 }, (_item, n) =>
      newcomer(server, n, 30 * SECOND + n * TICK, keyOf(`tenant${n}`)),
    );
    const began = Date.now();
    for (let ms = 0; ms < 110 * SECOND; ms += TICK) {
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      await attack(ms);
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      await Promise.all(dueOf(newcomers, ms).map((one) => comeIn(one, ask, ms, began)));
      vi.advanceTimersByTime(TICK);
    }
    expect(slowest(newcomers)).toBeLessThanOrEqual(75 * SECOND);
    expect(wasted(server)).toBeLessThanOrEqual(60);
  });

  it('delays no newcomer that a known key vouches for', async () => {
    const server = await startServer(false);
    const ask = await askVerifier(server, { verification: { keySetTenant: false } });
    expect(await ask(server.token(KEY))).toBe('in');
    fakeTime();
    for (let ms = 0; ms < short(10, 30) * SECOND; ms += TICK) {
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      await ask(server.forged('key-id-1', { ten: `invented${(ms / TICK) % 40}` }));
      vi.advanceTimersByTime(TICK);
    }
    for (let n = 0; n < 20; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await ask(server.token(KEY, { ten: `tenant${n}` }))).toBe('in');
    }
  });
});

it('a newcomer that does not retry in time gets in, too, beside forged tokens of another issuer each', async () => {
  const keyOf = (tenant: string) => testKey(`key-of-${tenant}`, 0);
  const server = await startServer(false, keyOf);
  const ask = await askVerifier(server, { verification: { keySetTenant: false } });
  fakeTime();
  const late: Ask = async (jwt) => {
    const answer = await ask(jwt);
    return typeof answer === 'number' && jwt === slow.jwt ? 3 * answer : answer;
  };
  const slow = newcomer(server, 0, 4 * SECOND, keyOf('tenant0'));
  await play(server, late, [slow], 20 * SECOND);
  expect(slow.inAfter).toBeLessThanOrEqual(10 * SECOND);
});

describe('tenants in allowedTenants', () => {
  it('count as known: forged tokens of others do not delay their first ones', async () => {
    const allowedTenants = ['acme', ...Array.from({ length: 20 }, (_item, n) => `tenant${n}`)];
    const server = await startServer(false, (tenant) => testKey(`key-of-${tenant}`, 0));
    const ask = await askVerifier(server, { verification: { keySetTenant: false, allowedTenants } });
    fakeTime();
    for (let n = 0; n < CROWD; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await ask(server.forged('key-id-1', { ten: 'acme', iss: server.platform.issuerOf('host1') }));
    }
    for (let n = 0; n < 20; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await ask(server.token(testKey(`key-of-tenant${n}`, 0), { ten: `tenant${n}` }))).toBe('in');
    }
  });
});

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { type TokenVerifier, UserTokenGuard } from 'nestjs-mindsphere-credentials';
import { of, throwError } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { resolveOptions } from '../../lib/config/resolve-options.js';
import { KeySetFailure, type KeySetClient } from '../../lib/verification/key-set.client.js';
import { readKeySet } from '../../lib/verification/key-set.js';
import { KeySets } from '../../lib/verification/key-sets.js';
import { APP, failureOf, fakeTime } from '../support/application.js';
import { KeyServer, settle, testKey } from '../support/key-server.js';
import { ADAPTERS, type HttpAnswer, serve } from '../support/key-server-http.js';
import { type Verdict, verdictOf, verifierAt } from '../support/key-server-verifier.js';
import { flood } from '../support/length.js';
import { hang, json, reset } from '../support/stub-platform.js';

const SECOND = 1_000;
const COOLDOWN = 30 * SECOND;
/** Issuers never verified before: so many requests at once, then one each 6 s. */
const AT_ONCE = 10;
const EVERY = 6 * SECOND;
const MANY = flood(10_000);

const KEY = testKey('key-id-1', 0);

/** A way to forge. `n` counts the forged tokens. */
interface Way {
  readonly forge: (server: KeyServer, n: number) => string;
  /** Requests that the flood may cause in so much time. */
  readonly most: (elapsedMs: number) => number;
  readonly down?: boolean;
}

const atKnownIssuer = (elapsedMs: number) => 2 + Math.floor(elapsedMs / COOLDOWN);
const atStrangers = (elapsedMs: number) => AT_ONCE + Math.floor(elapsedMs / EVERY);

const WAYS: Record<string, Way> = {
  'invented kids at the configured issuer': {
    forge: (server, n) => server.forged(`invented-${n}`),
    most: atKnownIssuer,
  },
  'the right kid with an invented signature': {
    forge: (server) => server.forged(KEY.kid),
    most: () => 1,
  },
  'invented issuers': {
    forge: (server, n) => server.forged(KEY.kid, { ten: `invented${n}` }),
    most: atStrangers,
  },
  'invented issuers with the configured tenant': {
    forge: (server, n) => server.forged(KEY.kid, { ten: 'acme', iss: server.platform.issuerOf(`invented${n}`) }),
    most: atStrangers,
  },
  'one unknown issuer with invented kids': {
    forge: (server, n) => server.forged(`invented-${n}`, { ten: 'stranger' }),
    most: atKnownIssuer,
  },
  'invented kids and issuers': {
    forge: (server, n) => server.forged(`invented-${n}`, { ten: n % 2 === 0 ? 'acme' : `invented${n}` }),
    most: (elapsedMs) => atKnownIssuer(elapsedMs) + atStrangers(elapsedMs),
  },
  'invented kids and issuers, the key server down': {
    forge: (server, n) => server.forged(`invented-${n}`, { ten: n % 2 === 0 ? 'acme' : `invented${n}` }),
    // Failures are cooled down for half of 5 s at least.
    most: (elapsedMs) => 1 + Math.floor(elapsedMs / 2_500) + atStrangers(elapsedMs),
    down: true,
  },
};

/** Real servers know only their tenants. */
function onlyKnownTenants(server: KeyServer): void {
  server.answer((exchange) => {
    const exists = /\/(acme|host1|stranger)\/token_keys$/.test(exchange.request.url);
    return (exists ? json({ keys: [KEY.entry] }) : json({ error: 'not_found' }, 404))(exchange);
  });
}

interface Flooded {
  /** How often which verdict came. */
  readonly verdicts: Record<Verdict, number>;
  readonly elapsedMs: number;
}

/** Sends forged tokens, one each so many milliseconds; real HTTP keeps pace. */
async function send(
  verifier: TokenVerifier,
  forge: (n: number) => string,
  { from = 0, count = MANY / 2, everyMs = 0 } = {},
): Promise<Flooded> {
  const verdicts: Record<Verdict, number> = {};
  const began = Date.now();
  for (let n = from; n < from + count; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one moment after the other
    const verdict = await verdictOf(verifier, forge(n));
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    vi.advanceTimersByTime(everyMs);
  }
  return { verdicts, elapsedMs: Date.now() - began };
}

async function flooded(way: Way): Promise<{ server: KeyServer; verifier: TokenVerifier }> {
  const server = await KeyServer.start();
  const verifier = await verifierAt(server);
  onlyKnownTenants(server);
  if (way.down === true) server.answer(reset());
  fakeTime();
  return { server, verifier };
}

describe.each(Object.entries(WAYS))(`${MANY} forged tokens: %s`, (_, way) => {
  it('neither hammer the platform nor lock out the first request of a configured tenant', async () => {
    const { server, verifier } = await flooded(way);
    const expected = way.down === true ? 'key_set_unavailable' : 'ok';
    // Half of them at one moment, …
    const first = await send(verifier, (n) => way.forge(server, n));
    const sent = server.count();
    expect(await verdictOf(verifier, server.token(KEY))).toBe(expected);
    expect(sent).toBeLessThanOrEqual(way.most(0));
    // One more for the genuine user, where the flood was not about his tenant.
    expect(server.count()).toBeLessThanOrEqual(way.most(0) + 1);
    // … half of them over 100 s.
    const second = await send(verifier, (n) => way.forge(server, n), {
      from: MANY / 2,
      everyMs: (200 * SECOND) / MANY,
    });
    expect(await verdictOf(verifier, server.token(KEY))).toBe(expected);
    expect(server.count()).toBeLessThanOrEqual(way.most(second.elapsedMs) + 1);
    expect([first, second].map(({ verdicts }) => verdicts['ok'])).toEqual([undefined, undefined]);
  });

  it('leave a tenant that was verified before its own budget', async () => {
    const { server, verifier } = await flooded({ ...way, down: false });
    const ofStranger = (key = KEY) => server.token(key, { ten: 'stranger' });
    expect(await verdictOf(verifier, ofStranger())).toBe('ok');
    await send(verifier, (n) => way.forge(server, n), { count: flood(1_000) });
    expect(await verdictOf(verifier, ofStranger())).toBe('ok');
    if (way.most === atKnownIssuer) return;
    // Even a rotation there is picked up.
    const next = testKey('key-id-2', 1);
    server.answer(json({ keys: [KEY.entry, next.entry] }));
    expect(await verdictOf(verifier, ofStranger(next))).toBe('ok');
  });
});

describe('issuers never verified before', () => {
  it('share a budget: 10 at once, then 1 each 6 s', async () => {
    const { server, verifier } = await flooded({ ...WAYS['invented issuers']! });
    const forge = (n: number) => server.forged(KEY.kid, { ten: `invented${n}` });
    const count = flood(1_000);
    const { verdicts } = await send(verifier, forge, { count });
    expect(verdicts).toEqual({ token_issuer: AT_ONCE, key_set_unavailable: count - AT_ONCE });
    expect(server.count()).toBe(AT_ONCE);
    vi.advanceTimersByTime(EVERY - 1);
    expect((await send(verifier, forge, { from: 1_000, count: 10 })).verdicts).toEqual({ key_set_unavailable: 10 });
    vi.advanceTimersByTime(1);
    const next = await send(verifier, forge, { from: 2_000, count: 10 });
    expect(next.verdicts).toEqual({ token_issuer: 1, key_set_unavailable: 9 });
    vi.advanceTimersByTime(3_600 * SECOND);
    const later = await send(verifier, forge, { from: 3_000, count: 100 });
    expect(later.verdicts).toEqual({ token_issuer: AT_ONCE, key_set_unavailable: 90 });
    expect(server.count()).toBe(AT_ONCE + 1 + AT_ONCE);
  });

  it('are told when to come again, once the budget is spent', async () => {
    const { server, verifier } = await flooded({ ...WAYS['invented issuers']! });
    await send(verifier, (n) => server.forged(KEY.kid, { ten: `invented${n}` }), { count: AT_ONCE });
    const jwt = server.token(KEY, { ten: 'stranger' });
    vi.advanceTimersByTime(SECOND);
    const failure = await failureOf(verifier.verify(jwt));
    expect(failure).toMatchObject({ code: 'key_set_unavailable', retryable: true, retryAfterMs: EVERY - SECOND });
    vi.advanceTimersByTime(EVERY - SECOND);
    expect(await verdictOf(verifier, jwt)).toBe('ok');
  });

  it('share it in the whole process, with other registrations for the same platform', async () => {
    const { server, verifier } = await flooded({ ...WAYS['invented issuers']! });
    const other = await verifierAt(server);
    await send(verifier, (n) => server.forged(KEY.kid, { ten: `invented${n}` }), { count: AT_ONCE });
    expect(await verdictOf(other, server.token(KEY, { ten: 'stranger' }))).toBe('key_set_unavailable');
    expect(await verdictOf(other, server.token(KEY))).toBe('ok');
  });

  it('are refused without another request while their refusal is remembered', async () => {
    const { server, verifier } = await flooded({ ...WAYS['invented issuers']! });
    for (let again = 0; again < 100; again += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await verdictOf(verifier, server.forged(KEY.kid, { ten: 'invented' }))).toBe('token_issuer');
    }
    expect(server.count()).toBe(1);
  });

  it.each(['issuers', 'app.hostTenant', 'tenant.tenant', 'keySetTenant'])(
    'are not those of the option %s',
    async (option) => {
      const server = await KeyServer.start(KEY);
      const verifier = await verifierAt(server, {
        app: option === 'app.hostTenant' ? { ...APP, hostTenant: 'stranger' } : APP,
        ...(option === 'tenant.tenant' && { tenant: { clientId: 'id', clientSecret: 's', tenant: 'stranger' } }),
        verification: {
          ...(option === 'issuers' && { issuers: ['stranger', ...Array.from({ length: 20 }, (_, n) => `known${n}`)] }),
          ...(option === 'keySetTenant' && { keySetTenant: 'core' }),
          ...(option === 'app.hostTenant' && { clientIds: ['myapp-host1'] }),
        },
      });
      fakeTime();
      await send(verifier, (n) => server.forged(KEY.kid, { ten: `invented${n}` }), { count: 100 });
      await send(verifier, (n) => server.forged(KEY.kid, { ten: `known${n}` }), { count: 20 });
      expect(await verdictOf(verifier, server.token(KEY, { ten: 'stranger' }))).toBe('ok');
    },
  );
});

describe('while the key server is down', () => {
  it('a genuine user gets in soon after its recovery, in the middle of the flood', async () => {
    const way = WAYS['invented kids and issuers, the key server down']!;
    const { server, verifier } = await flooded(way);
    await send(verifier, (n) => way.forge(server, n), { everyMs: (300 * SECOND) / MANY });
    const failure = await failureOf(verifier.verify(server.token(KEY)));
    expect(failure).toMatchObject({ code: 'key_set_unavailable', retryable: true });
    expect(failure.retryAfterMs).toBeLessThanOrEqual(COOLDOWN);
    onlyKnownTenants(server);
    const recovered = Date.now();
    while ((await verdictOf(verifier, server.token(KEY))) !== 'ok') {
      if (Date.now() - recovered > COOLDOWN) throw new Error('still locked out');
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      await send(verifier, (n) => way.forge(server, n), { from: MANY, count: 10, everyMs: 50 });
    }
    expect(Date.now() - recovered).toBeLessThanOrEqual((failure.retryAfterMs ?? 0) + SECOND);
  });

  it('a server that hangs holds many forged tokens no longer than 5 s, on one request', async () => {
    const { server, verifier } = await flooded({ ...WAYS['invented kids at the configured issuer']! });
    server.answer(hang());
    const all = Array.from({ length: flood(1_000) }, (_, n) => verdictOf(verifier, server.forged(`invented-${n}`)));
    await server.platform.keys.arrived();
    await settle();
    vi.advanceTimersByTime(5 * SECOND);
    expect(new Set(await Promise.all(all))).toEqual(new Set(['key_set_unavailable']));
    expect(server.count()).toBe(1);
  });
});

describe('memory', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;

  it(`holds nothing of ${MANY} forged tokens of 12 kB`, async () => {
    const { server, verifier } = await flooded({ ...WAYS['invented kids and issuers']! });
    const padding = 'x'.repeat(8_000);
    const forge = (n: number) =>
      server.forged(`invented-${n}`, { ten: n % 2 === 0 ? 'acme' : `invented${n}`, padding: padding + n });
    await send(verifier, forge, { count: 500 });
    collect();
    const before = process.memoryUsage().heapUsed;
    await send(verifier, forge, { from: 500, count: MANY, everyMs: 10 });
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(Math.min((MANY * 12_000) / 2, 10_000_000));
    expect(await verdictOf(verifier, server.token(KEY))).toBe('ok');
  });

  it('holds at most 1,000 refused issuers, and forgets no known one for them', async () => {
    fakeTime();
    const asked: string[] = [];
    const exists = ['acme', 'known'];
    const client = {
      fetch: (tenant: string) => {
        asked.push(tenant);
        return exists.includes(tenant)
          ? of(readKeySet(JSON.stringify({ keys: [KEY.entry] }))!)
          : throwError(() => new KeySetFailure('status 404', true));
      },
    } as unknown as KeySetClient;
    const options = resolveOptions({ oauthUrl: 'https://{tenant}.piam.memory.example', app: APP });
    const keySets = new KeySets(client, options, Math.random);
    const ask = async (issuer: string) => {
      const { keys, permit } = keySets.of(issuer);
      return keys.keyOf(KEY.kid, permit).catch(() => undefined);
    };
    for (const issuer of exists) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await ask(issuer)).toBeDefined();
      keySets.confirm(issuer);
    }
    for (let n = 0; n < 1_200; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await ask(`invented${n}`);
      vi.advanceTimersByTime(EVERY);
    }
    asked.length = 0;
    for (let n = 0; n < 1_200; n += 1) keySets.of(`invented${n}`);
    // A key set is made anew only for those that were forgotten.
    expect(asked).toEqual(Array.from({ length: 200 }, (_, n) => `invented${n}`));
    asked.length = 0;
    for (const issuer of exists) keySets.of(issuer);
    expect(asked).toEqual([]);
  });
});

@Controller()
class GuardedController {
  @Get()
  @UseGuards(UserTokenGuard)
  guarded(): string {
    return 'in';
  }
}

function kindOf({ status, headers, body }: HttpAnswer): string {
  if (status === 200 && body === 'in') return 'in';
  if (status === 401 && headers['www-authenticate'] === 'Bearer error="invalid_token"') return 'refused';
  if (status === 503 && Number(headers['retry-after']) >= 1) return 'come again';
  return `${status} ${JSON.stringify(headers)}`;
}

/** Forged tokens before the genuine one, and as many after it. */
const HALF = flood(300);

describe.each(ADAPTERS)('over HTTP on %s', (adapter) => {
  it.each(Object.entries(WAYS))(`${2 * HALF} forged tokens: %s`, async (_, way) => {
    const server = await KeyServer.start();
    onlyKnownTenants(server);
    if (way.down === true) server.answer(reset());
    const options = { ...server.platform.urls, app: APP, tenant: false as const };
    const { get } = await serve(adapter, { options, controllers: [GuardedController] });
    const forged = (from: number) => Array.from({ length: HALF }, (_item, n) => get('/', way.forge(server, from + n)));
    const [before, genuine, after] = [forged(0), get('/', server.token(KEY)), forged(HALF)];
    const answers = await Promise.all([...before, ...after]);
    expect(answers.map(kindOf).filter((kind) => kind !== 'refused' && kind !== 'come again')).toEqual([]);
    expect(kindOf(await genuine)).toBe(way.down === true ? 'come again' : 'in');
    expect(server.count()).toBeLessThanOrEqual(way.most(SECOND) + 2);
  });
});

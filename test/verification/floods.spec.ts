import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type TokenVerifier } from 'nestjs-mindsphere-credentials';
import { describe, expect, it, vi } from 'vitest';
import { APP, failureOf, fakeTime } from '../support/application.js';
import { KeyServer, settle, testKey } from '../support/key-server.js';
import { ADAPTERS, GuardedController, type HttpAnswer, serve } from '../support/key-server-http.js';
import { type Verdict, verdictOf, verifierAt } from '../support/key-server-verifier.js';
import { flood, inTurn, isFullLength, short } from '../support/length.js';
import { hang, json, reset } from '../support/stub-platform.js';

const SECOND = 1_000;
const COOLDOWN = 30 * SECOND;
/** Reads that no verified token follows: so many at once, then one each 5 s. */
const AT_ONCE = 18;
const EVERY = 5 * SECOND;
const MANY = flood(10_000);

const KEY = testKey('key-id-1', 0);

/** A way to forge. `n` counts the forged tokens. */
interface Way {
  readonly forge: (server: KeyServer, n: number) => string;
  /** Whether it is aimed at the keys of an issuer that exists. */
  readonly isAtIssuer?: boolean;
  readonly down?: boolean;
}

/** Requests that a flood may cause in so much time, whatever is sent. */
const most = (elapsedMs: number) => AT_ONCE + Math.floor(elapsedMs / EVERY);

const WAYS: Record<string, Way> = {
  'invented kids at the configured issuer': {
    forge: (server, n) => server.forged(`invented-${n}`),
    isAtIssuer: true,
  },
  'the right kid with an invented signature': {
    forge: (server) => server.forged(KEY.kid),
    isAtIssuer: true,
  },
  'invented issuers': {
    forge: (server, n) => server.forged(KEY.kid, { ten: `invented${n}` }),
  },
  'invented issuers with the configured tenant': {
    forge: (server, n) => server.forged(KEY.kid, { ten: 'acme', iss: server.platform.issuerOf(`invented${n}`) }),
  },
  'one unknown issuer with invented kids': {
    forge: (server, n) => server.forged(`invented-${n}`, { ten: 'stranger' }),
    isAtIssuer: true,
  },
  'invented kids and issuers': {
    forge: (server, n) => server.forged(`invented-${n}`, { ten: n % 2 === 0 ? 'acme' : `invented${n}` }),
  },
  'invented kids and issuers, the key server down': {
    forge: (server, n) => server.forged(`invented-${n}`, { ten: n % 2 === 0 ? 'acme' : `invented${n}` }),
    down: true,
  },
};

/** Whose sets there are: the issuers' alone, or the platform's as well. */
const PLATFORMS = { "the issuers' own sets alone": false, "the platform's set first": undefined } as const;

/** Real servers know only their tenants. */
function onlyKnownTenants(server: KeyServer): void {
  server.answer((exchange) => {
    const exists = /\/(core|acme|host1|stranger)\/token_keys$/.test(exchange.request.url);
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

async function flooded(way: Way, keySetTenant?: false): Promise<{ server: KeyServer; verifier: TokenVerifier }> {
  const server = await KeyServer.start();
  const verifier = await verifierAt(server, { verification: { keySetTenant } });
  onlyKnownTenants(server);
  if (way.down === true) server.answer(reset());
  fakeTime();
  return { server, verifier };
}

describe.each(Object.entries(PLATFORMS))('%s', (platform, keySetTenant) => {
  describe.each(inTurn(Object.entries(WAYS), platform, Object.keys(PLATFORMS)))(
    `${MANY} forged tokens: %s`,
    (_, way) => {
      it('neither hammer the platform nor lock out the first request of a configured tenant', async () => {
        const { server, verifier } = await flooded(way, keySetTenant);
        const expected = way.down === true ? 'key_set_unavailable' : 'ok';
        // Half of them at one moment, …
        const first = await send(verifier, (n) => way.forge(server, n));
        const sent = server.count();
        expect(await verdictOf(verifier, server.token(KEY))).toBe(expected);
        expect(sent).toBeLessThanOrEqual(most(0));
        // One more for the genuine user, where the flood was not about his tenant.
        expect(server.count()).toBeLessThanOrEqual(sent + 1);
        // … half of them over 100 s and more.
        const second = await send(verifier, (n) => way.forge(server, n), {
          from: MANY / 2,
          everyMs: 100_000 / (MANY / 2),
        });
        expect(await verdictOf(verifier, server.token(KEY))).toBe(expected);
        expect(server.count()).toBeLessThanOrEqual(most(second.elapsedMs) + 2);
        expect([first, second].map(({ verdicts }) => verdicts['ok'])).toEqual([undefined, undefined]);
      });

      it('leave a tenant that was verified before its own reads', async () => {
        const { server, verifier } = await flooded({ ...way, down: false }, keySetTenant);
        const ofTenant = (key = KEY) => server.token(key, { ten: 'stranger' });
        expect(await verdictOf(verifier, ofTenant())).toBe('ok');
        await send(verifier, (n) => way.forge(server, n), { count: flood(1_000) });
        expect(await verdictOf(verifier, ofTenant())).toBe('ok');
        if (way.isAtIssuer === true || keySetTenant === undefined) return;
        // Even a rotation there is picked up.
        const next = testKey('key-id-2', 1);
        server.answer(json({ keys: [KEY.entry, next.entry] }));
        expect(await verdictOf(verifier, ofTenant(next))).toBe('ok');
      });
    },
  );
});

describe('forged tokens for 300 listed issuers', () => {
  it.each(Object.entries(PLATFORMS))('cause 30 reads a minute at most: %s', async (_, keySetTenant) => {
    const issuers = Array.from({ length: 300 }, (_item, n) => `listed${n}`);
    const server = await KeyServer.start(KEY);
    const verifier = await verifierAt(server, { verification: { keySetTenant, issuers: ['acme', ...issuers] } });
    fakeTime();
    expect(await verdictOf(verifier, server.token(KEY))).toBe('ok');
    const forge = (n: number) => server.forged(KEY.kid, { ten: `listed${n % 300}` });
    await send(verifier, forge, { count: 600, everyMs: 99 });
    expect(server.count()).toBeLessThanOrEqual(1 + 30);
    expect(server.count()).toBeGreaterThan(10);
    // Signed by a key that has verified tokens.
    expect(await verdictOf(verifier, server.token(KEY, { ten: 'listed299' }))).toBe('ok');
  });
});

describe('issuers never verified before', () => {
  it('share a rate limit: 13 reads at once, then 1 each 5 s', async () => {
    const { server, verifier } = await flooded({ ...WAYS['invented issuers']! }, false);
    const forge = (n: number) => server.forged(KEY.kid, { ten: `invented${n}` });
    const count = short(200, 1_000);
    const { verdicts } = await send(verifier, forge, { count });
    expect(verdicts).toEqual({ token_issuer: 13, key_set_unavailable: count - 13 });
    expect(server.count()).toBe(13);
    vi.advanceTimersByTime(EVERY - 1);
    expect((await send(verifier, forge, { from: 1_000, count: 10 })).verdicts).toEqual({ key_set_unavailable: 10 });
    vi.advanceTimersByTime(1);
    const next = await send(verifier, forge, { from: 2_000, count: 10 });
    expect(next.verdicts).toEqual({ token_issuer: 1, key_set_unavailable: 9 });
  });

  it('learn when to retry, and have a better place then', async () => {
    const { server, verifier } = await flooded({ ...WAYS['invented issuers']! }, false);
    await send(verifier, (n) => server.forged(KEY.kid, { ten: `invented${n}` }), { count: 100 });
    const jwt = server.token({ ...KEY, kid: 'key-id-1' }, { ten: 'stranger' });
    const failure = await failureOf(verifier.verify(jwt));
    expect(failure).toMatchObject({ code: 'key_set_unavailable', retryable: true, retryAfterMs: SECOND });
    vi.advanceTimersByTime(SECOND);
    expect(await verdictOf(verifier, jwt)).toBe('ok');
  });

  it('share it with nobody else: another registration has a limit of its own', async () => {
    const { server, verifier } = await flooded({ ...WAYS['invented issuers']! }, false);
    const other = await verifierAt(server);
    await send(verifier, (n) => server.forged(KEY.kid, { ten: `invented${n}` }), { count: 100 });
    expect(await verdictOf(other, server.token(KEY, { ten: 'stranger' }))).toBe('ok');
  });

  it('are refused without another request while their refusal is remembered', async () => {
    const { server, verifier } = await flooded({ ...WAYS['invented issuers']! }, false);
    for (let again = 0; again < 100; again += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await verdictOf(verifier, server.forged(KEY.kid, { ten: 'invented' }))).toBe('token_issuer');
    }
    expect(server.count()).toBe(1);
  });

  it.each(['issuers', 'app.hostTenant', 'tenant.tenant', 'allowedTenants', 'keySetTenant'])(
    'are not those of the option %s',
    async (option) => {
      const server = await KeyServer.start(KEY);
      const verifier = await verifierAt(server, {
        app: option === 'app.hostTenant' ? { ...APP, hostTenant: 'stranger' } : APP,
        ...(option === 'tenant.tenant' && { tenant: { clientId: 'id', clientSecret: 's', tenant: 'stranger' } }),
        verification: {
          clientIds: ['myapp-host1'],
          ...(option === 'issuers' && {
            issuers: ['stranger', ...Array.from({ length: 20 }, (_, n) => `invented${n}`)],
          }),
          ...(option === 'allowedTenants' && {
            allowedTenants: ['stranger', ...Array.from({ length: 20 }, (_, n) => `invented${n}`)],
          }),
          ...(option === 'keySetTenant' && { keySetTenant: 'core' }),
          ...(option === 'app.hostTenant' && { clientIds: ['myapp-host1'] }),
        },
      });
      fakeTime();
      await send(verifier, (n) => server.forged(KEY.kid, { ten: `invented${n + 100}` }), { count: 100 });
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
    const { server, verifier } = await flooded({ ...WAYS['invented kids at the configured issuer']! }, false);
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

  // Short: it is noise that a flood of a twentieth leaves.
  it.runIf(isFullLength)(`holds nothing of ${MANY} forged tokens of 12 kB`, async () => {
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
});

function kindOf({ status, headers, body }: HttpAnswer): string {
  if (status === 200 && body === 'in') return 'in';
  if (status === 401 && headers['www-authenticate'] === 'Bearer error="invalid_token"') return 'refused';
  if (status === 503 && Number(headers['retry-after']) >= 1) return 'retry later';
  return `${status} ${JSON.stringify(headers)}`;
}

/** Forged tokens before the genuine one, and as many after it. */
const HALF = flood(300);

describe.each(ADAPTERS)('over HTTP on %s', (adapter) => {
  it.each(inTurn(Object.entries(WAYS), adapter, ADAPTERS))(`${2 * HALF} forged tokens: %s`, async (_, way) => {
    const server = await KeyServer.start();
    onlyKnownTenants(server);
    if (way.down === true) server.answer(reset());
    const options = { ...server.platform.urls, app: APP, tenant: false as const };
    const { get } = await serve(adapter, { options, controllers: [GuardedController] });
    const forged = (from: number) => Array.from({ length: HALF }, (_item, n) => get('/', way.forge(server, from + n)));
    const [before, genuine, after] = [forged(0), get('/', server.token(KEY)), forged(HALF)];
    const answers = await Promise.all([...before, ...after]);
    expect(answers.map(kindOf).filter((kind) => kind !== 'refused' && kind !== 'retry later')).toEqual([]);
    expect(kindOf(await genuine)).toBe(way.down === true ? 'retry later' : 'in');
    expect(server.count()).toBeLessThanOrEqual(most(60 * SECOND));
  });
});

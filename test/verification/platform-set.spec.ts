import { describe, expect, it, vi } from 'vitest';
import { failureOf, fakeTime } from '../support/application.js';
import { settle, testKey } from '../support/key-server.js';
import { verifierLab, type VerifierLab } from '../support/key-server-verifier.js';
import { json } from '../support/stub-platform.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const COOLDOWN = 30 * SECOND;

const PLATFORM = testKey('key-id-1', 0);
const OWN = testKey('key-id-1', 1);
const NEXT = testKey('key-id-2', 2);
const THIRD = testKey('key-id-3', 3);
const LONG = { exp: Math.floor(Date.now() / SECOND) + 100 * 3_600 };

const platformFirst = (verification = {}): Promise<VerifierLab> =>
  verifierLab([PLATFORM], { verification: { keySetTenant: undefined, ...verification } });

describe("by default the platform's set decides", () => {
  it("and the issuer's own is not asked", async () => {
    const { server, verdict } = await platformFirst();
    expect([await verdict(server.token(PLATFORM)), await verdict(server.token(PLATFORM, { ten: 'globex' }))]).toEqual([
      'ok',
      'ok',
    ]);
    expect(server.asked).toEqual(['core']);
  });

  it("but a token that it has not signed is verified by the issuer's own", async () => {
    const { server, verdict } = await platformFirst();
    server.publish([OWN, NEXT], 'acme');
    expect(await verdict(server.token(OWN))).toBe('ok');
    expect(await verdict(server.token(PLATFORM))).toBe('ok');
    expect(await verdict(server.token(NEXT))).toBe('ok');
    // No other tenant's token is signed by it.
    expect(await verdict(server.token(OWN, { ten: 'globex' }))).toBe('token_signature');
    expect(server.count('acme')).toBe(1);
  });

  it('a tenant with keys of its own costs one read of its set, however many of its users come', async () => {
    const { server, verdict } = await platformFirst();
    server.publish([OWN], 'acme');
    fakeTime();
    for (let n = 0; n < 50; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await verdict(server.token(OWN, LONG))).toBe('ok');
      vi.advanceTimersByTime(5 * SECOND);
    }
    expect(server.count()).toBe(2);
  });

  it('where it does not exist that is remembered for keySetMaxAgeMs', async () => {
    const { server, verdict } = await platformFirst();
    fakeTime();
    server.answer((exchange) =>
      (exchange.request.url.includes('/core/') ? json({}, 404) : json({ keys: [PLATFORM.entry] }))(exchange),
    );
    for (let minute = 0; minute < 10; minute += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one minute after the other
      expect(await verdict(server.token(PLATFORM, { ...LONG, ten: `tenant${minute}` }))).toBe('ok');
      vi.advanceTimersByTime(MINUTE - 1);
    }
    expect(server.count('core')).toBe(1);
    vi.advanceTimersByTime(SECOND);
    expect(await verdict(server.token(PLATFORM, { ...LONG, ten: 'tenant10' }))).toBe('ok');
    await settle();
    expect(server.count('core')).toBe(2);
  });

  it('where it alone exists, a token of a new key is undecided until it is read, not refused', async () => {
    const { server, verdict } = await platformFirst();
    fakeTime();
    let keys = [PLATFORM.entry];
    server.answer((exchange) => (exchange.request.url.includes('/core/') ? json({ keys }) : json({}, 404))(exchange));
    expect(await verdict(server.token(PLATFORM, LONG))).toBe('ok');
    expect(await verdict(server.forged('invented', LONG))).toBe('token_signature');
    vi.advanceTimersByTime(2 * SECOND);
    keys = [PLATFORM.entry, NEXT.entry];
    expect(await verdict(server.token(NEXT, LONG))).toBe('key_set_unavailable');
    vi.advanceTimersByTime(3 * SECOND);
    expect(await verdict(server.token(NEXT, LONG))).toBe('ok');
  });
});

describe('a new key of the platform, while somebody sends invented key ids all the time', () => {
  it.each([
    ["is the issuers' as well", 'same'],
    ["is the platform's alone, and the issuer has another", 'own'],
    ["is the platform's alone, and the issuer has no set", 'none'],
  ])('is accepted within 6 s, and never refused before: it %s', async (_, issuerSet) => {
    for (const rotatedAt of [5_000, 5_300, 5_900, 7_300]) {
      // oxlint-disable-next-line no-await-in-loop -- one time after the other
      const { server, verdict } = await platformFirst();
      let keys = [PLATFORM.entry];
      const own = [testKey('own-key', 3).entry];
      server.answer((exchange) => {
        if (exchange.request.url.includes('/core/') || issuerSet === 'same') return json({ keys })(exchange);
        return (issuerSet === 'own' ? json({ keys: own }) : json({}, 404))(exchange);
      });
      fakeTime();
      const seen: string[] = [];
      for (let ms = 0; ms < 20 * SECOND && seen.at(-1) !== 'ok'; ms += 100) {
        if (ms === rotatedAt) keys = [PLATFORM.entry, NEXT.entry];
        // oxlint-disable-next-line no-await-in-loop -- one moment after the other
        await verdict(server.forged(ms % 300 === 0 ? NEXT.kid : `invented-${ms}`, LONG));
        // oxlint-disable-next-line no-await-in-loop -- one moment after the other
        if (ms >= rotatedAt) seen.push(await verdict(server.token(NEXT, LONG)));
        vi.advanceTimersByTime(100);
      }
      expect(new Set(seen.slice(0, -1))).not.toContain('token_signature');
      expect(seen.at(-1)).toBe('ok');
      expect(seen.length).toBeLessThanOrEqual(60);
      vi.useRealTimers();
    }
  });
});

describe('with a keySetTenant', () => {
  it('that one alone decides', async () => {
    const { server, verdict } = await platformFirst({ keySetTenant: 'keys' });
    server.publish([OWN], 'acme');
    expect([await verdict(server.token(PLATFORM)), await verdict(server.token(OWN))]).toEqual([
      'ok',
      'token_signature',
    ]);
    expect(new Set(server.asked)).toEqual(new Set(['keys']));
  });

  it("false: the issuer's own alone", async () => {
    const { server, verdict } = await platformFirst({ keySetTenant: false });
    server.publish([OWN], 'acme');
    expect([await verdict(server.token(PLATFORM)), await verdict(server.token(OWN))]).toEqual([
      'token_signature',
      'ok',
    ]);
    expect(new Set(server.asked)).toEqual(new Set(['acme']));
  });
});

describe('a key that is replaced under its id', () => {
  it.each([
    ["at the platform's server", {}],
    ["at the issuer's server", { keySetTenant: false }],
  ])('%s is accepted after one read, once the set is older than keySetCooldownMs', async (_, verification) => {
    const { server, verdict } = await platformFirst(verification);
    fakeTime();
    expect(await verdict(server.token(PLATFORM, LONG))).toBe('ok');
    vi.advanceTimersByTime(COOLDOWN + 1);
    server.publish([OWN]);
    const before = server.count();
    expect(await verdict(server.token(OWN, LONG))).toBe('ok');
    expect(server.count()).toBe(before + 1);
    // What the old key has signed counts no more.
    expect(await verdict(server.token(PLATFORM, LONG))).toBe('token_signature');
  });

  it('forged signatures cause one read in keySetCooldownMs', async () => {
    const { server, verdict } = await platformFirst({ keySetTenant: false });
    fakeTime();
    expect(await verdict(server.token(PLATFORM, LONG))).toBe('ok');
    for (let step = 0; step < 600; step += 1) {
      vi.advanceTimersByTime(100);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await verdict(server.forged(PLATFORM.kid, LONG))).toBe('token_signature');
    }
    expect(server.count()).toBe(1 + 1);
  });
});

describe('a read', () => {
  it('sends the ETag that came with the set, and 304 keeps the set', async () => {
    const { server, verdict } = await platformFirst({ keySetTenant: false });
    fakeTime();
    const sent: (string | undefined)[] = [];
    server.answer(({ request, response }) => {
      const at = request.rawHeaders.findIndex((name) => name.toLowerCase() === 'if-none-match');
      sent.push(at < 0 ? undefined : request.rawHeaders[at + 1]);
      response.setHeader('ETag', '"v1"');
      if (at >= 0) response.writeHead(304).end();
      else response.writeHead(200).end(JSON.stringify({ keys: [PLATFORM.entry] }));
    });
    expect(await verdict(server.token(PLATFORM, LONG))).toBe('ok');
    vi.advanceTimersByTime(10 * MINUTE + 1);
    expect(await verdict(server.token(PLATFORM, LONG))).toBe('ok');
    expect(await verdict(server.forged('invented', LONG))).toBe('token_signature');
    expect(await verdict(server.token(PLATFORM, LONG))).toBe('ok');
    expect(sent).toEqual([undefined, '"v1"', '"v1"']);
  });

  it('that gets 304 without having sent an ETag has failed', async () => {
    const { server, verdict } = await platformFirst({ keySetTenant: false });
    server.answer(({ response }) => void response.writeHead(304).end());
    expect(await verdict(server.token(PLATFORM))).toBe('key_set_unavailable');
  });

  it('that is lost on a reused connection is repeated at once, and no pause follows', async () => {
    const { server, verdict, lose } = await staleServer();
    // The held set has neither key: without the repetition nothing could verify these tokens.
    server.publish([PLATFORM, NEXT]);
    lose.onReused = 1;
    vi.advanceTimersByTime(10 * MINUTE + 1);
    expect(await verdict(server.token(NEXT, LONG))).toBe('ok');
    expect([lose.onReused, server.count()]).toEqual([0, 1 + 2]);
    server.publish([PLATFORM, NEXT, THIRD]);
    expect(await verdict(server.token(THIRD, LONG))).toBe('ok');
    expect(server.count()).toBe(3 + 1);
  });

  it('that is lost again when it is repeated has failed: the pause begins with this second failure', async () => {
    const { server, verifier, verdict, lose } = await staleServer();
    server.publish([PLATFORM, NEXT]);
    lose.onReused = 1;
    lose.onNew = 1;
    vi.advanceTimersByTime(10 * MINUTE + 1);
    const failure = await failureOf(verifier.verify(server.token(NEXT, LONG)));
    expect(failure.code).toBe('key_set_unavailable');
    expect(failure.retryAfterMs).toBeGreaterThanOrEqual(2.5 * SECOND);
    expect(failure.retryAfterMs).toBeLessThanOrEqual(5 * SECOND);
    expect(await verdict(server.token(NEXT, LONG))).toBe('key_set_unavailable');
    expect(server.count()).toBe(1 + 2);
    vi.advanceTimersByTime(5 * SECOND);
    expect(await verdict(server.token(NEXT, LONG))).toBe('ok');
    expect(server.count()).toBe(3 + 1);
  });

  it('that is lost on a new connection is not repeated', async () => {
    const { server, verifier } = await platformFirst({ keySetTenant: false });
    server.answer(({ response }) => void response.socket?.destroy());
    expect((await failureOf(verifier.verify(server.token(PLATFORM)))).code).toBe('key_set_unavailable');
    expect(server.count()).toBe(1);
  });
});

/** Connections that are lost instead of being answered, counted down. */
interface Losses {
  onReused: number;
  onNew: number;
}

/** A key server that loses connections where told so. Time is fake, and the set with one key has been read. */
async function staleServer(): Promise<VerifierLab & { lose: Losses }> {
  const lab = await platformFirst({ keySetTenant: false });
  const { server } = lab;
  const lose: Losses = { onReused: 0, onNew: 0 };
  const used = new WeakSet<object>();
  server.answer((exchange) => {
    const { socket } = exchange.response;
    const where = socket !== null && used.has(socket) ? 'onReused' : 'onNew';
    if (socket !== null) used.add(socket);
    if (lose[where] === 0) return server.published(exchange);
    lose[where] -= 1;
    socket?.destroy();
    return undefined;
  });
  fakeTime();
  expect(await lab.verdict(server.token(PLATFORM, LONG))).toBe('ok');
  return { ...lab, lose };
}

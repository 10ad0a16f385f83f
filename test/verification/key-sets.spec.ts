import { describe, expect, it, vi } from 'vitest';
import { failureOf, fakeTime } from '../support/application.js';
import { settle, testKey, withLeadingZeros, withoutLeadingZeros } from '../support/key-server.js';
import { verifierLab, type VerifierLab } from '../support/key-server-verifier.js';
import { short } from '../support/length.js';
import {
  type Answer,
  drip,
  flood,
  hang,
  hangInBody,
  html,
  json,
  raw,
  redirect,
  reset,
  resetInBody,
  truncated,
} from '../support/stub-platform.js';

const SECOND = 1_000;
const CROWD = short(100, 1_000);
const MINUTE = 60 * SECOND;
const MAX_AGE = 10 * MINUTE;
const COOLDOWN = 30 * SECOND;
/** How long a set is used beyond its age while its server fails. */
const STALE_LIMIT = 60 * MINUTE;
const LARGEST_BYTES = 256 * 1_024;

const FIRST = testKey('key-id-1', 0);
const SECOND_KEY = testKey('key-id-2', 1);
const THIRD = testKey('key-id-3', 2);

/** A life that outlasts every test. */
const LONG = { exp: Math.floor(Date.now() / SECOND) + 100 * 3_600 };

/** Time is fake from here on, and the key set of `acme` has just been read. */
async function withKeySet(options: Parameters<typeof verifierLab>[1] = {}): Promise<VerifierLab> {
  const lab = await verifierLab([FIRST], options);
  fakeTime();
  expect(await lab.verdict(lab.server.token(FIRST, LONG))).toBe('ok');
  return lab;
}

describe('a key set is read', () => {
  it(`once for ${CROWD} simultaneous requests`, async () => {
    const { server, verdict } = await verifierLab([FIRST]);
    const tokens = Array.from({ length: 20 }, () => server.token(FIRST));
    const release = server.platform.keys.hold();
    const verdicts = Array.from({ length: CROWD }, (_, index) => verdict(tokens[index % tokens.length]!));
    await server.platform.keys.arrived();
    await settle();
    release();
    expect(new Set(await Promise.all(verdicts))).toEqual(new Set(['ok']));
    expect(server.count()).toBe(1);
  });

  it(`once for ${CROWD} simultaneous requests of a tenant nobody has heard of`, async () => {
    const { server, verdict } = await verifierLab([FIRST]);
    const tokens = Array.from({ length: 20 }, () => server.token(FIRST, { ten: 'globex' }));
    const verdicts = Array.from({ length: CROWD }, (_, index) => verdict(tokens[index % tokens.length]!));
    expect(new Set(await Promise.all(verdicts))).toEqual(new Set(['ok']));
    expect(server.asked).toEqual(['globex']);
  });

  it.each([
    [999, 'ok'],
    [1_000, 'token_expired'],
  ])('while a token goes on growing old: %i ms later it is %s', async (timeMs, expected) => {
    const { server, verdict } = await verifierLab([FIRST], { verification: { clockToleranceMs: 3_000 } });
    fakeTime();
    vi.setSystemTime(new Date('2026-01-01T00:00:00Z'));
    const now = Date.now() / SECOND;
    const release = server.platform.keys.hold();
    const verdicts = verdict(server.token(FIRST, { iat: now - 60, exp: now - 2 }));
    await server.platform.keys.arrived();
    vi.setSystemTime(Date.now() + timeMs);
    release();
    expect(await verdicts).toBe(expected);
    expect(server.count()).toBe(1);
  });

  it('with a plain GET that carries no credentials', async () => {
    const { server, verdict } = await verifierLab([FIRST]);
    await verdict(server.token(FIRST));
    const { method, url, rawHeaders, body } = server.platform.keys.only;
    expect({ method, url, body: body.toString() }).toEqual({ method: 'GET', url: '/piam/acme/token_keys', body: '' });
    expect(rawHeaders.join('\n')).not.toMatch(/authorization|cookie|x-space-auth-key/i);
  });

  it('not for a token that is refused for what it says', async () => {
    const { server, verdict } = await verifierLab([FIRST]);
    expect(await verdict(server.token(FIRST, { exp: 1 }))).toBe('token_expired');
    expect(await verdict(server.token(FIRST, { iss: 'https://evil.example/oauth/token' }))).toBe('token_issuer');
    expect(await verdict(server.token(FIRST, { cid: 'other-host1', client_id: 'other-host1' }))).toBe('token_client');
    expect(server.platform.count).toBe(0);
  });
});

describe('of a key set answer', () => {
  it.each([301, 302, 303, 307, 308])('a redirect is not followed (%i)', async (status) => {
    const { server, verdict } = await verifierLab([FIRST]);
    server.answer(redirect(`${server.platform.origin}/piam/globex/token_keys`, status));
    expect(await verdict(server.token(FIRST))).toBe('key_set_unavailable');
    expect(server.asked).toEqual(['acme']);
  });

  const padded = (bytes: number, more = {}): Answer => {
    const [start, end] = [`{"keys":[${JSON.stringify(FIRST.entry)}],"padding":"`, '"}'];
    return raw({ body: start + 'x'.repeat(bytes - start.length - end.length) + end, ...more });
  };

  it.each<[string, Answer, string]>([
    ['of 256 kB is read', padded(LARGEST_BYTES), 'ok'],
    ['of one byte more is not', padded(LARGEST_BYTES + 1), 'key_set_unavailable'],
    ['of one byte more is not, without a length', padded(LARGEST_BYTES + 1, { chunked: true }), 'key_set_unavailable'],
    ['that grows when unpacked is not', padded(20 * LARGEST_BYTES, { gzip: true }), 'key_set_unavailable'],
    ['without an end is not', flood(), 'key_set_unavailable'],
  ])('one %s', async (_, answer, expected) => {
    const { server, verdict } = await verifierLab([]);
    server.answer(answer);
    expect(await verdict(server.token(FIRST))).toBe(expected);
    await server.platform.keys.only.over;
    expect(server.platform.keys.only.bytesSent()).toBeLessThan(20 * LARGEST_BYTES);
  });

  it.each<[string, Answer]>([
    ['hangs', hang()],
    ['hangs in its body', hangInBody()],
    ['drips', drip()],
  ])('one that %s is waited for no longer than 5 s', async (_, answer) => {
    const { server, verdict } = await verifierLab([FIRST]);
    fakeTime();
    server.answer(answer);
    const seen: string[] = [];
    const verdicts = Array.from({ length: 100 }, () => verdict(server.token(FIRST)).then((code) => seen.push(code)));
    await server.platform.keys.arrived();
    await settle();
    vi.advanceTimersByTime(5 * SECOND - 1);
    await settle();
    expect(seen).toEqual([]);
    vi.advanceTimersByTime(1);
    await Promise.all(verdicts);
    expect(new Set(seen)).toEqual(new Set(['key_set_unavailable']));
    // The connection is given up, too.
    await server.platform.keys.only.over;
  });

  it('the time is bounded by request.timeoutMs, where that is less', async () => {
    const { server, verdict } = await verifierLab([FIRST], { request: { timeoutMs: 700 } });
    fakeTime();
    server.answer(hang());
    const code = verdict(server.token(FIRST));
    await server.platform.keys.arrived();
    vi.advanceTimersByTime(700);
    expect(await code).toBe('key_set_unavailable');
  });

  it.each<[string, Answer]>([
    ['500', json({ error: 'down' }, 500)],
    ['503', json({ error: 'down' }, 503)],
    ['429', json({ error: 'slow down' }, 429)],
    ['401', json({ error: 'unauthorized' }, 401)],
    ['204', raw({ status: 204 })],
    ['a page of a proxy', html('<html>Welcome</html>')],
    ['no JSON', raw({ body: '{"keys":[' })],
    ['nothing', raw({ body: '' })],
    ['an empty set', json({ keys: [] })],
    ['no list', json({ keys: { 0: FIRST.entry } })],
    ['a bare list', json([FIRST.entry])],
    ['null', json(null)],
    ['a lost connection', reset()],
    ['a connection lost half-way', resetInBody('{"keys":[')],
    ['a connection closed half-way', truncated('{"keys":[')],
  ])('%s counts as no key set, and is 503 material', async (_, answer) => {
    const { server, verifier } = await verifierLab([FIRST]);
    server.answer(answer);
    const failure = await failureOf(verifier.verify(server.token(FIRST)));
    expect(failure).toMatchObject({ code: 'key_set_unavailable', retryable: true });
    expect(failure.retryAfterMs).toBeGreaterThan(0);
    expect(failure.retryAfterMs).toBeLessThanOrEqual(COOLDOWN);
  });

  it.each([404, 410])('%i for a tenant never seen says that there is no such issuer', async (status) => {
    const { server, verdict } = await verifierLab([FIRST]);
    server.answer(json({ error: 'not_found' }, status));
    expect(await verdict(server.token(FIRST, { ten: 'nosuch' }))).toBe('token_issuer');
  });
});

it('404 for a tenant whose keys were read before is a server out of order, not an issuer that never was', async () => {
  const { server, verdict } = await withKeySet();
  server.answer(json({ error: 'not_found' }, 404));
  expect(await verdict(server.token(SECOND_KEY))).toBe('key_set_unavailable');
  vi.advanceTimersByTime(MAX_AGE + STALE_LIMIT + SECOND);
  expect(await verdict(server.token(FIRST, LONG))).toBe('key_set_unavailable');
});

describe('a failed reading', () => {
  it('is cooled down: no request follows at once, and the next one soon', async () => {
    const { server, verdict } = await verifierLab([FIRST]);
    fakeTime();
    server.answer(json({}, 500));
    const jwt = server.token(FIRST);
    for (let caller = 0; caller < 100; caller += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one caller after the other
      expect(await verdict(jwt)).toBe('key_set_unavailable');
    }
    expect(server.count()).toBe(1);
    server.answer();
    vi.advanceTimersByTime(5 * SECOND);
    expect(await verdict(jwt)).toBe('ok');
    expect(server.count()).toBe(2);
  });

  it('over and over is cooled down longer and longer, up to the cooldown', async () => {
    const { server, verdict } = await verifierLab([FIRST]);
    fakeTime();
    server.answer(json({}, 500));
    const jwt = server.token(FIRST, LONG);
    const times: number[] = [];
    for (let second = 0; second < 600; second += 1) {
      const before = server.count();
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      await verdict(jwt);
      if (server.count() > before) times.push(second);
      vi.advanceTimersByTime(SECOND);
    }
    const gaps = times.slice(1).map((time, index) => time - times[index]!);
    expect(times[0]).toBe(0);
    expect(gaps[0]).toBeLessThanOrEqual(5);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30);
    // Between half and the whole of 5, 10, 20, 30, 30 … s.
    expect(times.length).toBeLessThanOrEqual(45);
    expect(times.length).toBeGreaterThanOrEqual(20);
  });

  it('says in retryAfterMs when the next may be', async () => {
    const { server, verifier, verdict } = await verifierLab([FIRST]);
    fakeTime();
    server.answer(json({}, 500));
    const jwt = server.token(FIRST);
    const { retryAfterMs = 0 } = await failureOf(verifier.verify(jwt));
    vi.advanceTimersByTime(Math.ceil(retryAfterMs) - 2);
    await verdict(jwt);
    expect(server.count()).toBe(1);
    server.answer();
    vi.advanceTimersByTime(3);
    expect(await verdict(jwt)).toBe('ok');
  });
});

describe('a key set that grows old', () => {
  it('is read anew in the background before keySetMaxAgeMs, and nobody waits', async () => {
    const { server, verdict } = await withKeySet();
    vi.advanceTimersByTime(MAX_AGE / 2);
    expect(await verdict(server.token(FIRST, LONG))).toBe('ok');
    expect(server.count()).toBe(1);
    vi.advanceTimersByTime(MAX_AGE / 2 - SECOND);
    const release = server.platform.keys.hold();
    for (let caller = 0; caller < 20; caller += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one caller after the other
      expect(await verdict(server.token(FIRST, LONG))).toBe('ok');
    }
    await server.platform.keys.arrived(2);
    release();
    await server.platform.keys.requests[1]!.over;
    await settle();
    vi.advanceTimersByTime(MAX_AGE / 2);
    expect(await verdict(server.token(FIRST, LONG))).toBe('ok');
    expect(server.count()).toBe(2);
  });

  it('is read anew for a remembered token as well', async () => {
    const { server, verdict } = await verifierLab([FIRST]);
    fakeTime();
    const jwt = server.token(FIRST, LONG);
    expect(await verdict(jwt)).toBe('ok');
    vi.advanceTimersByTime(MAX_AGE - SECOND);
    expect(await verdict(jwt)).toBe('ok');
    await server.platform.keys.arrived(2);
    expect(server.count()).toBe(2);
  });

  it('is waited for where it is too old: a key withdrawn meanwhile is trusted no more', async () => {
    const { server, verdict } = await withKeySet();
    server.publish([SECOND_KEY]);
    vi.advanceTimersByTime(MAX_AGE + 1);
    expect(await verdict(server.token(FIRST, LONG))).toBe('token_signature');
    expect(await verdict(server.token(SECOND_KEY, LONG))).toBe('ok');
    expect(server.count()).toBe(2);
  });

  it('is too old after the clock was set back: nobody knows its age', async () => {
    const { server, verdict } = await withKeySet();
    server.publish([SECOND_KEY]);
    vi.setSystemTime(Date.now() - 5 * SECOND);
    expect(await verdict(server.token(FIRST, LONG))).toBe('token_signature');
    expect(server.count()).toBe(2);
  });

  it('is used while its server fails, for one more hour and no longer', async () => {
    const { server, verdict } = await withKeySet();
    const [remembered, fresh, late] = [server.token(FIRST, LONG), server.token(FIRST, LONG), server.token(FIRST, LONG)];
    expect(await verdict(remembered)).toBe('ok');
    server.answer(reset());
    vi.advanceTimersByTime(MAX_AGE + STALE_LIMIT - SECOND);
    expect(await verdict(remembered)).toBe('ok');
    expect(await verdict(fresh)).toBe('ok');
    vi.advanceTimersByTime(2 * SECOND);
    for (const jwt of [remembered, fresh, late]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await verdict(jwt)).toBe('key_set_unavailable');
    }
    server.answer();
    vi.advanceTimersByTime(COOLDOWN);
    expect(await verdict(remembered)).toBe('ok');
  });

  it('is used while its server hangs, once the time for an answer is over', async () => {
    const { server, verdict } = await withKeySet();
    server.answer(hang());
    vi.advanceTimersByTime(MAX_AGE + SECOND);
    const code = verdict(server.token(FIRST, LONG));
    await server.platform.keys.arrived(2);
    vi.advanceTimersByTime(5 * SECOND);
    expect(await code).toBe('ok');
    // The failure is cooled down: the next caller does not wait.
    expect(await verdict(server.token(FIRST, LONG))).toBe('ok');
    expect(server.count()).toBe(2);
  });

  it('is not asked for more often than the cooldown allows while its server fails', async () => {
    const { server, verdict } = await withKeySet();
    server.answer(json({}, 503));
    vi.advanceTimersByTime(MAX_AGE);
    const jwt = server.token(FIRST, LONG);
    for (let second = 0; second < 1_200; second += 1) {
      vi.advanceTimersByTime(SECOND);
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      expect(await verdict(jwt)).toBe('ok');
      // oxlint-disable-next-line no-await-in-loop -- the background needs its time
      await settle(20);
    }
    // Pauses of 15 to 30 s after the first three.
    expect(server.count()).toBeLessThanOrEqual(1 + 4 + 1_200 / 15);
    expect(server.count()).toBeGreaterThanOrEqual(1 + 1_200 / 31);
  });

  it.each<[string, Answer]>([
    ['an empty key set', json({ keys: [] })],
    ['a page with status 200', html('<html>maintenance</html>')],
    ['a status 404', json({ error: 'not_found' }, 404)],
    ['half an answer', truncated('{"keys":[')],
  ])('is not wiped out by %s', async (_, answer) => {
    const { server, verdict } = await withKeySet();
    server.answer(answer);
    // By way of an unknown key, …
    expect(await verdict(server.token(SECOND_KEY, LONG))).not.toBe('ok');
    expect(await verdict(server.token(FIRST, LONG))).toBe('ok');
    // … in the background, and when it is too old.
    for (const later of [MAX_AGE - SECOND, 2 * SECOND, MINUTE]) {
      vi.advanceTimersByTime(later);
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      expect(await verdict(server.token(FIRST, LONG))).toBe('ok');
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      await settle();
    }
    expect(server.count()).toBeGreaterThanOrEqual(3);
  });
});

describe('an unknown key id', () => {
  it('makes the set be read anew at once after the first load: a rotation is picked up', async () => {
    const { server, verdict } = await withKeySet();
    server.publish([FIRST, SECOND_KEY]);
    expect(await verdict(server.token(SECOND_KEY))).toBe('ok');
    expect(server.count()).toBe(2);
  });

  it('does so not twice for one load: a set just read is the newest there is', async () => {
    const { server, verdict } = await verifierLab([FIRST]);
    expect(await verdict(server.token(SECOND_KEY))).toBe('token_signature');
    expect(server.count()).toBe(1);
  });

  it('does so once in 5 s; in between nothing is known about it', async () => {
    const { server, verdict } = await withKeySet();
    const verdicts: string[] = [];
    for (let step = 0; step < 120; step += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      verdicts.push(await verdict(server.forged(`invented-${step}`, LONG)));
      vi.advanceTimersByTime(500);
    }
    const cycle = ['token_signature', ...Array<string>(9).fill('key_set_unavailable')];
    expect(verdicts).toEqual(Array.from({ length: 12 }, () => cycle).flat());
    expect(server.count()).toBe(1 + 12);
  });

  it(`does so once for ${CROWD} simultaneous ones`, async () => {
    const { server, verdict } = await withKeySet();
    const verdicts = Array.from({ length: CROWD }, (_, index) => verdict(server.forged(`invented-${index}`)));
    expect(new Set(await Promise.all(verdicts))).toEqual(new Set(['token_signature']));
    expect(server.count()).toBe(2);
  });

  it('picks up a second rotation, within keySetCooldownMs where that is less than 5 s', async () => {
    const { server, verdict } = await withKeySet({ verification: { keySetCooldownMs: 3_000 } });
    server.publish([FIRST, SECOND_KEY]);
    expect(await verdict(server.forged('invented'))).toBe('token_signature');
    server.publish([SECOND_KEY, THIRD]);
    vi.advanceTimersByTime(2_999);
    expect(await verdict(server.token(THIRD))).toBe('key_set_unavailable');
    expect(server.count()).toBe(2);
    vi.advanceTimersByTime(1);
    expect(await verdict(server.token(THIRD))).toBe('ok');
    expect(server.count()).toBe(3);
  });

  it('picks up one rotation after the other at once: a read that a verified token follows does not count', async () => {
    const { server, verdict } = await withKeySet();
    server.publish([FIRST, SECOND_KEY]);
    expect(await verdict(server.token(SECOND_KEY))).toBe('ok');
    server.publish([SECOND_KEY, THIRD]);
    vi.advanceTimersByTime(SECOND);
    expect(await verdict(server.token(THIRD))).toBe('ok');
    expect(server.count()).toBe(3);
  });

  it('is not held up by readings that no unknown key caused', async () => {
    const { server, verdict } = await withKeySet({ verification: { keySetMaxAgeMs: 10 * SECOND } });
    expect(await verdict(server.forged('invented', LONG))).toBe('token_signature');
    for (let step = 0; step < 3; step += 1) {
      vi.advanceTimersByTime(9 * SECOND);
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      expect(await verdict(server.token(FIRST, LONG))).toBe('ok');
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      await settle();
    }
    server.publish([FIRST, SECOND_KEY]);
    // 30 s after the first unknown id, 3 s after the last reading.
    vi.advanceTimersByTime(3 * SECOND);
    expect(await verdict(server.token(SECOND_KEY, LONG))).toBe('ok');
  });

  it.each([5_000, 5_100, 5_900, 7_300, 12_900])(
    'is accepted from a genuine user within 6 s, and until then 503 material, while invented ones come: %i ms later',
    async (rotatedAfterMs) => {
      const { server, verdict } = await withKeySet();
      const verdicts: string[] = [];
      const rotatedAt = Date.now() + rotatedAfterMs;
      for (let step = 0; step < 400 && !verdicts.includes('ok'); step += 1) {
        if (Date.now() === rotatedAt) server.publish([FIRST, SECOND_KEY]);
        // oxlint-disable-next-line no-await-in-loop -- one moment after the other
        await verdict(server.forged(`invented-${step}`, LONG));
        // oxlint-disable-next-line no-await-in-loop -- one moment after the other
        if (Date.now() >= rotatedAt) verdicts.push(await verdict(server.token(SECOND_KEY, LONG)));
        vi.advanceTimersByTime(100);
      }
      expect(new Set(verdicts.slice(0, -1)).has('token_signature')).toBe(false);
      expect(verdicts.length).toBeLessThanOrEqual(60);
      expect(verdicts.at(-1)).toBe('ok');
    },
  );

  it('is undecided where it is published just after a read that lacked it, whichever id was looked for', async () => {
    const { server, verdict } = await withKeySet();
    expect(await verdict(server.forged(SECOND_KEY.kid, LONG))).toBe('token_signature');
    server.publish([FIRST, SECOND_KEY]);
    const jwt = server.token(SECOND_KEY, LONG);
    expect(await verdict(jwt)).toBe('key_set_unavailable');
    vi.advanceTimersByTime(5 * SECOND);
    expect(await verdict(jwt)).toBe('ok');
    expect(server.count()).toBe(3);
  });

  it('is undecided for a token that came while a slow server was answering', async () => {
    const { server, verdict } = await withKeySet();
    const release = server.platform.keys.hold();
    const first = verdict(server.forged('invented', LONG));
    await server.platform.keys.arrived(2);
    vi.advanceTimersByTime(200);
    const second = verdict(server.token(SECOND_KEY, LONG));
    await settle();
    release();
    expect([await first, await second]).toEqual(['token_signature', 'key_set_unavailable']);
  });

  it('is ruled out for the very token that was ruled out within the last 5 s', async () => {
    const { server, verdict } = await withKeySet();
    const jwt = server.forged('invented', LONG);
    for (let ms = 0; ms < 5 * SECOND; ms += 500) {
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      expect(await verdict(jwt)).toBe('token_signature');
      vi.advanceTimersByTime(500);
    }
    expect(server.count()).toBe(2);
    expect(await verdict(jwt)).toBe('token_signature');
    expect(server.count()).toBe(3);
  });

  it('of which nothing could be learned leaves others alone, and is 503 material itself', async () => {
    const { server, verdict } = await withKeySet();
    server.answer(json({}, 500));
    expect(await verdict(server.token(SECOND_KEY))).toBe('key_set_unavailable');
    expect(await verdict(server.token(SECOND_KEY))).toBe('key_set_unavailable');
    expect(await verdict(server.token(FIRST))).toBe('ok');
    expect(server.count()).toBe(2);
  });
});

describe('in a key set', () => {
  it.each([
    ['first', [FIRST, SECOND_KEY, THIRD]],
    ['in the middle', [SECOND_KEY, FIRST, THIRD]],
    ['last', [SECOND_KEY, THIRD, FIRST]],
  ])('the signing key may stand %s', async (_, keys) => {
    const { server, verdict } = await verifierLab(keys);
    expect(await verdict(server.token(FIRST))).toBe('ok');
    expect(await verdict(lie(server.token(FIRST), server.token(SECOND_KEY)))).toBe('token_signature');
  });

  it.each([
    ['no leading zero byte', withoutLeadingZeros(FIRST.entry['n'])],
    ['one leading zero byte', FIRST.entry['n']],
    ['two leading zero bytes', withLeadingZeros(withoutLeadingZeros(FIRST.entry['n']), 2)],
  ])('a modulus may have %s', async (_, n) => {
    const { server, verdict } = await verifierLab([]);
    server.publish([{ ...FIRST.entry, n }]);
    expect(await verdict(server.token(FIRST))).toBe('ok');
  });

  const { n, e, kty, kid, value } = SECOND_KEY.entry;
  const odd: [string, readonly (Record<string, unknown> | null)[]][] = [
    ['has no n', [{ kty, kid, e, use: 'sig', alg: 'RS256' }]],
    ['has no e', [{ kty, kid, n, use: 'sig', alg: 'RS256' }]],
    ['has only a PEM', [{ kty, kid, use: 'sig', alg: 'RS256', value }]],
    ['has an n that is no number', [{ ...SECOND_KEY.entry, n: '!!!' }]],
    ['has an n of another type', [{ ...SECOND_KEY.entry, n: 12345 }]],
    ['has an empty n', [{ ...SECOND_KEY.entry, n: '' }]],
    ['has a modulus of 512 bits', [{ ...SECOND_KEY.entry, n: String(n).slice(0, 86) }]],
    ['has the exponent 1', [{ ...SECOND_KEY.entry, e: 'AQ' }]],
    ['has an even exponent', [{ ...SECOND_KEY.entry, e: 'AQAC' }]],
    ['has the exponent 0', [{ ...SECOND_KEY.entry, e: 'AAAA' }]],
    ['has an exponent of another type', [{ ...SECOND_KEY.entry, e: 65_537 }]],
    ['is for encryption', [{ ...SECOND_KEY.entry, use: 'enc' }]],
    ['is for another algorithm', [{ ...SECOND_KEY.entry, alg: 'RS512' }]],
    ['is for PSS', [{ ...SECOND_KEY.entry, alg: 'PS256' }]],
    [
      'is an EC key',
      [
        {
          kty: 'EC',
          crv: 'P-256',
          x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
          y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
          kid,
        },
      ],
    ],
    ['is a shared secret', [{ kty: 'oct', k: 'AAAA', kid, alg: 'HS256' }]],
    ['has a kty nobody knows', [{ kty: 'XYZ', kid }]],
    ['has a kty of another type', [{ ...SECOND_KEY.entry, kty: ['RSA'] }]],
    ['stands there twice', [SECOND_KEY.entry, SECOND_KEY.entry]],
    ['stands there twice, with different keys', [SECOND_KEY.entry, { ...THIRD.entry, kid }]],
    ['stands there twice, once as an odd one', [{ kty: 'EC', kid }, SECOND_KEY.entry]],
    ['has no id', [{ ...SECOND_KEY.entry, kid: undefined }]],
    ['has an id of another type', [{ ...SECOND_KEY.entry, kid: { toString: 'key-id-2' } }]],
    ['is null', [null]],
    ['is an empty object', [{}]],
  ];
  it.each(odd)('a key that %s harms only tokens that name it', async (_, entries) => {
    const { server, verdict } = await verifierLab([]);
    for (const set of [
      [...entries, FIRST],
      [FIRST, ...entries],
    ]) {
      server.publish(set);
      // oxlint-disable-next-line no-await-in-loop -- one set after the other
      expect(await verdict(server.token(SECOND_KEY))).toBe('token_signature');
      // oxlint-disable-next-line no-await-in-loop -- one set after the other
      expect(await verdict(server.token(FIRST))).toBe('ok');
    }
  });

  it('entries that are no objects at all harm nobody', async () => {
    const { server, verdict } = await verifierLab([]);
    server.answer(json({ keys: [null, 1, 'key-id-1', true, [FIRST.entry], FIRST.entry, [], null] }));
    expect(await verdict(server.token(FIRST))).toBe('ok');
  });

  it('a key without use and alg is a key to verify with', async () => {
    const { server, verdict } = await verifierLab([]);
    server.publish([{ kty, kid, n, e }]);
    expect(await verdict(server.token(SECOND_KEY))).toBe('ok');
  });

  it('ids such as __proto__ are ids like others', async () => {
    const [proto, ctor] = [testKey('__proto__', 0), testKey('constructor', 1)];
    const { server, verdict } = await verifierLab([FIRST]);
    for (const key of [proto, ctor]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await verdict(server.token(key))).toBe('token_signature');
    }
    const other = await verifierLab([proto, ctor]);
    for (const key of [proto, ctor]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await other.verdict(other.server.token(key))).toBe('ok');
    }
  });
});

/** The first token under the signature of the second. */
function lie(token: string, other: string): string {
  return `${token.slice(0, token.lastIndexOf('.'))}${other.slice(other.lastIndexOf('.'))}`;
}

describe('key sets of several issuers', () => {
  it('are kept apart: the same id is another key there', async () => {
    const [ofAcme, ofGlobex] = [testKey('key-id-1', 0), testKey('key-id-1', 1)];
    const { server, verdict } = await verifierLab([]);
    server.publish([ofAcme], 'acme');
    server.publish([ofGlobex], 'globex');
    expect(await verdict(server.token(ofAcme, { ten: 'acme' }))).toBe('ok');
    expect(await verdict(server.token(ofGlobex, { ten: 'globex' }))).toBe('ok');
    expect(await verdict(server.token(ofGlobex, { ten: 'acme' }))).toBe('token_signature');
    expect(await verdict(server.token(ofAcme, { ten: 'globex' }))).toBe('token_signature');
    expect(server.asked).toEqual(['acme', 'globex']);
  });

  it("are read from the issuer's server, whatever tenant the token is for", async () => {
    const { server, verify } = await verifierLab([]);
    server.publish([FIRST], 'host1');
    const user = await verify(server.token(FIRST, { ten: 'customer', iss: server.platform.issuerOf('host1') }));
    expect(user.tenant).toBe('customer');
    expect(server.asked).toEqual(['host1']);
  });

  it('are one set with keySetTenant', async () => {
    const { server, verdict } = await verifierLab([SECOND_KEY], { verification: { keySetTenant: 'core' } });
    server.publish([FIRST], 'core');
    expect(await verdict(server.token(FIRST, { ten: 'acme' }))).toBe('ok');
    expect(await verdict(server.token(FIRST, { ten: 'globex' }))).toBe('ok');
    expect(await verdict(server.token(SECOND_KEY, { ten: 'globex' }))).toBe('token_signature');
    expect(new Set(server.asked)).toEqual(new Set(['core']));
  });

  it('are read only of the issuers in the option of that name', async () => {
    const { server, verdict } = await verifierLab([FIRST], { verification: { issuers: ['acme', 'provider'] } });
    expect(await verdict(server.token(FIRST, { ten: 'globex' }))).toBe('token_issuer');
    expect(server.count()).toBe(0);
    expect(await verdict(server.token(FIRST, { ten: 'acme' }))).toBe('ok');
    const iss = server.platform.issuerOf('provider');
    expect(await verdict(server.token(FIRST, { ten: 'globex', iss }))).toBe('ok');
    expect(server.asked).toEqual(['acme', 'provider']);
  });

  it('are read from the OAuth server, where iss is written by another template', async () => {
    const issuerUrl = 'https://{tenant}.piam.example.com/oauth/token';
    const { server, verdict } = await verifierLab([FIRST], { verification: { issuerUrl } });
    expect(await verdict(server.token(FIRST, { iss: 'https://acme.piam.example.com/oauth/token' }))).toBe('ok');
    expect(await verdict(server.token(FIRST))).toBe('token_issuer');
    expect(server.asked).toEqual(['acme']);
  });
});

describe('when the module is destroyed', () => {
  it('a reading on its way is given up, and those who wait get an error', async () => {
    const { server, verifier, verdict } = await verifierLab([FIRST]);
    server.answer(hang());
    const code = verdict(server.token(FIRST));
    await server.platform.keys.arrived();
    verifier.onApplicationShutdown();
    expect(['module_destroyed', 'key_set_unavailable']).toContain(await code);
    await server.platform.keys.only.over;
    expect(await verdict(server.token(FIRST))).toBe('module_destroyed');
    expect(server.count()).toBe(1);
  });
});

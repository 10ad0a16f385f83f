import type { UserToken } from 'nestjs-mindsphere-credentials';
import { concat, EMPTY, NEVER, of, throwError } from 'rxjs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { RememberedTokens } from '../../lib/verification/remembered-tokens.js';
import { failureOf, fakeTime, forbidden, until } from '../support/application.js';
import { KeyServer, settle, testKey } from '../support/key-server.js';
import { verdictOf, verifierAt, verifierLab } from '../support/key-server-verifier.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const MAX_AGE = 10 * MINUTE;
const MOST_BYTES = 32 * 1_024 * 1_024;

const FIRST = testKey('key-id-1', 0);
const SECOND_KEY = testKey('key-id-2', 1);

/** Counts RSA checks from here on. */
function watchChecks(): { readonly count: number } {
  const verify = vi.spyOn(globalThis.crypto.subtle, 'verify');
  onTestFinished(() => verify.mockRestore());
  return {
    get count() {
      return verify.mock.calls.length;
    },
  };
}

describe('a token verified before', () => {
  it('is verified again without an RSA check and without a request, as the same user', async () => {
    const { server, verify } = await verifierLab([FIRST]);
    const checks = watchChecks();
    const jwt = server.token(FIRST);
    const user = await verify(jwt);
    expect(checks.count).toBe(1);
    for (let again = 0; again < 100; again += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await verify(jwt.split('.').join('.'))).toBe(user);
    }
    expect({ checks: checks.count, requests: server.count() }).toEqual({ checks: 1, requests: 1 });
  });

  it('is answered in the very call, while its first verification takes a while', async () => {
    const { server, verifier, verify } = await verifierLab([FIRST]);
    const jwt = server.token(FIRST);
    const events: string[] = [];
    const watch = () =>
      verifier.verify(jwt).subscribe({ next: () => events.push('next'), complete: () => events.push('complete') });
    watch();
    expect(events).toEqual([]);
    await verify(jwt);
    // The first one has a check of its own, which must not outlive the application.
    await until(() => events.length === 2);
    events.length = 0;
    watch();
    expect(events).toEqual(['next', 'complete']);
  });

  it('is remembered by its own registration alone', async () => {
    const { server, verify } = await verifierLab([FIRST]);
    const other = await verifierAt(server, { verification: { allowedTenants: ['globex'] } });
    const jwt = server.token(FIRST);
    await verify(jwt);
    expect(await verdictOf(other, jwt)).toBe('token_tenant');
  });

  it('that was refused is judged anew each time', async () => {
    const { server, verdict } = await verifierLab([FIRST]);
    const checks = watchChecks();
    const jwt = server.forged(FIRST.kid);
    expect([await verdict(jwt), await verdict(jwt)]).toEqual(['token_signature', 'token_signature']);
    expect(checks.count).toBe(2);
  });
});

describe('a remembered token is dropped', () => {
  it.each([
    [undefined, 30_000],
    [0, 0],
    [5_000, 5_000],
  ])('at exp plus the tolerance (%s)', async (clockToleranceMs, tolerance) => {
    const { server, verdict } = await verifierLab([FIRST], { verification: { clockToleranceMs } });
    fakeTime();
    const exp = Math.floor(Date.now() / SECOND) + 300;
    const jwt = server.token(FIRST, { exp });
    expect(await verdict(jwt)).toBe('ok');
    const checks = watchChecks();
    vi.setSystemTime(exp * SECOND + tolerance - 1);
    expect(await verdict(jwt)).toBe('ok');
    expect(checks.count).toBe(0);
    vi.setSystemTime(exp * SECOND + tolerance);
    expect(await verdict(jwt)).toBe('token_expired');
  });

  it.each<[string, (server: KeyServer) => void]>([
    ['leaves the set', (server) => server.publish([SECOND_KEY])],
    ['is replaced by another one of the same id', (server) => server.publish([testKey(FIRST.kid, 1), SECOND_KEY])],
    ['becomes a key for encryption', (server) => server.publish([{ ...FIRST.entry, use: 'enc' }, SECOND_KEY])],
    ['stands there twice', (server) => server.publish([FIRST, testKey(FIRST.kid, 1), SECOND_KEY])],
  ])('when its key %s', async (_, change) => {
    const { server, verdict } = await verifierLab([FIRST, SECOND_KEY]);
    fakeTime();
    const exp = Math.floor(Date.now() / SECOND) + 3_600;
    const [jwt, other] = [server.token(FIRST, { exp }), server.token(SECOND_KEY, { exp })];
    expect([await verdict(jwt), await verdict(other)]).toEqual(['ok', 'ok']);
    change(server);
    // What is remembered makes the set be read in the background; then it counts.
    vi.advanceTimersByTime(MAX_AGE - SECOND);
    expect(await verdict(jwt)).toBe('ok');
    await server.platform.keys.arrived(2);
    await server.platform.keys.requests[1]!.over;
    await settle();
    expect(await verdict(jwt)).toBe('token_signature');
    const checks = watchChecks();
    expect(await verdict(other)).toBe('ok');
    expect(checks.count).toBe(0);
  });

  it('when another token shows that its key has left the set', async () => {
    const { server, verdict } = await verifierLab([FIRST]);
    const jwt = server.token(FIRST);
    expect(await verdict(jwt)).toBe('ok');
    server.publish([SECOND_KEY]);
    expect(await verdict(server.token(SECOND_KEY))).toBe('ok');
    expect(await verdict(jwt)).toBe('token_signature');
  });

  it('not when the set was read anew and its key stayed', async () => {
    const { server, verdict } = await verifierLab([FIRST]);
    const jwt = server.token(FIRST);
    expect(await verdict(jwt)).toBe('ok');
    server.publish([SECOND_KEY, { ...FIRST.entry }]);
    expect(await verdict(server.token(SECOND_KEY))).toBe('ok');
    const checks = watchChecks();
    expect(await verdict(jwt)).toBe('ok');
    expect(checks.count).toBe(0);
  });

  it('not when the key set of another issuer changes', async () => {
    const { server, verdict } = await verifierLab([FIRST]);
    const [acme, globex] = [server.token(FIRST), server.token(FIRST, { ten: 'globex' })];
    expect([await verdict(acme), await verdict(globex)]).toEqual(['ok', 'ok']);
    server.publish([SECOND_KEY], 'globex');
    expect(await verdict(server.token(SECOND_KEY, { ten: 'globex' }))).toBe('ok');
    expect([await verdict(acme), await verdict(globex)]).toEqual(['ok', 'token_signature']);
  });

  it('when the module is destroyed', async () => {
    const { server, verifier, verdict } = await verifierLab([FIRST]);
    const jwt = server.token(FIRST);
    await verdict(jwt);
    verifier.onApplicationShutdown();
    expect(await verdict(jwt)).toBe('module_destroyed');
  });
});

describe('remembered tokens are bounded', () => {
  it('by maxVerifiedTokens: the one not used for longest is forgotten', async () => {
    const { server, verdict } = await verifierLab([FIRST], { cache: { maxVerifiedTokens: 3 } });
    const [a, b, c, d] = Array.from({ length: 4 }, () => server.token(FIRST)) as [string, string, string, string];
    for (const jwt of [a, b, c, a, d]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await verdict(jwt)).toBe('ok');
    }
    const checks = watchChecks();
    for (const jwt of [a, c, d]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await verdict(jwt);
    }
    expect(checks.count).toBe(0);
    expect(await verdict(b)).toBe('ok');
    expect(checks.count).toBe(1);
  });

  it('by 32 MiB, of which their claims take the most', () => {
    const remembered = new RememberedTokens<{ token: { value: string; claimCount: number } }>(1_000_000);
    const tokens = Array.from({ length: 3_000 }, (_, n) => ({
      token: {
        value: `${n}.${'x'.repeat(16_000)}.${n}`.padEnd(16_384, `${n}`),
        claimCount: 100,
      },
    }));
    for (const token of tokens) remembered.set(token);
    const kept = tokens.filter((token) => remembered.get(token.token.value) === token);
    const bytes = kept.reduce((sum, { token }) => sum + token.value.length, 0);
    expect(kept).toEqual(tokens.slice(-kept.length));
    expect(bytes).toBeLessThanOrEqual(MOST_BYTES / 2);
    expect(bytes).toBeGreaterThan(MOST_BYTES / 10);
  });
});

describe('claims of many small values', () => {
  it('count for what they take, not for how short they are written', () => {
    const remembered = new RememberedTokens<{ token: { value: string; claimCount: number } }>(1_000_000);
    const tokens = Array.from({ length: 1_000 }, (_, n) => ({
      token: { value: `${n}`.padStart(8_000, 'x'), claimCount: 3_500 },
    }));
    for (const token of tokens) remembered.set(token);
    const kept = tokens.filter((token) => remembered.get(token.token.value) === token);
    expect(kept.length).toBeGreaterThan(50);
    expect(kept.length * 3_500 * 64).toBeLessThanOrEqual(MOST_BYTES);
  });
});

describe('two tokens with the same tail', () => {
  it('are never confused: the one that was not verified is judged by itself', async () => {
    const { server, verify, verdict } = await verifierLab([FIRST]);
    const jwt = server.token(FIRST);
    const user = await verify(jwt);
    const [header, , signature] = jwt.split('.');
    const otherPayload = server.token(FIRST, { user_name: 'eve' }).split('.')[1];
    const signatureOfOthers = `${'A'.repeat(signature!.length - 43)}${signature!.slice(-43)}`;
    for (const forged of [
      `${header}.${otherPayload}.${signature}`,
      jwt.slice(0, -signature!.length) + signatureOfOthers,
      `x${jwt}`,
      jwt.slice(1),
      jwt.slice(-43),
      `${header}.${signature}`,
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await verdict(forged)).toMatch(/^token_(signature|malformed)$/);
    }
    // Nor does the forged one push the other out.
    const checks = watchChecks();
    expect(await verify(jwt)).toBe(user);
    expect(checks.count).toBe(0);
  });

  it('both genuine, each keep their own user', () => {
    const remembered = new RememberedTokens<{ token: { value: string; claimCount: number } }>(10);
    const tail = 's'.repeat(43);
    const [a, b] = [
      { token: { value: `a.a.${tail}`, claimCount: 1 } },
      { token: { value: `b.b.${tail}`, claimCount: 1 } },
    ];
    remembered.set(a);
    expect(remembered.get(b.token.value)).toBeUndefined();
    remembered.set(b);
    expect(remembered.get(b.token.value)).toBe(b);
    expect([a, undefined]).toContain(remembered.get(a.token.value));
    remembered.delete(b);
    expect(remembered.get(b.token.value)).toBeUndefined();
  });
});

describe('what is no text', () => {
  it.each([undefined, null, 7, {}, ['x'], ''])('is malformed: %o', async (jwt) => {
    const { verdict } = await verifierLab([FIRST]);
    expect(await verdict(forbidden(jwt))).toBe('token_malformed');
  });
});

describe('what clients send by mistake in place of a token', () => {
  it.each([
    ['Bearer a.b.c', 'it begins with the word Bearer once more'],
    ['"a.b.c"', 'it begins with a quote'],
    ['undefined', 'it is the word undefined'],
    ['null', 'it is the word null'],
  ])('is named: %s', async (jwt, what) => {
    const { verifier } = await verifierLab([FIRST]);
    const { code, message } = await failureOf(verifier.verify(jwt));
    expect([code, message]).toEqual([
      'token_malformed',
      `The user's token is refused: it is not three base64url parts: ${what}.`,
    ]);
  });

  it.each(['a.b', 'opaque', 'bearerless'])('is not guessed: %s', async (jwt) => {
    const { verifier } = await verifierLab([FIRST]);
    expect((await failureOf(verifier.verify(jwt))).message).toBe(
      "The user's token is refused: it is not three base64url parts.",
    );
  });
});

describe('allowedTenants as a function', () => {
  const answers: [string, (answer: boolean) => unknown][] = [
    ['a boolean', (answer) => answer],
    ['a promise', (answer) => Promise.resolve(answer)],
    ['an Observable', (answer) => of(answer)],
    ['an Observable that never completes', (answer) => concat(of(answer), NEVER)],
  ];

  it.each(answers)('counts on every call, also for a remembered token: %s', async (_, give) => {
    let allowed = true;
    const rule = vi.fn<(tenant: string, platform: string) => boolean>(() => forbidden<boolean>(give(allowed)));
    const { server, verdict } = await verifierLab([FIRST], { verification: { allowedTenants: rule } });
    const jwt = server.token(FIRST);
    const checks = watchChecks();
    expect(await verdict(jwt)).toBe('ok');
    allowed = false;
    expect(await verdict(jwt)).toBe('token_tenant');
    allowed = true;
    expect(await verdict(jwt)).toBe('ok');
    expect(rule.mock.calls).toEqual(Array.from({ length: 3 }, () => ['acme', 'mindsphere']));
    expect(checks.count).toBe(1);
  });

  it('is not asked about a tenant that nobody has vouched for', async () => {
    const rule = vi.fn<() => boolean>(() => true);
    const { server, verdict } = await verifierLab([FIRST], { verification: { allowedTenants: rule } });
    expect(await verdict(server.forged(FIRST.kid))).toBe('token_signature');
    expect(rule).not.toHaveBeenCalled();
  });

  it('remembers the token whatever the rule says: it is asked, but RSA is not', async () => {
    const { server, verdict } = await verifierLab([FIRST], { verification: { allowedTenants: () => false } });
    const checks = watchChecks();
    const jwt = server.token(FIRST);
    expect([await verdict(jwt), await verdict(jwt)]).toEqual(['token_tenant', 'token_tenant']);
    expect(checks.count).toBe(1);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('secret of the rule');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret of the rule'))],
    ['fails', () => throwError(() => new Error('secret of the rule'))],
    ['says nothing', () => EMPTY],
    ['returns undefined', () => undefined],
    ['returns 1', () => 1],
    ["returns 'true'", () => 'true'],
    ['promises an object', () => Promise.resolve({})],
  ])('is a no where it %s', async (_, rule) => {
    const { server, verifier } = await verifierLab([FIRST], {
      verification: { allowedTenants: forbidden<() => boolean>(rule) },
    });
    const jwt = server.token(FIRST);
    for (let call = 0; call < 2; call += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const failure = await failureOf(verifier.verify(jwt));
      expect(failure.code).toBe('token_tenant');
      expect(failure.message).not.toContain('secret');
    }
  });

  it('is a no where it gives no answer within request.deadlineMs', async () => {
    const rule = vi.fn<() => typeof NEVER>(() => NEVER);
    const { server, verdict } = await verifierLab([FIRST], {
      request: { deadlineMs: 3_000 },
      verification: { allowedTenants: rule },
    });
    fakeTime();
    const seen: string[] = [];
    const answer = verdict(server.token(FIRST)).then((code) => seen.push(code));
    await until(() => rule.mock.calls.length === 1);
    vi.advanceTimersByTime(2_999);
    await settle();
    expect(seen).toEqual([]);
    vi.advanceTimersByTime(1);
    await answer;
    expect(seen).toEqual(['token_tenant']);
  });
});

describe('a verified user', () => {
  const nested = { settings: { roles: ['admin', { level: 3 }], empty: null } };

  async function verified(): Promise<{ user: UserToken; jwt: string }> {
    const { server, verify } = await verifierLab([FIRST]);
    const jwt = server.token(FIRST, { ...nested, subtenant: '', __proto__: null });
    return { user: await verify(jwt), jwt };
  }

  it('has claims that are frozen deeply', async () => {
    const { user } = await verified();
    const held: unknown[] = [user.claims];
    const loose: unknown[] = [];
    for (let value = held.pop(); value !== undefined; value = held.pop()) {
      if (!Object.isFrozen(value)) loose.push(value);
      held.push(...Object.values(value as object).filter((inner) => typeof inner === 'object' && inner !== null));
    }
    expect(loose).toEqual([]);
    expect(user.claims['settings']).toEqual(nested.settings);
    expect(() => forbidden<{ roles: string[] }>(user.claims['settings']).roles.push('x')).toThrow(TypeError);
  });

  it('cannot be changed for the next one who asks', async () => {
    const { user } = await verified();
    const date = user.expiresAt!;
    const time = date.getTime();
    date.setTime(0);
    expect(user.expiresAt!.getTime()).toBe(time);
    expect(user.expiresAt).not.toBe(user.expiresAt);
    expect(() => Object.assign(user, { verified: false })).toThrow(TypeError);
    try {
      forbidden<string[]>(user.scopes).push('myapp.admin');
    } catch {
      // A list that cannot be changed is as good as one that nobody else sees.
    }
    expect(user.hasScopes('myapp.admin')).toBe(false);
  });

  it('shows what the token says, once verified', async () => {
    const { user, jwt } = await verified();
    const { value, verified: isVerified, tenant, subtenant, hostTenant, clientId, userName, email, scopes } = user;
    expect({ value, isVerified, tenant, subtenant, hostTenant, clientId, userName, email, scopes }).toEqual({
      value: jwt,
      isVerified: true,
      tenant: 'acme',
      subtenant: undefined,
      hostTenant: 'host1',
      clientId: 'myapp-host1',
      userName: 'ann@acme',
      email: 'ann@example.com',
      scopes: ['myapp.user'],
    });
    expect(user.hasScopes('myapp.user')).toBe(true);
    expect(user.hasScopes('myapp.user', 'myapp.admin')).toBe(false);
    expect(user.expiresAt!.getTime()).toBe(Number(user.claims['exp']) * SECOND);
  });
});

import { AsyncLocalStorage } from 'node:async_hooks';
import { firstValueFrom, NEVER, of, Subject, throwError } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TenantNames as NameRule } from '../../lib/config/resolved-options.interface.js';
import { resolveOptions } from '../../lib/config/resolve-options.js';
import { PLATFORMS } from '../../lib/platform/platforms.js';
import { Reporter } from '../../lib/telemetry/reporter.js';
import { TenantNames } from '../../lib/users/tenant-names.js';
import type { VerifiedToken } from '../../lib/verification/verified-token.js';

const DEADLINE_MS = 2_000;
const TENANT = '1000000351';

function lab(tenantName?: NameRule) {
  const lines: string[] = [];
  const { request, platforms } = resolveOptions({ request: { deadlineMs: DEADLINE_MS } });
  const names = new TenantNames(
    {
      request,
      platforms: [{ ...platforms[0], rules: PLATFORMS.xcelerator, users: { tenantName, clientIdsSetting: '' } }],
    },
    new Reporter(undefined, { log: () => undefined, warn: (line: string) => void lines.push(line) }),
  );
  const nameOf = (tenant = TENANT, value = 'a.b.c', platform = 'xcelerator') =>
    firstValueFrom(names.of({ value, platform, tenant } as VerifiedToken));
  return { names, nameOf, lines };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the name of a tenant', () => {
  it('is undefined without the option', async () => {
    const { nameOf, lines } = lab();
    expect([await nameOf(), lines]).toEqual([undefined, []]);
  });

  it('is that of a map, of its own entries only', async () => {
    const { nameOf, lines } = lab({ [TENANT]: 'acme', empty: '' });
    expect(await Promise.all([nameOf(), nameOf('1000000352'), nameOf('constructor'), nameOf('empty')])).toEqual([
      'acme',
      undefined,
      undefined,
      undefined,
    ]);
    expect(lines).toEqual([]);
  });

  it('is undefined on another platform, whose map it is not', async () => {
    const { nameOf } = lab({ [TENANT]: 'acme' });
    expect(await nameOf(TENANT, 'a.b.c', 'mindsphere')).toBeUndefined();
  });

  it.each([
    ['a value', () => 'acme', 'acme'],
    ['a promise', async () => 'acme', 'acme'],
    ['an Observable, its first value', () => of('acme', 'other'), 'acme'],
    ['undefined', () => undefined, undefined],
    ['an empty string', () => '', undefined],
    ['an empty Observable', () => of(), undefined],
  ])('is what a function gives: %s', async (_, rule, expected) => {
    const { nameOf, lines } = lab(rule);
    expect([await nameOf(), lines]).toEqual([expected, []]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
      'failed',
    ],
    ['rejects', () => Promise.reject(new Error('secret')), 'failed'],
    ['gives an error', () => throwError(() => new Error('secret')), 'failed'],
    ['gives a number', () => 7, 'did not return a string'],
  ])('is none where a function %s, with one log line without a word of it', async (_, rule, what) => {
    const { nameOf, lines } = lab(rule as NameRule);
    expect(await nameOf()).toBeUndefined();
    expect(lines).toEqual([
      `The function tenantName ${what} for tenant ${TENANT}: the name in the token is used, if it has one.`,
    ]);
  });

  it.each([
    ['a promise', () => new Promise<string>(() => undefined)],
    ['an Observable', () => NEVER],
  ])('is none where %s is late, after request.deadlineMs', async (_, rule) => {
    const { nameOf, lines } = lab(rule);
    const found = nameOf();
    await vi.advanceTimersByTimeAsync(DEADLINE_MS - 1);
    expect(lines).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await found).toBeUndefined();
    expect(lines).toEqual([expect.stringContaining(`did not answer within ${DEADLINE_MS} ms for tenant ${TENANT}`)]);
  });

  it('is asked for once per token, however many wait for it', async () => {
    const answers: ((name: string) => void)[] = [];
    const rule = vi.fn<(tenant: string) => Promise<string>>(
      () => new Promise<string>((resolve) => void answers.push(resolve)),
    );
    const { nameOf } = lab(rule);
    const found = [nameOf(), nameOf(), nameOf(TENANT, 'd.e.f')];
    expect(rule.mock.calls).toEqual([[TENANT], [TENANT]]);
    for (const answer of answers) answer('acme');
    expect(await Promise.all(found)).toEqual(['acme', 'acme', 'acme']);
  });

  it('reaches each who waits for it in the asynchronous context of its own', () => {
    const storage = new AsyncLocalStorage<string>();
    const answer = new Subject<string>();
    const { names } = lab(() => answer);
    const contexts: unknown[] = [];
    for (const request of ['first', 'second']) {
      const note = () => void contexts.push(storage.getStore());
      const token = { value: 'a.b.c', platform: 'xcelerator', tenant: TENANT } as VerifiedToken;
      storage.run(request, () => names.of(token).subscribe(note));
    }
    answer.next('acme');
    expect(contexts).toEqual(['first', 'second']);
  });

  it('of many tenants that fail costs ten lines, and one that counts the rest', async () => {
    const { nameOf, lines } = lab(() => Promise.reject(new Error()));
    await Promise.all(Array.from({ length: 100 }, (_, index) => nameOf(`t${index}`, `token${index}`)));
    expect(lines).toHaveLength(10);
    await vi.advanceTimersByTimeAsync(120_000);
    await nameOf('late', 'late');
    expect(lines.slice(10)).toEqual(['90 more names of tenants are missing.', expect.stringContaining('late')]);
  });
});

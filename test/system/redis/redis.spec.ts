import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { APP } from '../../support/application.js';
import { builtLibrary } from '../../support/built-library.js';
import { KEY, NEW_KEY } from '../../support/instances.js';
import { isFullLength } from '../../support/length.js';
import { isRedisInstalled, RedisServer } from '../../support/redis-server.js';
import { hang, StubPlatform } from '../../support/stub-platform.js';
import { InstanceProcess, type ReceivedToken } from './instance-process.js';

/*
 * Real processes and a real Redis. `redis-server` must be installed (Debian: `apt-get install redis-server`); the test
 * starts one of its own. Without it these tests are skipped, and the output says so; with REQUIRE_REDIS=1 they fail.
 */

const PROCESSES = 8;
const TENANTS = 20;
/** A token's life; after half of it, its renewal is due. */
const LIFE_MS = 10_000;
/** How long no more requests come before a period counts as over. */
const QUIET_MS = 1_000;
const PERIODS = 3;
/** Long enough for a machine that is busy with much else. */
const DEADLINE_MS = 60_000;
const TIMEOUT = 120_000;

const isInstalled = isRedisInstalled();
if (!isInstalled)
  process.stderr.write('\nSKIPPED: the tests against a real Redis, because redis-server is missing.\n\n');

it('redis-server is installed where it is required', () => {
  expect(isInstalled || process.env['REQUIRE_REDIS'] !== '1').toBe(true);
});

// Short: clients.spec.ts has a real Redis, test/sharing has instances of one process.
describe.runIf(isFullLength && isInstalled)(`${PROCESSES} processes × ${TENANTS} tenants`, () => {
  let platform: StubPlatform;
  let redis: RedisServer;
  let all: InstanceProcess[] = [];
  let lastPrefix = 0;

  beforeAll(async () => {
    platform = await StubPlatform.start();
    platform.lifeSeconds = LIFE_MS / 1_000;
    redis = await RedisServer.start();
    all = await Promise.all(Array.from({ length: PROCESSES }, startOne));
  }, TIMEOUT);
  beforeEach(() => redis.start());
  afterAll(async () => {
    for (const instance of all) instance.kill();
    await redis.stop();
    await platform.close();
  });

  function startOne(): Promise<InstanceProcess> {
    const request = { timeoutMs: DEADLINE_MS, deadlineMs: DEADLINE_MS };
    const options = { ...platform.urls, app: APP, tenant: false, request };
    return InstanceProcess.start(builtLibrary(), { client: 'redis', port: redis.port }, options);
  }

  /** Tenants that no other test has asked for. */
  function newTenants(): string[] {
    lastPrefix += 1;
    return Array.from({ length: TENANTS }, (_, index) => `t${lastPrefix}x${index}`);
  }

  const registerAll = (name: string, keys: readonly string[], lock?: boolean) =>
    Promise.all(all.map((instance) => instance.register(name, keys, lock)));

  /** Has all processes ask for all tokens at once. */
  async function ask(name: string, tenants: readonly string[], asked = all): Promise<ReceivedToken[]> {
    const received = await Promise.all(asked.map((instance) => instance.tokens(name, tenants)));
    for (const tokens of received) expect(tokens.map(({ tenant }) => tenant)).toEqual(tenants);
    return received.flat();
  }

  /** One period: all ask at once, and what they renew behind the answer is waited for. Requests per tenant, the most. */
  async function period(name: string, tenants: readonly string[]): Promise<number> {
    const before = platform.app.count;
    await ask(name, tenants);
    await quiet(before);
    const counts = new Map<string, number>();
    for (const { body } of platform.app.requests.slice(before)) {
      const { userTenant } = JSON.parse(body.toString()) as { userTenant: string };
      counts.set(userTenant, (counts.get(userTenant) ?? 0) + 1);
    }
    return Math.max(0, ...counts.values());
  }

  /** Until requests have come and no more come, however slow this machine is. */
  async function quiet(before: number): Promise<void> {
    await platform.app.arrived(before + 1);
    for (let last = -1; last !== platform.app.count;) {
      last = platform.app.count;
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      await sleep(QUIET_MS);
    }
  }

  /** Until the tokens of the last period are due for renewal. */
  const nextPeriod = () => sleep(LIFE_MS / 2);

  it.each([
    ['with the lock, at most 2', true, 2],
    [`without a lock, at most ${PROCESSES}`, false, PROCESSES],
  ])('send, %s requests per tenant and period', { timeout: TIMEOUT }, async (name, lock, most) => {
    const tenants = newTenants();
    await registerAll(name, [KEY], lock);
    const counts: number[] = [];
    for (let each = 0; each < PERIODS; each += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one period after the other
      if (each > 0) await nextPeriod();
      // oxlint-disable-next-line no-await-in-loop -- one period after the other
      counts.push(await period(name, tenants));
    }
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...counts)).toBeLessThanOrEqual(most);
  });

  it('have tokens while Redis is stopped, and share them again after its start', { timeout: TIMEOUT }, async () => {
    const tenants = newTenants();
    await registerAll('stopped', [KEY]);
    await period('stopped', tenants);
    await redis.stop();
    await nextPeriod();
    expect(await period('stopped', tenants)).toBeLessThanOrEqual(PROCESSES);
    const cold = await ask('stopped', newTenants());
    expect(Math.max(...cold.map(({ ms }) => ms))).toBeLessThan(DEADLINE_MS);
    await redis.start();
    await nextPeriod();
    // The first looks after the pause find it.
    await period('stopped', newTenants());
    expect(await period('stopped', newTenants())).toBeLessThanOrEqual(2);
  });

  it('have tokens while Redis is frozen, and share them again after that', { timeout: TIMEOUT }, async () => {
    await registerAll('frozen', [KEY]);
    await period('frozen', newTenants());
    redis.freeze();
    const cold = await ask('frozen', newTenants());
    expect(Math.max(...cold.map(({ ms }) => ms))).toBeLessThan(DEADLINE_MS);
    const later = await ask('frozen', newTenants());
    expect(Math.max(...later.map(({ ms }) => ms))).toBeLessThan(DEADLINE_MS);
    redis.thaw();
    await sleep(5_000);
    await period('frozen', newTenants());
    expect(await period('frozen', newTenants())).toBeLessThanOrEqual(2);
  });

  it('accept nothing of a Redis full of garbage', { timeout: TIMEOUT }, async () => {
    const tenants = newTenants();
    await registerAll('garbage', [KEY]);
    await period('garbage', tenants);
    const client = createClient({ url: redis.url });
    await client.connect();
    const keys = await client.keys('mindsphere-credentials:*');
    for (const [index, key] of keys.entries()) {
      const garbage = index % 2 === 0 ? 'garbage' : await client.get(keys[index - 1]!);
      // oxlint-disable-next-line no-await-in-loop -- a hundred keys
      await client.set(key, garbage ?? '', { expiration: { type: 'PX', value: 60_000 } });
    }
    expect(keys.length).toBeGreaterThanOrEqual(TENANTS);
    client.destroy();
    await nextPeriod();
    expect(await period('garbage', tenants)).toBeLessThanOrEqual(2);
    const events = await Promise.all(all.map((instance) => instance.events('garbage')));
    expect(events.flat()).toContain('store_entry_refused');
  });

  it('share tokens while keys rotate', { timeout: TIMEOUT }, async () => {
    const tenants = newTenants();
    const half = PROCESSES / 2;
    const steps: [readonly string[], readonly string[]][] = [
      [[KEY], [KEY, NEW_KEY]],
      [
        [KEY, NEW_KEY],
        [NEW_KEY, KEY],
      ],
      [[NEW_KEY, KEY], [NEW_KEY]],
    ];
    for (const [index, [before, after]] of steps.entries()) {
      const name = `rotation ${index}`;
      const started = all.map((instance, at) => instance.register(name, at < half ? before : after));
      // oxlint-disable-next-line no-await-in-loop -- one step of the rotation after the other
      await Promise.all(started);
      // oxlint-disable-next-line no-await-in-loop -- one step of the rotation after the other
      if (index > 0) await nextPeriod();
      // oxlint-disable-next-line no-await-in-loop -- one step of the rotation after the other
      expect(await period(name, tenants)).toBeLessThanOrEqual(2);
    }
  });

  it(
    'have tokens within the default deadline of 15 s when the one that asks for all is killed',
    { timeout: TIMEOUT },
    async () => {
      const [tenant = ''] = newTenants();
      await Promise.all(all.map((each) => each.register('killed', [KEY], true, {})));
      const holder = await startOne();
      onTestFinished(() => holder.kill());
      await holder.register('killed', [KEY], true, {});
      const before = platform.app.count;
      platform.app.next(hang());
      const lost = holder.tokens('killed', [tenant]).catch((error: Error) => error.message);
      await platform.app.arrived(before + 1);
      holder.kill();
      expect(await lost).toContain('SIGKILL');
      const tokens = await ask('killed', [tenant]);
      expect(Math.max(...tokens.map(({ ms }) => ms))).toBeLessThan(15_000);
      expect(platform.app.count - before).toBeLessThanOrEqual(3);
      expect(new Set(tokens.map(({ value }) => value)).size).toBeLessThanOrEqual(2);
    },
  );
});

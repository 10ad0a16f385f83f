import { setTimeout as sleep } from 'node:timers/promises';
import { Keyv as Keyv5 } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';
import { KeyvTokenStore } from 'nestjs-mindsphere-credentials/keyv';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forbidden } from '../../support/basics.js';
import { isRedisInstalled, RedisServer } from '../../support/redis-server.js';

/** A storage adapter as both versions know it, over a real server: `@keyv/redis` takes Keyv 5 only. */
class RedisAdapter {
  readonly opts = { dialect: 'redis' };
  namespace?: string;
  readonly #client: ReturnType<typeof createClient>;

  constructor(client: ReturnType<typeof createClient>) {
    this.#client = client;
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.#client.get(key)) ?? undefined;
  }

  async set(key: string, value: string, ttlMs: number): Promise<boolean> {
    return (await this.#client.set(key, value, { expiration: { type: 'PX', value: ttlMs } })) === 'OK';
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#client.del(key)) === 1;
  }

  async clear(): Promise<void> {}
  on(): this {
    return this;
  }
}

describe.runIf(isRedisInstalled()).each([
  ['Keyv 5', (store: RedisAdapter) => new Keyv5({ store: forbidden(store), throwOnErrors: true })],
  ['Keyv 6', (store: RedisAdapter) => new Keyv6({ store: forbidden(store) })],
])('KeyvTokenStore with %s and a real Redis', (_, newKeyv) => {
  let redis: RedisServer;
  let client: ReturnType<typeof createClient>;
  let store: KeyvTokenStore;
  beforeAll(async () => {
    redis = await RedisServer.start();
    client = createClient({ url: redis.url, disableOfflineQueue: true });
    await client.on('error', () => undefined).connect();
    store = new KeyvTokenStore(newKeyv(new RedisAdapter(client)));
  });
  afterAll(async () => {
    client.destroy();
    await redis.stop();
  });

  it('keeps a value for its time, also by the clock of the server', async () => {
    await store.set('key', 'value', 300);
    expect(await store.get('key')).toBe('value');
    const [name = ''] = await client.keys('*');
    expect(await client.pTTL(name)).toBeGreaterThan(0);
    await sleep(350);
    expect(await store.get('key')).toBeUndefined();
  });

  it('forgets a value', async () => {
    await store.set('other', 'value', 10_000);
    await store.delete('other');
    expect(await store.get('other')).toBeUndefined();
    expect(await client.keys('*')).toEqual([]);
  });

  it('rejects while the server is down, and works after that', async () => {
    await redis.stop();
    await expect(store.get('key')).rejects.toThrow(/./);
    await expect(store.set('key', 'value', 1_000)).rejects.toThrow(/./);
    await redis.start();
    await expect.poll(() => client.isReady).toBe(true);
    await store.set('key', 'value', 10_000);
    expect(await store.get('key')).toBe('value');
  });
});

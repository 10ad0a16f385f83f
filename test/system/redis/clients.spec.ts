import { setTimeout as sleep } from 'node:timers/promises';
import { Redis as IoRedis6 } from 'ioredis';
import { Redis as IoRedis5 } from 'ioredis5';
import { type RedisLike, RedisTokenStore } from 'nestjs-mindsphere-credentials/redis';
import { createClient as createClient6, createClientPool } from 'redis';
import { createClient as createClient5 } from 'redis5';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forbidden } from '../../support/basics.js';
import { isFullLength } from '../../support/length.js';
import { isRedisInstalled, RedisServer } from '../../support/redis-server.js';

/** A client that is connected, one that is not, and what ends both. */
interface Clients {
  readonly connected: RedisLike;
  readonly closed: RedisLike;
  readonly close: () => void;
}

const ignore = () => undefined;

const CLIENTS: Record<string, (url: string) => Promise<Clients>> = {
  'redis 6': async (url) => {
    const connected = createClient6({ url });
    await connected.on('error', ignore).connect();
    return { connected, closed: createClient6({ url }), close: () => connected.destroy() };
  },
  'a pool of redis 6': async (url) => {
    const connected = createClientPool({ url });
    await connected.on('error', ignore).connect();
    return { connected, closed: createClient6({ url }), close: () => connected.destroy() };
  },
  'redis 5': async (url) => {
    const connected = createClient5({ url });
    await connected.on('error', ignore).connect();
    return { connected, closed: createClient5({ url }), close: () => connected.destroy() };
  },
  'ioredis 6': async (url) => {
    const [connected, closed] = [new IoRedis6(url), new IoRedis6(url, { lazyConnect: true })];
    await closed.quit();
    await connected.ping();
    return { connected, closed, close: () => connected.disconnect() };
  },
  'ioredis 5': async (url) => {
    const [connected, closed] = [new IoRedis5(url), new IoRedis5(url, { lazyConnect: true })];
    await closed.quit();
    await connected.ping();
    return { connected, closed, close: () => connected.disconnect() };
  },
  'ioredis 6 that connects with its first command': async (url) => {
    const [connected, closed] = [new IoRedis6(url, { lazyConnect: true }), new IoRedis6(url, { lazyConnect: true })];
    await closed.quit();
    return { connected, closed, close: () => connected.disconnect() };
  },
};

const ASKED = Object.entries(CLIENTS).filter(([name]) => isFullLength || ['redis 6', 'ioredis 6'].includes(name));

describe.runIf(isRedisInstalled()).each(ASKED)('RedisTokenStore with %s', (_, connect) => {
  let redis: RedisServer;
  let clients: Clients;
  let probe: ReturnType<typeof createClient6>;
  beforeAll(async () => {
    redis = await RedisServer.start();
    clients = await connect(redis.url);
    probe = createClient6({ url: redis.url });
    await probe.on('error', ignore).connect();
  });
  afterAll(async () => {
    clients.close();
    probe.destroy();
    await redis.stop();
  });

  it('gives a value with the life it has left, until it expires', async () => {
    const store = new RedisTokenStore(clients.connected);
    expect(await store.get('a')).toBeUndefined();
    await store.set('a', 'value', 300);
    const entry = await store.get('a');
    expect(entry?.value).toBe('value');
    expect(entry?.ttlMs).toBeGreaterThan(0);
    expect(entry?.ttlMs).toBeLessThanOrEqual(300);
    expect(await probe.pTTL('mindsphere-credentials:a')).toBeGreaterThan(0);
    await sleep(350);
    expect(await store.get('a')).toBeUndefined();
  });

  it('removes a value, or only the one that is meant', async () => {
    const store = new RedisTokenStore(clients.connected, { prefix: 'other:' });
    await store.set('b', 'new', 10_000);
    await store.delete('b', 'old');
    expect((await store.get('b'))?.value).toBe('new');
    await store.delete('b', 'new');
    expect(await store.get('b')).toBeUndefined();
    await store.set('b', 'again', 10_000);
    await store.delete('b');
    expect(await probe.exists('other:b')).toBe(0);
  });

  it('gives its lock to one, and takes it back from its owner only', async () => {
    const store = new RedisTokenStore(clients.connected);
    const first = await store.tryLock('c', 100);
    expect(first).toBeDefined();
    expect(await store.tryLock('c', 100)).toBeUndefined();
    await sleep(150);
    const second = await store.tryLock('c', 10_000);
    expect(second).toBeDefined();
    await first?.release();
    expect(await store.tryLock('c', 100)).toBeUndefined();
    await second?.release();
    expect(await store.tryLock('c', 100)).toBeDefined();
  });

  it('does not wait for a connection', async () => {
    await expect(new RedisTokenStore(clients.closed).get('a')).rejects.toThrow('not connected');
  });
});

it.each([[{}], [{ get: () => undefined }], [{ status: 'ready' }], [{ set: 1, del: 1, eval: 1 }]])(
  'RedisTokenStore takes no %j',
  (client) => {
    expect(() => new RedisTokenStore(forbidden(client))).toThrow('RedisTokenStore takes a client of redis 5 or 6');
  },
);

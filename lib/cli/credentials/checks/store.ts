import { randomUUID } from 'node:crypto';
import { RedisTokenStore } from '../../../store/redis/redis-token.store.js';
import type { Check, Finding } from '../check.js';

const CONNECT_MS = 3_000;
/** Of the whole check: a server that is no Redis may accept a connection and never answer. */
const LONGEST_MS = 10_000;
const ENTRY_MS = 10_000;
const DOWN = 'Without the store each instance requests its own tokens; nothing else changes. Check REDIS_URL.';

/** Writes, reads and removes one entry of the shared store, if `REDIS_URL` is set. */
export function storeCheck(url: string | undefined): Check {
  return { id: 'store', run: () => storeFinding(url) };
}

async function storeFinding(url: string | undefined): Promise<Finding> {
  if (url === undefined || url === '') return { status: 'skipped', summary: 'REDIS_URL is not set' };
  const redis = await import('redis').catch(() => undefined);
  if (redis === undefined) {
    return { status: 'warning', summary: 'the package redis is not installed', remedy: 'npm install redis' };
  }
  try {
    const socket = { connectTimeout: CONNECT_MS, reconnectStrategy: false } as const;
    const client = redis.createClient({ url, socket, disableOfflineQueue: true }).on('error', () => undefined);
    const timer = setTimeout(() => client.destroy(), LONGEST_MS);
    try {
      await client.connect();
      return await useStore(new RedisTokenStore(client));
    } finally {
      clearTimeout(timer);
      client.destroy();
    }
  } catch {
    // Not printed, because the client's error may contain the URL with its password.
    return { status: 'warning', summary: 'the store cannot be reached', remedy: DOWN };
  }
}

async function useStore(store: RedisTokenStore): Promise<Finding> {
  const key = `doctor-${randomUUID()}`;
  await store.set(key, 'value', ENTRY_MS);
  const found = await store.get(key);
  await store.delete(key);
  const value = typeof found === 'string' ? found : found?.value;
  if (value === 'value') return { status: 'ok', summary: 'an entry was written, read and removed' };
  return { status: 'warning', summary: 'an entry that was written was not found again', remedy: DOWN };
}

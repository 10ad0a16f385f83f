import { randomUUID } from 'node:crypto';
import { commandsOf, type RedisCommands, type RedisLike } from './redis-commands.js';
import type { TokenStore, TokenStoreEntry, TokenStoreLock } from '../token-store.interface.js';

const DEFAULT_PREFIX = 'mindsphere-credentials:';

/** The value with the life it has left: in one step, so that they belong together. */
const GET = `
local value = redis.call('GET', KEYS[1])
if not value then return nil end
return { value, redis.call('PTTL', KEYS[1]) }`;

const DELETE_IF_EQUAL = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/** How a {@link RedisTokenStore} names its keys. */
export interface RedisTokenStoreOptions {
  /** Stands before every key. Default `'mindsphere-credentials:'`. */
  prefix?: string | undefined;
}

/**
 * Technical tokens in Redis, for `cache.store`. It uses the application's own client of `redis` 5 or 6 or of `ioredis` 5 or
 * 6, for one server, a cluster, or sentinels. The application has connected it, listens to it (`client.on('error', …)`) and
 * closes it. Needs the commands GET, SET, DEL, PTTL and EVAL.
 */
export class RedisTokenStore implements TokenStore {
  // Private, because a client holds its password.
  readonly #commands: RedisCommands;
  readonly #prefix: string;

  /** Throws a `TypeError` where `client` is no client of `redis` or `ioredis`. No network I/O. */
  constructor(client: RedisLike, { prefix = DEFAULT_PREFIX }: RedisTokenStoreOptions = {}) {
    this.#commands = commandsOf(client);
    this.#prefix = prefix;
  }

  /** Network I/O; rejects as the client does. */
  async get(key: string): Promise<TokenStoreEntry | undefined> {
    const answer = await this.#ready().eval(GET, this.#prefix + key);
    if (!Array.isArray(answer)) return undefined;
    // Without an expiry it is none of ours.
    return { value: String(answer[0]), ttlMs: Math.max(0, Number(answer[1])) };
  }

  /** `SET … PX`. Network I/O; rejects as the client does. */
  async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#ready().set(this.#prefix + key, value, ttlMs);
  }

  /** Network I/O; rejects as the client does. */
  async delete(key: string, onlyIf?: string): Promise<void> {
    if (onlyIf === undefined) await this.#ready().del(this.#prefix + key);
    else await this.#deleteIfEqual(this.#prefix + key, onlyIf);
  }

  /** `SET … NX PX`, given back by its owner only. Network I/O; rejects as the client does. */
  async tryLock(key: string, ttlMs: number): Promise<TokenStoreLock | undefined> {
    const name = `${this.#prefix}${key}:lock`;
    const owner = randomUUID();
    const answer = await this.#ready().set(name, owner, ttlMs, true);
    return answer === null ? undefined : { release: () => this.#deleteIfEqual(name, owner) };
  }

  async #deleteIfEqual(name: string, value: string): Promise<void> {
    await this.#ready().eval(DELETE_IF_EQUAL, name, value);
  }

  #ready(): RedisCommands {
    if (!this.#commands.isReady) throw new Error('The Redis client is not connected.');
    return this.#commands;
  }
}

import { randomUUID } from 'node:crypto';
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
    // PTTL is negative for a key without expiry. This library writes none, so it counts as expired.
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

/** What is used of a client of the `redis` package, from `createClient`, `createClientPool`, `createCluster`, `createSentinel`. */
export interface NodeRedisLike {
  /** Where it is `false`, nothing is sent: the client would keep commands and send them much later. */
  readonly isReady?: boolean;
  /** `SET key value PX … [NX]` */
  set(
    key: string,
    value: string,
    options: { expiration: { type: 'PX'; value: number }; condition?: 'NX' },
  ): Promise<unknown>;
  /** `DEL key` */
  del(key: string): Promise<unknown>;
  /** `EVAL script` */
  eval(script: string, options: { keys: string[]; arguments?: string[] }): Promise<unknown>;
}

/** What is used of a client of `ioredis`: a `Redis`, also one that follows sentinels, or a `Cluster`. */
export interface IoRedisLike {
  /** `'ready'` where commands are sent; at any other time the client would keep them and send them much later. */
  readonly status: string;
  /** Sends any command. */
  call(command: string, ...args: (string | number)[]): Promise<unknown>;
}

/** A client that a `RedisTokenStore` takes. */
export type RedisLike = NodeRedisLike | IoRedisLike;

/** The commands that a store needs, sent by either kind of client. */
interface RedisCommands {
  /** Whether a command would be sent now. */
  readonly isReady: boolean;
  /** Puts a value; with `onlyIfAbsent`, `null` where there is one already. */
  set(key: string, value: string, ttlMs: number, onlyIfAbsent?: boolean): Promise<unknown>;
  del(key: string): Promise<unknown>;
  eval(script: string, key: string, ...args: string[]): Promise<unknown>;
}

/** The commands by this client. Throws a `TypeError` where it is no client of `redis` or `ioredis`. */
function commandsOf(client: RedisLike): RedisCommands {
  if (isIoRedis(client)) return ofIoRedis(client);
  if (isNodeRedis(client)) return ofNodeRedis(client);
  throw new TypeError('RedisTokenStore takes a client of redis 5 or 6, or of ioredis 5 or 6.');
}

function ofNodeRedis(client: NodeRedisLike): RedisCommands {
  return {
    get isReady() {
      return client.isReady !== false;
    },
    set: (key, value, ttlMs, onlyIfAbsent) => {
      const expiration = { type: 'PX', value: ttlMs } as const;
      return client.set(key, value, onlyIfAbsent === true ? { expiration, condition: 'NX' } : { expiration });
    },
    del: (key) => client.del(key),
    eval: (script, key, ...args) => client.eval(script, { keys: [key], arguments: args }),
  };
}

function ofIoRedis(client: IoRedisLike): RedisCommands {
  return {
    get isReady() {
      // A client with `lazyConnect` connects with its first command.
      return client.status === 'ready' || client.status === 'wait';
    },
    set: (key, value, ttlMs, onlyIfAbsent) =>
      client.call('SET', key, value, 'PX', ttlMs, ...(onlyIfAbsent === true ? ['NX'] : [])),
    del: (key) => client.call('DEL', key),
    eval: (script, key, ...args) => client.call('EVAL', script, 1, key, ...args),
  };
}

function isIoRedis(client: object): client is IoRedisLike {
  return has(client, 'call') && 'status' in client && typeof client.status === 'string';
}

function isNodeRedis(client: object): client is NodeRedisLike {
  return has(client, 'set') && has(client, 'del') && has(client, 'eval');
}

function has(client: object, method: string): boolean {
  return typeof (client as Readonly<Record<string, unknown>>)[method] === 'function';
}

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
export interface RedisCommands {
  /** Whether a command would be sent now. */
  readonly isReady: boolean;
  /** Puts a value; with `onlyIfAbsent`, `null` where there is one already. */
  set(key: string, value: string, ttlMs: number, onlyIfAbsent?: boolean): Promise<unknown>;
  del(key: string): Promise<unknown>;
  eval(script: string, key: string, ...args: string[]): Promise<unknown>;
}

/** The commands by this client. Throws a `TypeError` where it is no client of `redis` or `ioredis`. */
export function commandsOf(client: RedisLike): RedisCommands {
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

export type { IoRedisLike, NodeRedisLike, RedisLike } from './redis-commands.js';
export { RedisTokenStore, type RedisTokenStoreOptions } from './redis-token.store.js';

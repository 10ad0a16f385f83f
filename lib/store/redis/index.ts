export type { IoRedisLike, NodeRedisLike, RedisLike } from './redis-token.store.js';
export { RedisTokenStore, type RedisTokenStoreOptions } from './redis-token.store.js';

export { type RedisLike, RedisTokenStore, type RedisTokenStoreOptions } from './redis-token.store.js';

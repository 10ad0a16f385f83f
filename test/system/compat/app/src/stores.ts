import { Redis } from 'ioredis';
import { Keyv } from 'keyv';
import { KeyvTokenStore } from 'nestjs-mindsphere-credentials/keyv';
import { RedisTokenStore } from 'nestjs-mindsphere-credentials/redis';
import { createClient } from 'redis';

/** A store in this process. */
export const makeKeyvStore = () => new KeyvTokenStore(new Keyv());

/** Not called, since there is no server; the clients of these versions have to fit. */
export const makeRedisStores = () => [new RedisTokenStore(createClient()), new RedisTokenStore(new Redis())];

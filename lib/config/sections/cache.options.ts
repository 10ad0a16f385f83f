import type { TokenStore } from '../../store/token-store.interface.js';
import { type Kind, optional, sectionOf, withDefault } from '../descriptor.js';
import { count, hasMethods, listOf } from '../kinds.js';
import { isEncryptionKey, SealedKeys } from '../sealed-secrets.js';

/** Rotation needs two; each costs a look-up of its own. */
const MOST_ENCRYPTION_KEYS = 8;

/** Bounds of what is held in memory, and what is shared with other instances. */
export interface CacheOptions {
  /** Technical tokens. 1 to 1,000,000; default 10,000. Tokens in use are never evicted. */
  maxTokens?: number | undefined;
  /** Verified user tokens. 1 to 1,000,000, and 32 MiB of them; default 10,000. */
  maxVerifiedTokens?: number | undefined;
  /**
   * Where instances share technical tokens, so that one request serves all: a `RedisTokenStore`, a `KeyvTokenStore`, or
   * any object like them. The cache in memory stays in front. A store that is down costs a token request at most one
   * timeout of 500 ms, and never an error. Needs `encryptionKeys`. Default: none, every instance asks for itself.
   */
  store?: TokenStore | undefined;
  /**
   * Keys to what is stored: the first encrypts, all decrypt, so that keys can rotate. 1 to 8 strings, each base64 of 32
   * random bytes or more (`openssl rand -base64 32`); no passphrases. Secrets. No default.
   */
  encryptionKeys?: readonly string[] | undefined;
}

/** Kept behind a function, so that the application's store is neither copied nor frozen nor shown. */
const tokenStore: Kind<() => TokenStore> = {
  read: (value) => (isTokenStore(value) ? () => value : undefined),
  demand: 'must be an object with the methods get, set and delete',
  type: '`TokenStore`',
};

const encryptionKeys: Kind<SealedKeys> = {
  read: (value) => {
    const keys = listOf(value, (item) => (isEncryptionKey(item) ? item : undefined)) ?? [];
    const isFit = keys.length > 0 && keys.length <= MOST_ENCRYPTION_KEYS && new Set(keys).size === keys.length;
    return isFit ? new SealedKeys(keys) : undefined;
  },
  demand: `must be a list of 1 to ${MOST_ENCRYPTION_KEYS} different random keys, each 32 bytes or more in base64`,
  type: `list of 1 to ${MOST_ENCRYPTION_KEYS} keys, each base64 of 32 random bytes or more`,
};

/** Describes {@link CacheOptions}. Tokens leave the process encrypted or not at all. */
export const CACHE = sectionOf<CacheOptions>()(
  'cache',
  {
    maxTokens: withDefault(count({ from: 1, to: 1_000_000 }), 10_000),
    maxVerifiedTokens: withDefault(count({ from: 1, to: 1_000_000 }), 10_000),
    store: optional(tokenStore, { defaultText: 'none: every instance asks for itself' }),
    encryptionKeys: optional(encryptionKeys),
  },
  { of: 'CacheOptions', needs: { store: 'encryptionKeys' } },
);

function isTokenStore(value: unknown): value is TokenStore {
  if (!hasMethods(value, 'get', 'set', 'delete')) return false;
  const lock: unknown = Reflect.get(value as object, 'tryLock');
  return lock === undefined || typeof lock === 'function';
}

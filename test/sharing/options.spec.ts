import { AppCredentials } from 'nestjs-mindsphere-credentials';
import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../lib/config/resolve-options.js';
import { APP, failureOf, forbidden, startPlatform, startWith, tokenOf } from '../support/application.js';
import { leaksOf } from '../support/leaks.js';
import { MemoryStore } from '../support/memory-store.js';

const KEY = 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQABEiM0RVZnc=';
const OTHER_KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';

const faultsOf = async (cache: unknown) => {
  const { code, message } = await failureOf(() => resolveOptions({ cache: forbidden(cache) }));
  expect(code).toBe('options_invalid');
  return message;
};

describe('cache.store', () => {
  it('is not taken without a key: the message names both options', async () => {
    const message = await faultsOf({ store: new MemoryStore() });
    expect(message).toContain('cache.encryptionKeys is missing: cache.store demands it');
  });

  it.each([
    ['a text', 'redis://localhost'],
    ['no methods', {}],
    ['no delete', { get() {}, set() {} }],
  ])('must have the methods of a store: %s', async (_, store) => {
    expect(await faultsOf({ store, encryptionKeys: [KEY] })).toContain(
      'cache.store must be an object with the methods',
    );
  });

  it('must have a lock that can be called, if any', async () => {
    const store = { get() {}, set() {}, delete() {}, tryLock: true };
    expect(await faultsOf({ store, encryptionKeys: [KEY] })).toContain('cache.store must be');
  });

  it('is neither copied nor frozen: it may be a plain object with a state', () => {
    const store = { state: { uses: 0 }, get: async () => undefined, set: async () => {}, delete: async () => {} };
    const { cache } = resolveOptions({ cache: { store, encryptionKeys: [KEY] } });
    expect(cache.store?.()).toBe(store);
    expect(Object.isFrozen(store)).toBe(false);
  });
});

describe('cache.encryptionKeys', () => {
  it.each([[[KEY]], [[OTHER_KEY, KEY]], [[KEY.replace(/=$/, '')]]])('may be random keys: %j', (encryptionKeys) => {
    const store = new MemoryStore();
    expect(resolveOptions({ cache: { store, encryptionKeys } }).cache.encryptionKeys?.read()).toHaveLength(
      encryptionKeys.length,
    );
  });

  it.each([
    ['no list', KEY],
    ['empty', []],
    ['too short', ['c2hvcnQ=']],
    ['a passphrase', ['correct horse battery staple correct horse battery staple']],
    ['one letter repeated', ['A'.repeat(44)]],
    ['the same key twice', [KEY, KEY]],
    ['not a text', [Buffer.alloc(32)]],
    ['too many', Array.from({ length: 9 }, (_, index) => KEY.slice(0, -2) + String(index) + '=')],
  ])('must be random keys: %s', async (_, encryptionKeys) => {
    const message = await faultsOf({ store: new MemoryStore(), encryptionKeys });
    expect(message).toContain('cache.encryptionKeys must be a list of 1 to 8 different random keys');
    expect(message).not.toContain('horse');
    expect(message).not.toContain(KEY);
  });

  it('appear in no dump of the application, its credentials or its options', async () => {
    const platform = await startPlatform();
    const cache = { store: new MemoryStore(), encryptionKeys: [KEY] };
    const module = await startWith({ ...platform.urls, app: APP, tenant: false, cache });
    const credentials = module.get(AppCredentials);
    await tokenOf(credentials);
    const bytes = Buffer.from(KEY, 'base64').toString('latin1');
    // The application's own objects hold what it gave: the options as given are not ours to hide.
    expect(leaksOf(credentials, [KEY, bytes])).toEqual([]);
    expect(leaksOf(resolveOptions({ cache }), [KEY, bytes])).toEqual([]);
  });
});

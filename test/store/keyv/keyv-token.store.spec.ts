import { Keyv } from 'keyv';
import { KeyvTokenStore } from 'nestjs-mindsphere-credentials/keyv';
import { describe, expect, it } from 'vitest';
import { tokenOf, until } from '../../support/application.js';
import { instances } from '../../support/instances.js';

describe('a Keyv', () => {
  it('is shared by instances, in its own namespace', async () => {
    const { platform, startOne } = await instances();
    const entries = new Map<string, unknown>();
    const keyv = () => new KeyvTokenStore(new Keyv({ store: entries, namespace: 'myapp', throwOnErrors: true }));
    const token = await tokenOf((await startOne({ through: keyv() })).credentials);
    await until(() => entries.size === 1);
    const other = await startOne({ through: keyv() });
    expect((await tokenOf(other.credentials)).value).toBe(token.value);
    expect(platform.app.count).toBe(1);
    expect([...entries.keys()]).toEqual([expect.stringMatching(/^myapp:[\w-]{43}$/)]);
    other.credentials.invalidate(token);
    await until(() => entries.size === 0);
  });

  it('keeps a value for its time', async () => {
    const store = new KeyvTokenStore(new Keyv());
    await store.set('key', 'value', 50);
    expect(await store.get('key')).toBe('value');
    await new Promise((resolve) => void setTimeout(resolve, 80));
    expect(await store.get('key')).toBeUndefined();
  });

  it('that holds what is no text gives what will be refused', async () => {
    const keyv = new Keyv();
    await keyv.set('key', { not: 'a text' });
    expect(await new KeyvTokenStore(keyv).get('key')).toBe('');
  });

  it('that did not store a value has failed', async () => {
    const keyv = { get: async () => undefined, set: async () => false, delete: async () => true };
    await expect(new KeyvTokenStore(keyv).set('key', 'value', 1)).rejects.toThrow('did not store');
  });

  it('has no lock', () => {
    expect('tryLock' in new KeyvTokenStore(new Keyv())).toBe(false);
  });
});

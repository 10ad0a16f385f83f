import { Keyv as Keyv5 } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';
import { KeyvTokenStore } from 'nestjs-mindsphere-credentials/keyv';
import { describe, expect, it } from 'vitest';
import { tokenOf, until } from '../../support/application.js';
import { instances } from '../../support/instances.js';

/** Of which a `Keyv` is made here: both versions take it. */
interface KeyvOptions {
  readonly store?: Map<string, unknown>;
  readonly namespace?: string;
  readonly throwOnErrors?: boolean;
}

const VERSIONS: [string, (options?: KeyvOptions) => Keyv5 | Keyv6][] = [
  ['Keyv 5', (options) => new Keyv5(options)],
  ['Keyv 6', (options) => new Keyv6(options)],
];

describe.each(VERSIONS)('a %s', (_, newKeyv) => {
  it('is shared by instances, in its own namespace', async () => {
    const { platform, startOne } = await instances();
    const entries = new Map<string, unknown>();
    const keyv = () => new KeyvTokenStore(newKeyv({ store: entries, namespace: 'myapp', throwOnErrors: true }));
    const token = await tokenOf((await startOne({ through: keyv() })).credentials);
    await until(() => entries.size === 1);
    const other = await startOne({ through: keyv() });
    expect((await tokenOf(other.credentials)).value).toBe(token.value);
    expect(platform.app.count).toBe(1);
    expect([...entries.keys()]).toEqual([expect.stringMatching(/^myapp::?[\w-]{43}$/)]);
    other.credentials.invalidate(token);
    await until(() => entries.size === 0);
  });

  it('keeps a value for its time', async () => {
    const store = new KeyvTokenStore(newKeyv());
    await store.set('key', 'value', 50);
    expect(await store.get('key')).toBe('value');
    await new Promise((resolve) => void setTimeout(resolve, 80));
    expect(await store.get('key')).toBeUndefined();
  });

  it('that holds what is no text gives what will be refused', async () => {
    const keyv = newKeyv();
    await keyv.set('key', { not: 'a text' });
    expect(await new KeyvTokenStore(keyv).get('key')).toBe('');
  });

  it('that did not store a value has failed', async () => {
    const keyv = { get: async () => undefined, set: async () => false, delete: async () => true };
    await expect(new KeyvTokenStore(keyv).set('key', 'value', 1)).rejects.toThrow('did not store');
  });

  it('has no lock', () => {
    expect('tryLock' in new KeyvTokenStore(newKeyv())).toBe(false);
  });
});

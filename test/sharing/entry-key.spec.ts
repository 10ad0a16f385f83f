import { createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { EntryKey, EntryRefused } from '../../lib/sharing/entry-key.js';

const KEY = Buffer.from('00112233445566778899aabbccddeeff0123456789abcdef0f1e2d3c4b5a6978', 'hex');
const key = new EntryKey(KEY);
const name = key.nameOf(['app', 'https://gateway.example', 's3cret']);

async function refusalOf(opened: Promise<unknown>): Promise<string> {
  const refused = await opened.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (refused instanceof EntryRefused) return refused.reason;
  throw new Error('it was not refused', { cause: refused });
}

describe('the name of an entry', () => {
  it('is the same in every process: instances of different versions find each other', () => {
    // Worked out by another program, from HKDF and HMAC alone.
    expect(name).toBe('UzbP_FkM5Ktlb3HaXHSIModdCEll8FGvPiVYBsBdoKw');
  });

  it('differs with each detail, with its place, and with the key', () => {
    const other = new EntryKey(randomBytes(32));
    const details = [['a', 'b'], ['b', 'a'], ['ab'], ['a', 'b', undefined], ['a', 'b', ''], ['a']];
    const names = [...details.map((each) => key.nameOf(each)), other.nameOf(['a', 'b'])];
    expect(new Set(names).size).toBe(names.length);
    expect(names.every((each) => /^[\w-]{43}$/.test(each))).toBe(true);
  });
});

/** The entry with another protected header. */
function withHeader(entry: string, change: object): string {
  const [header = '', ...rest] = entry.split('.');
  const changed = { ...(JSON.parse(Buffer.from(header, 'base64url').toString()) as object), ...change };
  return [Buffer.from(JSON.stringify(changed)).toString('base64url'), ...rest].join('.');
}

describe('a sealed entry', () => {
  it('opens under its name and key, whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (content) => {
        expect(await key.open(name, await key.seal(name, `x${content}`))).toBe(`x${content}`);
      }),
    );
  });

  it('is a JWE that another implementation of RFC 7516 opens', async () => {
    const [header = '', encryptedKey, nonce = '', ciphertext = '', tag = ''] = (await key.seal(name, 'content')).split(
      '.',
    );
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      alg: 'dir',
      enc: 'A256GCM',
      typ: 'nestjs-mindsphere-credentials+v2',
      kid: key.id,
      entry: name,
    });
    expect(encryptedKey).toBe('');
    const info = 'nestjs-mindsphere-credentials store v2 seal';
    const secret = Buffer.from(hkdfSync('sha256', KEY, Buffer.alloc(0), info, 32));
    const decipher = createDecipheriv('aes-256-gcm', secret, Buffer.from(nonce, 'base64url'));
    decipher.setAAD(Buffer.from(header)).setAuthTag(Buffer.from(tag, 'base64url'));
    const content = decipher.update(Buffer.from(ciphertext, 'base64url'), undefined, 'utf8') + decipher.final('utf8');
    expect(content).toBe('content');
  });

  it('never repeats a nonce or a ciphertext', async () => {
    const sealed = await Promise.all(Array.from({ length: 1_000 }, () => key.seal(name, 'the same')));
    for (const part of [2, 3]) expect(new Set(sealed.map((entry) => entry.split('.')[part])).size).toBe(1_000);
  });

  it('does not show what it holds', async () => {
    expect(await key.seal(name, 'eyJhbGciOi')).not.toContain(Buffer.from('eyJhbGciOi').toString('base64url'));
  });

  it('is refused under another name: entries cannot be swapped', async () => {
    const other = key.nameOf(['app', 'https://gateway.example', 'another tenant']);
    const sealed = await key.seal(name, 'content');
    expect(await refusalOf(key.open(other, sealed))).toBe('tampered');
    expect(await refusalOf(key.open(other, withHeader(sealed, { entry: other })))).toBe('tampered');
  });

  it('is refused with another key, also under a forged key id', async () => {
    const other = new EntryKey(randomBytes(32));
    const sealed = await other.seal(name, 'content');
    expect(await refusalOf(key.open(name, sealed))).toBe('foreign');
    expect(await refusalOf(key.open(name, withHeader(sealed, { kid: key.id })))).toBe('tampered');
  });

  it.each([
    ['alg', { alg: 'A256KW' }],
    ['enc', { enc: 'A128GCM' }],
    ['zip', { zip: 'DEF' }],
    ['crit', { crit: ['exp'], exp: 1 }],
  ])('is refused with another %s', async (_, change) => {
    expect(await refusalOf(key.open(name, withHeader(await key.seal(name, 'content'), change)))).toBe('tampered');
  });

  it('is refused wherever one character was changed', async () => {
    const sealed = await key.seal(name, 'content that somebody wants to change');
    const isRefused = async (at: number, letter: string) => {
      const changed = sealed.slice(0, at) + letter + sealed.slice(at + 1);
      // The last letter of base64 has bits that mean nothing.
      if (changed === sealed || sealed[at + 1] === '.' || at === sealed.length - 1) return;
      expect(await refusalOf(key.open(name, changed))).toMatch(/malformed|foreign|tampered/);
    };
    const place = fc.integer({ min: 0, max: sealed.length - 1 });
    await fc.assert(fc.asyncProperty(place, fc.constantFrom('A', 'z', '0', '_', '.', ' '), isRefused));
  });

  it('is refused where it was cut', async () => {
    const sealed = await key.seal(name, 'a longer content');
    expect(await refusalOf(key.open(name, sealed.slice(0, -8)))).toBe('malformed');
    const [header, , nonce, ciphertext = '', tag] = sealed.split('.');
    for (const other of [ciphertext.slice(0, -8), `${ciphertext}AAAA`])
      expect(await refusalOf(key.open(name, [header, '', nonce, other, tag].join('.')))).toBe('tampered');
  });

  it('is refused over 64 kB, before it is decoded', async () => {
    const sealed = await key.seal(name, 'x'.repeat(40_000));
    expect(await key.open(name, sealed)).toHaveLength(40_000);
    const decode = vi.spyOn(globalThis, 'atob');
    const decodeBuffer = vi.spyOn(Buffer, 'from');
    onTestFinished(() => void vi.restoreAllMocks());
    const long = await key.seal(name, 'x'.repeat(65_536));
    decode.mockClear();
    decodeBuffer.mockClear();
    expect(await refusalOf(key.open(name, long))).toBe('malformed');
    expect([decode.mock.calls.length, decodeBuffer.mock.calls.length]).toEqual([0, 0]);
  });

  it('of format v1 counts as none', async () => {
    const v1 = ['v1', key.id, randomBytes(12).toString('base64url'), randomBytes(600).toString('base64url')].join('.');
    expect(await refusalOf(key.open(name, v1))).toBe('malformed');
  });

  it('is refused where it is not a key', async () => {
    const isMalformed = async (value: unknown) => {
      expect(await refusalOf(key.open(name, value))).toBe('malformed');
    };
    await fc.assert(fc.asyncProperty(fc.anything(), isMalformed));
    await fc.assert(fc.asyncProperty(fc.string(), isMalformed));
    const [, ...rest] = (await key.seal(name, 'content')).split('.');
    await fc.assert(
      fc.asyncProperty(fc.json(), (json) => isMalformed([Buffer.from(json).toString('base64url'), ...rest].join('.'))),
    );
  });
});

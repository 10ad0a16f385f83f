import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryKey } from '../../lib/sharing/entry-key.js';
import { EntryRefused } from '../../lib/sharing/entry-refused.js';

const KEY = Buffer.from('00112233445566778899aabbccddeeff0123456789abcdef0f1e2d3c4b5a6978', 'hex');
const key = new EntryKey(KEY);
const name = key.nameOf(['app', 'https://gateway.example', 's3cret']);

function refusalOf(open: () => unknown): string {
  try {
    open();
  } catch (error) {
    if (error instanceof EntryRefused) return error.reason;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('the name of an entry', () => {
  it('is the same in every process: instances of different versions find each other', () => {
    // Worked out by another program, from HKDF and HMAC alone.
    expect(name).toBe('lscNuXuGghdIgeGw0rzAEJW833z8MtqgnlAoMHkaiR0');
  });

  it('differs with each detail, with its place, and with the key', () => {
    const other = new EntryKey(randomBytes(32));
    const details = [['a', 'b'], ['b', 'a'], ['ab'], ['a', 'b', undefined], ['a', 'b', ''], ['a']];
    const names = [...details.map((each) => key.nameOf(each)), other.nameOf(['a', 'b'])];
    expect(new Set(names).size).toBe(names.length);
    expect(names.every((each) => /^[\w-]{43}$/.test(each))).toBe(true);
  });
});

describe('a sealed entry', () => {
  it('opens under its name and key, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(key.open(name, key.seal(name, text))).toBe(text);
      }),
    );
  });

  it('never repeats a nonce or a text', () => {
    const sealed = Array.from({ length: 1_000 }, () => key.seal(name, 'the same'));
    expect(new Set(sealed.map((entry) => entry.split('.')[2])).size).toBe(1_000);
    expect(new Set(sealed.map((entry) => entry.split('.')[3])).size).toBe(1_000);
  });

  it('does not show what it holds', () => {
    expect(key.seal(name, 'eyJhbGciOi')).not.toContain(Buffer.from('eyJhbGciOi').toString('base64url'));
  });

  it('is refused under another name: entries cannot be swapped', () => {
    const other = key.nameOf(['app', 'https://gateway.example', 'another tenant']);
    expect(refusalOf(() => key.open(other, key.seal(name, 'text')))).toBe('tampered');
  });

  it('is refused with another key, also under a forged key id', () => {
    const other = new EntryKey(randomBytes(32));
    const sealed = other.seal(name, 'text');
    expect(refusalOf(() => key.open(name, sealed))).toBe('foreign');
    expect(refusalOf(() => key.open(name, sealed.replace(other.id, key.id)))).toBe('tampered');
  });

  it('is refused wherever one character was changed', () => {
    const sealed = key.seal(name, 'a text that somebody wants to change');
    const isRefused = (at: number, letter: string) => {
      const changed = sealed.slice(0, at) + letter + sealed.slice(at + 1);
      // The last letter of base64 has bits that mean nothing.
      if (changed === sealed || at === sealed.length - 1) return;
      expect(refusalOf(() => key.open(name, changed))).toMatch(/malformed|foreign|tampered/);
    };
    const place = fc.integer({ min: 0, max: sealed.length - 1 });
    fc.assert(fc.property(place, fc.constantFrom('A', 'z', '0', '_', '.', ' '), isRefused));
  });

  it.each([
    ['cut', (sealed: string) => sealed.slice(0, -8)],
    ['lengthened', (sealed: string) => `${sealed}AAAA`],
  ])('is refused where it was %s', (_, change) => {
    expect(refusalOf(() => key.open(name, change(key.seal(name, 'a longer text'))))).toBe('tampered');
  });

  it('is refused where it is none', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(refusalOf(() => key.open(name, value))).toBe('malformed');
      }),
    );
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(refusalOf(() => key.open(name, `v1.${value}`))).toBe('malformed');
      }),
    );
  });
});

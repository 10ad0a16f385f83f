import { describe, expect, it } from 'vitest';
import { redactor } from '../../lib/util/redaction.js';

const SECRET = 's3cr3t"/?ü+ ~';
const redact = redactor(SECRET, `client:${SECRET}`);
const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');

describe('a secret that a server echoes', () => {
  it.each([
    ['as it is', SECRET],
    ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
    ['in a URL', encodeURIComponent(SECRET)],
    ['in a form', new URLSearchParams({ s: SECRET }).toString().slice(2)],
    ['in Base64', base64(SECRET)],
    ['in Base64 without padding', base64(SECRET).replace(/=+$/, '')],
    ['in Base64 in a URL', encodeURIComponent(base64(SECRET))],
    ['in base64url', Buffer.from(SECRET, 'utf8').toString('base64url')],
    ['as Basic credentials', base64(`client:${SECRET}`)],
  ])('is masked: %s', (_, form) => {
    expect(redact(`<${form}>`)).toBe('<***>');
    expect(redact(`${form}, ${form}`)).toBe('***, ***');
  });

  it('is masked whole, whatever of it is a secret, too', () => {
    expect(redactor('abc', 'id:abc')('id:abc')).toBe('***');
  });

  it('with padding in the midst of its Base64 is not mistaken', () => {
    expect(redactor('aa')(`${base64('aa')}x`)).toBe('***x');
    expect(redactor('aa')('YWE x')).toBe('*** x');
  });
});

describe('what looks like credentials', () => {
  it.each([
    ['Basic dXNlcjpwYXNz!', 'Basic ***!'],
    ['bearer:  abc.def~_-/+=, x', 'bearer ***, x'],
    ['a eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl b', 'a *** b'],
    ['a eyJhbGciOi.eyJzdWIiOi b', 'a *** b'],
    ['a eyJhbGciOi.eyJzdWIiOi. b', 'a *** b'],
    [`a ${'x'.repeat(30)}.${'y'.repeat(8)} b`, 'a *** b'],
    [`a ${'x'.repeat(30)}.${'y'.repeat(8)}.${'z'.repeat(9)} b`, 'a *** b'],
  ])('is masked: %s', (text, masked) => {
    expect(redactor('none-of-this')(text)).toBe(masked);
  });

  it.each([
    'www.example.com',
    'version 1.2.3',
    'a basic. fault',
    'tenant.piam',
    'mdsp.technicaltokenmanager.unauthorized.client',
  ])('is not: %s', (text) => {
    expect(redactor('none-of-this')(text)).toBe(text);
  });
});

describe('the rest of a text', () => {
  it('is one line without control characters', () => {
    expect(redactor('x1')('  one\r\n\ttwo\u001b[31m\u202ethree\0 ')).toBe('one two [31m three');
  });

  it('is cut after 200 characters', () => {
    expect(redactor('x1')('ab'.repeat(100))).toBe('ab'.repeat(100));
    expect(redactor('x1')(`${'ab'.repeat(100)}c`)).toBe(`${'ab'.repeat(100)}…`);
  });
});

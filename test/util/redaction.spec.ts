import { describe, expect, it } from 'vitest';
import { masker, redactor, secretsOfJwt } from '../../lib/util/redaction.js';

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
    ['in a URL, in lower case', encodeURIComponent(SECRET).toLowerCase()],
    ['in a URL, every byte', [...Buffer.from(SECRET)].map((byte) => `%${byte.toString(16)}`).join('')],
    ['in a URL, twice', encodeURIComponent(encodeURIComponent(SECRET))],
    ['in HTML', SECRET.replace('"', '&quot;').replace('ü', '&#252;')],
    ['in HTML, hexadecimal', SECRET.replace('"', '&#x22;').replace('ü', '&#XFC;').replace('+', '&#43;')],
    ['in HTML, without semicolons', SECRET.replace('"', '&#34')],
    ['in JSON with escapes', SECRET.replace('"', String.raw`\u0022`).replace('ü', String.raw`\u00FC`)],
    ['in JavaScript', SECRET.replace('"', String.raw`\x22`).replace('ü', String.raw`\u{fc}`)],
    [
      'in JSON with slashes escaped',
      JSON.stringify(SECRET)
        .slice(1, -1)
        .replace('/', String.raw`\/`),
    ],
    ['in JSON in HTML', JSON.stringify(SECRET).slice(1, -1).replace('"', '&quot;')],
    ['as UTF-16, read as Latin-1', SECRET.split('').join('\0')],
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

describe('a masker', () => {
  it('leaves everything else as it is, also escapes', () => {
    const text = String.raw`100 % of &amp; \u0026 %zz &nosuch; \q ${'\ud83d'}`;
    expect(masker(SECRET)(text)).toBe(text);
    expect(masker('a\u{1F511}b')(String.raw`<a\ud83d\udd11b> &amp; <a&#x1F511;b>`)).toBe('<***> &amp; <***>');
  });

  it('masks bytes, whatever stands around the secret', () => {
    const bytes = Buffer.from([0xff, 0xfe, ...Buffer.from('x-secret-x'), 0x80]);
    const masked = Buffer.from([0xff, 0xfe, ...Buffer.from('x***x'), 0x80]);
    expect(Buffer.from(masker('-secret-').bytes(bytes))).toEqual(masked);
  });

  it('knows the parts of a JWT that are secrets', () => {
    const [header, payload, signature] = ['e'.repeat(40), 'p'.repeat(40), 's'.repeat(40)];
    const mask = masker(...secretsOfJwt(`${header}.${payload}.${signature}`));
    expect(mask(`${header}.${payload} ${signature} ${payload} ${header}`)).toBe(`*** *** *** ${header}`);
  });

  it('leaves no half of a secret where it cuts', () => {
    const secret = 'a-secret-of-some-length';
    const text = Buffer.from(secret.repeat(1_000));
    for (let most = 100; most < 150; most += 1) {
      const start = Buffer.from(masker(secret).startOf(text, most)).toString();
      expect(start.replaceAll('***', '')).toBe('');
    }
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

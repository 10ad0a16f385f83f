import { privateEncrypt, sign } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import {
  encode,
  type Fields,
  hmac,
  issuerOf,
  KEY_ID,
  KEYS,
  nested,
  noise,
  type Pair,
  publicJwk,
  rs256,
  seconds,
  signed,
  tokenOfLength,
  validClaims,
  validHeader,
  validToken,
  withClaims,
  withClaimsText,
  withHeader,
  withHeaderText,
  withMember,
  withParts,
  withSignature,
} from './forge.js';

/** A token that must not be let in; `trap` is the URL of an attacker's key server. */
export type Attack = readonly [name: string, forge: (trap: string) => string];

type Values = readonly (readonly [name: string, value: unknown])[];

/** What is no text where a text is demanded. */
const NO_TEXTS: Values = [
  ['null', null],
  ['a number', 4],
  ['true', true],
  ['a list', ['x']],
  ['an empty list', []],
  ['an object', { toString: 'x' }],
];

/** `null` in an optional claim means that the claim is absent (protocol page, section 7). */
const withoutNull = (values: Values): Values => values.filter(([, value]) => value !== null);

const ofClaim = (claim: string, values: Values): Attack[] =>
  values.map(([name, value]) => [`${claim}: ${name}`, () => withClaims({ [claim]: value })]);

const ofHeader = (member: string, values: Values): Attack[] =>
  values.map(([name, value]) => [`${member}: ${name}`, () => withHeader({ [member]: value })]);

/** A member that only a careless copy would find. */
const inPrototype = (name: string, value: string) => (json: string) =>
  withMember('__proto__', JSON.stringify({ [name]: value }))(withMember(name, '0')(json).replace(`,"${name}":0`, ''));

const texts = (...values: string[]): Values => values.map((value) => [JSON.stringify(value), value]);

// ---- algorithms ----

const PEM = KEYS.genuine.publicKey.export({ format: 'pem', type: 'spki' }).toString();
const SECRETS: readonly (readonly [string, string | Buffer])[] = [
  ['the PEM', PEM],
  ['the PEM without its last line break', PEM.trimEnd()],
  ['the PEM of PKCS #1', KEYS.genuine.publicKey.export({ format: 'pem', type: 'pkcs1' })],
  ['the DER', KEYS.genuine.publicKey.export({ format: 'der', type: 'spki' })],
  ['the DER of PKCS #1', KEYS.genuine.publicKey.export({ format: 'der', type: 'pkcs1' })],
  ['n of the JWK', String(publicJwk(KEYS.genuine)['n'])],
  ['the bytes of n', Buffer.from(String(publicJwk(KEYS.genuine)['n']), 'base64url')],
  ['the JWK', JSON.stringify(publicJwk(KEYS.genuine, { kid: KEY_ID }))],
  ['nothing', ''],
];

const byRsa = (hash: string, padding?: number, saltLength?: number) => (input: string) =>
  sign(hash, Buffer.from(input), { key: KEYS.genuine.privateKey, padding, saltLength }).toString('base64url');
const PSS = 6;
const byPair =
  (hash: string | null, { privateKey: key }: Pair) =>
  (input: string) =>
    sign(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
/** A PKCS #1 block of text that is no hash of anything. */
const byBlock = () => privateEncrypt(KEYS.genuine.privateKey, Buffer.from('sha256')).toString('base64url');

const NONES = ['none', 'None', 'NONE', 'nOnE', 'noNe', 'none ', ''];

const ALGORITHMS: readonly Attack[] = [
  ...NONES.flatMap((alg): Attack[] => [
    [`alg "${alg}" without a signature`, () => withSignature({ alg }, () => '')],
    [`alg "${alg}" with some signature`, () => withSignature({ alg }, () => 'AAAA')],
    [`alg "${alg}" with the genuine signature of it`, () => withHeader({ alg })],
  ]),
  ['alg none without kid and signature', () => withSignature({ alg: 'none', kid: undefined }, () => '')],
  ...SECRETS.map(([name, secret]): Attack => [
    `HS256 with ${name} as secret`,
    () => withSignature({ alg: 'HS256' }, (input) => hmac(input, secret)),
  ]),
  ['HS384 with the PEM as secret', () => withSignature({ alg: 'HS384' }, (input) => hmac(input, PEM, 'sha384'))],
  ['HS512 with the PEM as secret', () => withSignature({ alg: 'HS512' }, (input) => hmac(input, PEM, 'sha512'))],
  ['an HMAC under alg RS256', () => withSignature({}, (input) => hmac(input, PEM))],
  [
    'HS256 with the shared secret of the key set',
    () => withSignature({ alg: 'HS256', kid: 'key-oct' }, (input) => hmac(input, 'a shared secret')),
  ],
  ['RS384 by the genuine key', () => withSignature({ alg: 'RS384' }, byRsa('sha384'))],
  ['RS512 by the genuine key', () => withSignature({ alg: 'RS512' }, byRsa('sha512'))],
  ['RS1 by the genuine key', () => withSignature({ alg: 'RS1' }, byRsa('sha1'))],
  ['PS256 by the genuine key', () => withSignature({ alg: 'PS256' }, byRsa('sha256', PSS, 32))],
  ['PS512 by the genuine key', () => withSignature({ alg: 'PS512' }, byRsa('sha512', PSS, 64))],
  ['a SHA-384 signature under alg RS256', () => withSignature({}, byRsa('sha384'))],
  ['a SHA-1 signature under alg RS256', () => withSignature({}, byRsa('sha1'))],
  ['a PSS signature under alg RS256', () => withSignature({}, byRsa('sha256', PSS, 32))],
  ['a PKCS #1 block that is no hash', () => withSignature({}, byBlock)],
  ['ES256 by an EC key of the set', () => withSignature({ alg: 'ES256', kid: 'key-ec' }, byPair('sha256', KEYS.ec))],
  ['ES256 under the genuine kid', () => withSignature({ alg: 'ES256' }, byPair('sha256', KEYS.ec))],
  ['EdDSA by an Ed25519 key of the set', () => withSignature({ alg: 'EdDSA', kid: 'key-ed' }, byPair(null, KEYS.ed))],
  ['an EC signature under alg RS256', () => withSignature({ kid: 'key-ec-rs256' }, byPair('sha256', KEYS.ec))],
  ...ofHeader('alg', [
    ['missing', undefined],
    ...NO_TEXTS,
    ['["RS256"]', ['RS256']],
    ['["RS256", "none"]', ['RS256', 'none']],
    ['{"toString": "RS256"}', { toString: 'RS256' }],
    ...texts(
      'rs256',
      'Rs256',
      'RS256 ',
      ' RS256',
      'RS256\u0000',
      'RS256\n',
      'RSA-SHA256',
      'RSA-OAEP',
      'dir',
      'ＲＳ256',
    ),
  ]),
];

// ---- header ----

const attackersKey = () => publicJwk(KEYS.attacker, { kid: KEY_ID });
const x5c = () => [KEYS.attacker.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')];

const HEADERS: readonly Attack[] = [
  ...ofHeader('typ', [
    ['missing', undefined],
    ...NO_TEXTS,
    ['["JWT"]', ['JWT']],
    ...texts(
      '',
      'at+jwt',
      'AT+JWT',
      'application/jwt',
      'JOSE',
      'JWE',
      'JWS',
      'JWT ',
      ' JWT',
      'JWT\u0000',
      'logout+jwt',
    ),
  ]),
  ...ofHeader('kid', [
    ['missing', undefined],
    ...NO_TEXTS,
    ['the right one in a list', [KEY_ID]],
    ['300 characters', 'k'.repeat(300)],
    ['9,000 characters', 'k'.repeat(9_000)],
    ['257 characters', 'k'.repeat(257)],
    ...texts('', ' ', `../${KEY_ID}`, `./${KEY_ID}`, `${KEY_ID}\u0000`, `${KEY_ID}\u0000.pem`, `${KEY_ID}\r\nX: y`),
    ...texts(
      ` ${KEY_ID}`,
      `${KEY_ID} `,
      KEY_ID.toUpperCase(),
      '/dev/null',
      'file:///etc/passwd',
      '../../../../dev/null',
    ),
    ...texts("x' OR '1'='1", "key-id-4'; DROP TABLE keys; --", '$(id)', '`id`', '{{7*7}}', '*', '.*', '0', 'undefined'),
    ...texts('__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'size', 'get', '[object Object]'),
    ...texts('http://169.254.169.254/', '\ud800', 'kеy-id-4', '\u202e4-di-yek'),
  ]),
  ['jwk: the attacker signs and embeds the key', () => withHeader({ jwk: attackersKey() }, KEYS.attacker)],
  ['jwk without kid', () => withHeader({ jwk: attackersKey(), kid: undefined }, KEYS.attacker)],
  ['jwk under its own kid', () => withHeader({ jwk: publicJwk(KEYS.attacker), kid: 'mine' }, KEYS.attacker)],
  [
    'jwk: a shared secret, with HS256',
    () => withSignature({ alg: 'HS256', jwk: { kty: 'oct', k: encode('x') } }, (input) => hmac(input, 'x')),
  ],
  ['jku: the attacker signs and serves the key', (jku) => withHeader({ jku }, KEYS.attacker)],
  ['jku without kid', (jku) => withHeader({ jku, kid: undefined }, KEYS.attacker)],
  ['jku under an unknown kid', (jku) => withHeader({ jku, kid: 'mine' }, KEYS.attacker)],
  ['kid that is a URL', (kid) => withHeader({ kid }, KEYS.attacker)],
  ['x5u: the attacker signs and serves the certificate', (x5u) => withHeader({ x5u }, KEYS.attacker)],
  ['x5u without kid', (x5u) => withHeader({ x5u, kid: undefined }, KEYS.attacker)],
  ['x5c: the attacker signs and embeds the certificate', () => withHeader({ x5c: x5c() }, KEYS.attacker)],
  ['x5c without kid', () => withHeader({ x5c: x5c(), kid: undefined }, KEYS.attacker)],
  [
    'jwk, jku, x5u and x5c at once',
    (url) => {
      const all = { jwk: attackersKey(), jku: url, x5u: url, x5c: x5c(), 'x5t#S256': noise(32) };
      return withHeader(all, KEYS.attacker);
    },
  ],
  ...ofHeader('crit', [
    ['an unknown extension', ['urn:example:x']],
    ['a known claim', ['exp']],
    ['a registered member', ['alg']],
    ['b64, which is not there', ['b64']],
    ['an empty list', []],
    ['a text', 'b64'],
    ['null', null],
    ['an object', {}],
    ['false', false],
    ['a number', 0],
  ]),
  ['crit that names a member that is there', () => withHeader({ crit: ['x'], x: 1 })],
  ['crit b64 and b64 false over an encoded payload', () => withHeader({ crit: ['b64'], b64: false })],
  ['crit b64 and b64 true', () => withHeader({ crit: ['b64'], b64: true })],
  [
    'crit b64 and b64 false, signed over the bare payload',
    () => {
      const [header, payload] = [
        encode({ ...validHeader(), crit: ['b64'], b64: false }),
        JSON.stringify(validClaims()),
      ];
      return `${header}.${encode(payload)}.${rs256(`${header}.${payload}`)}`;
    },
  ],
  ['b64 false without crit', () => withHeader({ b64: false })],
  [
    'zip with a deflated payload',
    () => {
      const deflated = deflateRawSync(JSON.stringify(validClaims()));
      return signed({ ...validHeader(), zip: 'DEF' }, deflated);
    },
  ],
  [
    'JWE of five parts',
    () => {
      const header = { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: KEY_ID, typ: 'JWT' };
      return [encode(header), noise(256), noise(12), noise(400), noise(16)].join('.');
    },
  ],
  [
    'JWE dir of five parts',
    () => {
      const header = { alg: 'dir', enc: 'A256GCM', kid: KEY_ID, typ: 'JWT' };
      return [encode(header), '', noise(12), noise(400), noise(16)].join('.');
    },
  ],
  ['nested: the payload is a JWT', () => signed({ ...validHeader(), cty: 'JWT' }, validToken())],
  ['nested: the payload is a JWT as a JSON text', () => signed(validHeader(), JSON.stringify(validToken()))],
  ['nested: a base64url text of a JWT', () => encode(validToken())],
  [
    'JWS in JSON serialization',
    () => withParts((header, payload, signature) => encode({ protected: header, payload, signature })),
  ],
  ['two alg members, the last one none', () => withHeaderText(withMember('x', '0,"alg":"none"'))],
  ['two kid members, the last one of another key', () => withHeaderText(withMember('x', '0,"kid":"key-id-1"'))],
  ['two typ members, the last one of another type', () => withHeaderText(withMember('x', '0,"typ":"JOSE"'))],
  [
    'alg and kid only in __proto__',
    () => signed('{"__proto__":{"alg":"RS256","kid":"key-id-4","typ":"JWT"}}', validClaims()),
  ],
  ['header null', () => signed('null', validClaims())],
  ['header a list', () => signed([validHeader()], validClaims())],
  ['header a text', () => signed('"RS256"', validClaims())],
  ['header a number', () => signed('256', validClaims())],
  ['header {}', () => signed({}, validClaims())],
  ['header with something behind it', () => withHeaderText((json) => `${json}{}`)],
  ['header that is no JSON', () => withHeaderText((json) => json.replaceAll('"', "'"))],
  ['header that is no UTF-8', () => withHeaderText((json) => Buffer.concat([Buffer.from(json), Buffer.of(0xff)]))],
  ['header after a byte order mark', () => withHeaderText((json) => `\ufeff${json}`)],
  ['header in UTF-16', () => withHeaderText((json) => Buffer.from(json, 'utf16le'))],
  ...['alg', 'typ', 'kid', 'crit'].map((member): Attack => [
    `${member}: 5,500 nested lists`,
    () => signed(withMember(member, nested(5_500))(JSON.stringify(validHeader())), { exp: 1 }),
  ]),
];

// ---- keys ----

const KEY_CONFUSION: readonly Attack[] = [
  ['the kid of another key of the set', () => withHeader({ kid: 'key-id-1' })],
  ['signed by another key of the set', () => withHeader({}, KEYS.decoy)],
  ['signed by a key of no set', () => withHeader({}, KEYS.attacker)],
  ["signed by another issuer's key of the same kid", () => withHeader({}, KEYS.globex)],
  ["another issuer's kid and key", () => withHeader({ kid: 'key-globex' }, KEYS.globex)],
  [
    'another issuer for the same tenant, signed by its genuine key',
    () => signed(validHeader(), { ...validClaims(), iss: issuerOf('globex') }, KEYS.globex),
  ],
  ["another issuer's name over the genuine signature", () => withClaims({ iss: issuerOf('globex') })],
  ["the issuer core's name over the genuine signature", () => withClaims({ iss: issuerOf('core') })],
  ['a key for encryption', () => withHeader({ kid: 'key-enc' }, KEYS.decoy)],
  ['a key for RS512', () => withHeader({ kid: 'key-rs512' }, KEYS.decoy)],
  ['a key for PS256', () => withHeader({ kid: 'key-ps256' }, KEYS.decoy)],
  ['the first of two keys of one id', () => withHeader({ kid: 'key-twice' }, KEYS.decoy)],
  ['the second of two keys of one id', () => withHeader({ kid: 'key-twice' }, KEYS.attacker)],
  ['an RSA key without n', () => withHeader({ kid: 'key-no-n' }, KEYS.decoy)],
  ['an RSA key whose n is no base64url', () => withHeader({ kid: 'key-bad-n' }, KEYS.decoy)],
  ['an RSA key of 512 bits', () => withHeader({ kid: 'key-weak' }, KEYS.weak)],
  ['an EC key that says RS256', () => withHeader({ kid: 'key-ec-rs256' })],
  ['a shared secret of the set', () => withHeader({ kid: 'key-oct' })],
  ['a key without kid', () => withHeader({ kid: undefined }, KEYS.decoy)],
  ['a key whose kid is a number', () => withHeader({ kid: '7' }, KEYS.decoy)],
  ['an entry that is a text', () => withHeader({ kid: 'kid' })],
  ['the key of the empty id', () => withHeader({ kid: '' })],
];

// ---- signature and form ----

const flipped = (signature: string, at: number): string => {
  const bytes = Buffer.from(signature, 'base64url');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes.toString('base64url');
};

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The same bytes with the unused bits of the last character set. */
const nonCanonical = (part: string): string => {
  const last = ALPHABET.indexOf(part.at(-1) ?? '');
  return part.slice(0, -1) + ALPHABET.charAt(last + 1);
};

/** A JSON text whose base64url has unused bits at its end. */
const unevenly = (value: Fields): string => {
  const json = JSON.stringify({ ...value, pad: '' });
  return json.length % 3 === 0 ? JSON.stringify({ ...value, pad: 'x' }) : json;
};

const signedTexts = (header: string, payload: string): string =>
  `${header}.${payload}.${rs256(`${header}.${payload}`)}`;

/** With a character that only the alphabet of base64url has. */
const standardAlphabet = (header: string, payload: string, signature: string): string => {
  const standard = signature.replaceAll('-', '+').replaceAll('_', '/');
  return standard === signature ? withParts(standardAlphabet) : `${header}.${payload}.${standard}`;
};

/** The signature plus the modulus: the same number to anybody who does not look. */
const plusModulus = (signature: string): string => {
  const big = (text: string) => BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`);
  const sum = (big(signature) + big(String(publicJwk(KEYS.genuine)['n']))).toString(16);
  return Buffer.from(sum.padStart(sum.length + (sum.length % 2), '0'), 'hex').toString('base64url');
};

const signature = (name: string, change: (signature: string) => string): Attack => [
  `signature ${name}`,
  () => withParts((header, payload, part) => `${header}.${payload}.${change(part)}`),
];

const SIGNATURES: readonly Attack[] = [
  ['signature missing, with its dot', () => withParts((header, payload) => `${header}.${payload}.`)],
  ['signature missing, without its dot', () => withParts((header, payload) => `${header}.${payload}`)],
  signature('cut by one character', (part) => part.slice(0, -1)),
  signature('cut by four characters', (part) => part.slice(0, -4)),
  signature('cut in half', (part) => part.slice(0, 172)),
  signature('without its first byte', (part) => encode(Buffer.from(part, 'base64url').subarray(1))),
  signature('with one bit flipped at the start', (part) => flipped(part, 0)),
  signature('with one bit flipped in the middle', (part) => flipped(part, 128)),
  signature('with one bit flipped at the end', (part) => flipped(part, 255)),
  signature('of zeros', () => encode(Buffer.alloc(256))),
  signature('of ones', () => encode(Buffer.alloc(256, 0xff))),
  signature('that is the number one', () => encode(Buffer.concat([Buffer.alloc(255), Buffer.of(1)]))),
  signature('that is nothing but noise', () => noise(256)),
  signature('with a zero byte in front', (part) =>
    encode(Buffer.concat([Buffer.alloc(1), Buffer.from(part, 'base64url')])),
  ),
  signature('with a zero byte behind', (part) =>
    encode(Buffer.concat([Buffer.from(part, 'base64url'), Buffer.alloc(1)])),
  ),
  signature('plus the modulus', plusModulus),
  signature('of another token', () => validToken().split('.')[2] ?? ''),
  signature('twice', (part) => part + part),
  signature('padded with =', (part) => `${part}=`),
  signature('padded with ==', (part) => `${part}==`),
  signature('with a last character that is not canonical', nonCanonical),
  signature('with a space inside', (part) => `${part.slice(0, 9)} ${part.slice(9)}`),
  signature('with a tab inside', (part) => `${part.slice(0, 9)}\t${part.slice(9)}`),
  signature('with a percent-encoded character', (part) => `${part.slice(0, 9)}%41${part.slice(10)}`),
  signature('over the header alone', () => rs256(encode(validHeader()))),
  signature('over nothing', () => rs256('')),
  signature('in hexadecimal', (part) => Buffer.from(part, 'base64url').toString('hex')),
  signature('in another case', (part) => part.toUpperCase()),
  ['signature in the alphabet of plain base64', () => withParts(standardAlphabet)],
  ['payload of another token', () => withParts((header, _, part) => `${header}.${encode(validClaims())}.${part}`)],
  [
    'payload for another tenant',
    () =>
      withParts((header, payload, part) => {
        const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Fields;
        return `${header}.${encode({ ...claims, ten: 'globex' })}.${part}`;
      }),
  ],
  [
    'header of the same meaning',
    () => withParts((_, payload, part) => `${encode({ typ: 'JWT', kid: KEY_ID, alg: 'RS256' })}.${payload}.${part}`),
  ],
  ['payload with its end changed', () => withParts((header, payload, part) => `${header}.${payload}AA.${part}`)],
  ['header and payload swapped', () => withParts((header, payload, part) => `${payload}.${header}.${part}`)],
  [
    'header not canonical, signed',
    () => signedTexts(nonCanonical(encode(unevenly(validHeader()))), encode(validClaims())),
  ],
  [
    'payload not canonical, signed',
    () => signedTexts(encode(validHeader()), nonCanonical(encode(unevenly(validClaims())))),
  ],
  ['header padded, signed', () => signedTexts(`${encode(unevenly(validHeader()))}=`, encode(validClaims()))],
  ['payload padded, signed', () => signedTexts(encode(validHeader()), `${encode(unevenly(validClaims()))}=`)],
  [
    'payload in the alphabet of plain base64, signed',
    () =>
      signedTexts(
        encode(validHeader()),
        Buffer.from(JSON.stringify({ ...validClaims(), pad: '\u00ff\u00fe???>>>\u00fb\u00ff' })).toString('base64'),
      ),
  ],
  [
    'payload with a space in its base64url, signed',
    () => signedTexts(encode(validHeader()), encode(validClaims()).replace(/^(.{9})/, '$1 ')),
  ],
  ['a dot in front', () => `.${validToken()}`],
  ['a dot behind', () => `${validToken()}.`],
  ['two dots behind the header', () => withParts((header, payload, part) => `${header}..${payload}.${part}`)],
  ['four parts', () => `${validToken()}.AAAA`],
  ['five parts', () => `${validToken()}.AAAA.AAAA`],
  ['a thousand parts', () => `${validToken()}${'.A'.repeat(997)}`],
  ['one part', () => validToken().replaceAll('.', '')],
  ['dots only', () => '..'],
  ['one dot', () => '.'],
  ['ten thousand dots', () => '.'.repeat(10_000)],
  ['no header', () => withParts((_, payload, part) => `.${payload}.${part}`)],
  ['no payload', () => withParts((header, _, part) => `${header}..${part}`)],
  ['no payload, signed (detached)', () => withParts((header) => `${header}..${rs256(`${header}.`)}`)],
  [
    'an empty payload signed over the genuine one (detached)',
    () => withParts((header, _, part) => `${header}..${part}`),
  ],
  ['colons instead of dots', () => validToken().replaceAll('.', ':')],
  ['the token twice', () => validToken() + validToken()],
  ['a part of one character', () => withParts((header, payload) => `${header}.${payload}.A`)],
  ['in quotes', () => `"${validToken()}"`],
  ['a semicolon behind', () => `${validToken()};`],
  ['a second word behind', () => `${validToken()} x`],
  [
    'a comma and the token again',
    () => {
      const token = validToken();
      return `${token}, Bearer ${token}`;
    },
  ],
  ['the scheme twice', () => `Bearer ${validToken()}`],
  ['not a JWT at all', () => 'opaque-token-0123456789'],
  ['one character', () => 'x'],
  ['one equals sign', () => '='],
  ['in upper case', () => validToken().toUpperCase()],
  ['percent-encoded dots', () => validToken().replaceAll('.', '%2E')],
];

// ---- issuer ----

const HOST = 'piam.eu1.mindsphere.io';

const LOOK_ALIKES: Values = texts(
  `https://acme.${HOST}@evil.example/oauth/token`,
  `https://acme.${HOST}%40evil.example/oauth/token`,
  `https://acme.${HOST}:443@evil.example/oauth/token`,
  `https://evil.example@acme.${HOST}/oauth/token`,
  `https://user:secret@acme.${HOST}/oauth/token`,
  `https://@acme.${HOST}/oauth/token`,
  `https://evil.example/acme.${HOST}/oauth/token`,
  `https://evil.example/https://acme.${HOST}/oauth/token`,
  `https://evil.example/?iss=https://acme.${HOST}/oauth/token`,
  `https://evil.example/#https://acme.${HOST}/oauth/token`,
  `https://evil.example#.${HOST}/oauth/token`,
  `https://evil.example?.${HOST}/oauth/token`,
  `https://evil.example/.${HOST}/oauth/token`,
  `https://evil.example\\.${HOST}/oauth/token`,
  `https://acme.${HOST}.evil.example/oauth/token`,
  `https://acme.${HOST}evil/oauth/token`,
  `https://acme.${HOST}./oauth/token`,
  `https://acme.${HOST}/oauth/token/`,
  `https://acme.${HOST}/oauth/token/../token`,
  `https://acme.${HOST}/oauth/token/evil`,
  `https://acme.${HOST}/oauth/tokenx`,
  `https://acme.${HOST}/oauth/token?x=1`,
  `https://acme.${HOST}/oauth/token?`,
  `https://acme.${HOST}/oauth/token#x`,
  `https://acme.${HOST}/oauth/token#`,
  `https://acme.${HOST}/oauth/token;x`,
  `https://acme.${HOST}//oauth/token`,
  `https://acme.${HOST}/x/../oauth/token`,
  `https://acme.${HOST}/%6fauth/token`,
  `https://acme.${HOST}/OAuth/Token`,
  `https://acme.${HOST}/oauth`,
  `https://acme.${HOST}/`,
  `https://acme.${HOST}`,
  `acme.${HOST}/oauth/token`,
  `//acme.${HOST}/oauth/token`,
  `https:/acme.${HOST}/oauth/token`,
  `https:///acme.${HOST}/oauth/token`,
  `http://acme.${HOST}/oauth/token`,
  `ftp://acme.${HOST}/oauth/token`,
  `HTTPS://acme.${HOST}/oauth/token`,
  `Https://acme.${HOST}/oauth/token`,
  `https://ACME.${HOST}/oauth/token`,
  `https://Acme.${HOST}/oauth/token`,
  `https://acme.PIAM.eu1.mindsphere.io/oauth/token`,
  `https://acme.piam.eu1.MindSphere.io/oauth/token`,
  `https://acme.${HOST}:443/oauth/token`,
  `https://acme.${HOST}:8443/oauth/token`,
  `https://acme.${HOST}:/oauth/token`,
  `https:\\\\acme.${HOST}\\oauth\\token`,
  `https://acme.${HOST}\\oauth/token`,
  `https://acme\\.${HOST}/oauth/token`,
  `https://acm%65.${HOST}/oauth/token`,
  `https://acme%2E${HOST}/oauth/token`,
  `https://acme%00.${HOST}/oauth/token`,
  `https%3A%2F%2Facme.${HOST}%2Foauth%2Ftoken`,
  `https://\u0430cme.${HOST}/oauth/token`,
  `https://acm\u0435.${HOST}/oauth/token`,
  `https://\uff41cme.${HOST}/oauth/token`,
  `https://acme\u3002${HOST}/oauth/token`,
  `https://acme\uff0e${HOST}/oauth/token`,
  `https://acme\u200b.${HOST}/oauth/token`,
  `https://acme\u00ad.${HOST}/oauth/token`,
  `https://acme.p\u0131am.eu1.mindsphere.io/oauth/token`,
  `https://\u212aacme.${HOST}/oauth/token`,
  `https://acme.${HOST}/oauth/to\u212aen`,
  `https://xn--cme-7cd.${HOST}/oauth/token`,
  `https://..${HOST}/oauth/token`,
  `https://...${HOST}/oauth/token`,
  `https://../acme.${HOST}/oauth/token`,
  `https://.${HOST}/oauth/token`,
  `https://${HOST}/oauth/token`,
  `https://-.${HOST}/oauth/token`,
  `https://-acme.${HOST}/oauth/token`,
  `https://acme-.${HOST}/oauth/token`,
  `https://ac_me.${HOST}/oauth/token`,
  `https://acme .${HOST}/oauth/token`,
  `https://acme,evil.${HOST}/oauth/token`,
  `https://*.${HOST}/oauth/token`,
  `https://{tenant}.${HOST}/oauth/token`,
  `https://a.acme.${HOST}/oauth/token`,
  `https://acme.a.${HOST}/oauth/token`,
  `https://acme.evil.example.${HOST}/oauth/token`,
  `https://acme/x.${HOST}/oauth/token`,
  `https://acme?x.${HOST}/oauth/token`,
  `https://acme#x.${HOST}/oauth/token`,
  `https://acme:1.${HOST}/oauth/token`,
  `https://${'a'.repeat(64)}.${HOST}/oauth/token`,
  `https://${'a'.repeat(4_000)}.${HOST}/oauth/token`,
  `https://acme.piam.eu2.mindsphere.io/oauth/token`,
  `https://acme.piam.eu1.mindsphere-in.cn/oauth/token`,
  `https://acme.piamXeu1.mindsphere.io/oauth/token`,
  `https://acmeXpiam.eu1.mindsphere.io/oauth/token`,
  `https://acme-piam.eu1.mindsphere.io/oauth/token`,
  `https://acme.gateway.eu1.mindsphere.io/oauth/token`,
  'https://gateway.eu1.mindsphere.io/oauth/token',
  'https://southgate.eu1.mindsphere.io/api/agentmanagement/',
  ` https://acme.${HOST}/oauth/token`,
  `https://acme.${HOST}/oauth/token `,
  `https://acme.${HOST}/oauth/token\n`,
  `\nhttps://acme.${HOST}/oauth/token`,
  `https://acme.${HOST}/oauth/token\u0000`,
  `https://acme\u0000.${HOST}/oauth/token`,
  `https://acme\n.${HOST}/oauth/token`,
  `https://acme\t.${HOST}/oauth/token`,
  `https://ac\r\nme.${HOST}/oauth/token`,
  `https://evil.example\nhttps://acme.${HOST}/oauth/token`,
  `https://acme.${HOST}/oauth/token\nhttps://evil.example`,
  `\ufeffhttps://acme.${HOST}/oauth/token`,
  `javascript:https://acme.${HOST}/oauth/token`,
  'acme',
  'core',
  '',
);

const ISSUERS: readonly Attack[] = [
  ...ofClaim('iss', [
    ...LOOK_ALIKES,
    // A label like any other, but of a server that does not exist.
    [`a label of 63 characters`, issuerOf('a'.repeat(63))],
    ['missing', undefined],
    ...NO_TEXTS,
    ['the right one in a list', [issuerOf('acme')]],
    ['the right one in a list of two', [issuerOf('acme'), 'https://evil.example']],
    ['an object that seems to be a text', { toString: issuerOf('acme'), length: 48 }],
  ]),
  ['iss: the address of the key set itself', (trap) => withClaims({ iss: new URL('/oauth/token', trap).href })],
  [
    'iss: twice, the last one wrong',
    () => withClaimsText(withMember('x', `0,"iss":"https://evil.example/oauth/token"`)),
  ],
  ['iss: only in __proto__', () => withClaimsText(inPrototype('iss', issuerOf('acme')))],
];

// ---- time ----

const NO_TIMES: Values = [
  ['null', null],
  ['true', true],
  ['a list', [4_000_000_000]],
  ['an object', {}],
  ['a number in a text', '4000000000'],
  ['an empty text', ''],
  ['a date in a text', '2099-01-01T00:00:00Z'],
];

const TIMES: readonly Attack[] = [
  ...ofClaim('exp', [['missing', undefined], ...NO_TIMES]),
  ...ofClaim('nbf', withoutNull(NO_TIMES)),
  ...ofClaim('iat', withoutNull(NO_TIMES)),
  ...['exp', 'nbf', 'iat'].flatMap((claim): Attack[] => [
    [`${claim}: 1e999`, () => withClaimsText(withMember(claim, '1e999'))],
    [`${claim}: 1e300`, () => withClaimsText(withMember(claim, '1e300'))],
    [`${claim}: NaN`, () => withClaimsText(withMember(claim, 'NaN'))],
  ]),
  ...ofClaim('exp', [
    ['0', 0],
    ['-1', -1],
    ['-0', -0],
    ['1', 1],
    ['an hour ago', seconds() - 3_600],
  ]),
  ['exp: -1e999', () => withClaimsText(withMember('exp', '-1e999'))],
  ['exp: just past the tolerance', () => withClaims({ exp: seconds() - 31 })],
  ['exp: in milliseconds', () => withClaims({ exp: Date.now() + 1_800_000 })],
  ['exp: in microseconds', () => withClaims({ exp: Date.now() * 1_000 })],
  ['exp: twice, the last one over', () => withClaimsText(withMember('x', '0,"exp":1600000000'))],
  ['nbf: beyond the tolerance', () => withClaims({ nbf: seconds() + 40 })],
  ['nbf: in milliseconds', () => withClaims({ nbf: Date.now() })],
  ['iat: beyond the tolerance', () => withClaims({ iat: seconds() + 40 })],
  ['iat: in milliseconds', () => withClaims({ iat: Date.now() })],
];

// ---- tenants ----

const NO_LABELS = texts(
  'acme.evil',
  'ACME.EVIL',
  '.',
  '..',
  '../x',
  '..%2fx',
  'acme/../x',
  'acme/x',
  '/acme',
  'acme\\x',
  'acme.',
  '.acme',
  ' acme',
  'acme ',
  'acme\n',
  '\nacme',
  'acme\r\nX: y',
  'acme\u0000',
  'ac me',
  '-acme',
  'acme-',
  '-',
  'ac_me',
  'acme:80',
  'acme@evil',
  'acme?x',
  'acme#x',
  'acme%2e',
  'acme,evil',
  '*',
  '{tenant}',
  '\u0430cme',
  '\uff41cme',
  'acme\u200b',
  '\ud800',
  '"acme"',
  'a'.repeat(64),
  'a'.repeat(3_000),
  '${jndi:ldap://evil}',
  '<script>',
  '\u212aacme',
  'acme\u2028',
);

const WRONG_TEXTS: Values = [
  ...NO_TEXTS,
  ['the right one in a list', ['acme']],
  ['an object like a text', { length: 4 }],
];

const TENANTS: readonly Attack[] = [
  ...ofClaim('ten', [['missing', undefined], ...texts(''), ...NO_LABELS, ...WRONG_TEXTS]),
  ...ofClaim('subtenant', [...NO_LABELS, ...withoutNull(WRONG_TEXTS)]),
  ['ten: twice, the last one no label', () => withClaimsText(withMember('x', '0,"ten":"acme.evil"'))],
  ['ten: only in __proto__', () => withClaimsText(inPrototype('ten', 'acme'))],
  ['ten: only in tenant', () => withClaims({ ten: undefined, tenant: 'acme' })],
];

// ---- clients and kinds of token ----

const cid = (value: unknown): Fields => ({ cid: value, client_id: value });

const CLIENTS: readonly Attack[] = [
  ...[
    ...texts(
      'otherapp-host1',
      'myapp-host2',
      'my-host1',
      'myap-host1',
      'myapp2-host1',
      'xmyapp-host1',
      'my-app-host1',
      'myapp-x-host1',
      'myapp-host-1',
      'myapp-host1-host2',
      'x-myapp-host1',
      'myapp',
      'myapp-',
      '-host1',
      '-',
      'host1-myapp',
      'myapp--host1',
      'myapp_host1',
      'myapp.host1',
      'myapp-host.1',
      'myapp-host_1',
      ' myapp-host1',
      'myapp-host1 ',
      'myapp-host1\n',
      'myapp-host1\u0000',
      'myapp\u0000-host1',
      'my\u0430pp-host1',
      'myapp\u2010host1',
      'myapp-../x',
      `myapp-${'h'.repeat(64)}`,
      '',
      'any',
      '*',
      '__proto__',
      'constructor',
    ),
    ...NO_TEXTS,
    ['the right one in a list', ['myapp-host1']] as const,
  ].map(([name, value]): Attack => [`cid: ${name}`, () => withClaims(cid(value))]),
  ['cid: missing', () => withClaims({ cid: undefined })],
  ['cid and client_id: missing', () => withClaims(cid(undefined))],
  ['cid: twice, the last one of another app', () => withClaimsText(withMember('x', '0,"cid":"otherapp-host1"'))],
  ...ofClaim('client_id', [
    ...texts('otherapp-host1', 'myapp-host2', 'myapp', '', 'MYAPP-host1', 'myapp-host1 '),
    ...withoutNull(NO_TEXTS),
    ['the right one in a list', ['myapp-host1']],
  ]),
];

const TECHNICAL: Fields = {
  sub: 'myapp-host1',
  user_id: undefined,
  user_name: undefined,
  email: undefined,
  grant_type: 'client_credentials',
};

const KINDS: readonly Attack[] = [
  ['a technical token', () => withClaims(TECHNICAL)],
  ['a technical token without grant_type', () => withClaims({ ...TECHNICAL, grant_type: undefined })],
  [
    'a technical token that says authorization_code',
    () => withClaims({ ...TECHNICAL, grant_type: 'authorization_code' }),
  ],
  ['client_credentials with a user', () => withClaims({ grant_type: 'client_credentials' })],
  ['no user_id and no user_name', () => withClaims({ user_id: undefined, user_name: undefined })],
  ['empty user_id and user_name', () => withClaims({ user_id: '', user_name: '' })],
  ['user_id empty, user_name missing', () => withClaims({ user_id: '', user_name: undefined })],
  [
    "an agent's token",
    () => withClaims({ iss: 'https://southgate.eu1.mindsphere.io/api/agentmanagement/', zid: 'agentiam' }),
  ],
  ["an agent's zone under a tenant's issuer", () => withClaims({ zid: 'agentiam' })],
  ...['grant_type', 'zid', 'user_id', 'user_name', 'email'].flatMap((claim) => ofClaim(claim, withoutNull(NO_TEXTS))),
  ['user_id and user_name: null', () => withClaims({ user_id: null, user_name: null })],
  ['grant_type: client_credentials in a list', () => withClaims({ grant_type: ['client_credentials'] })],
  ['zid: agentiam in a list', () => withClaims({ zid: ['agentiam'] })],
  [
    'grant_type: twice, the last one client_credentials',
    () => withClaimsText(withMember('x', '0,"grant_type":"client_credentials"')),
  ],
  ...ofClaim('scope', [
    ['a number', 1],
    ['true', true],
    ['an object', { 0: 'myapp.user', length: 1 }],
    ['a list of numbers', [1]],
    ['a list of lists', [['myapp.user']]],
    ['a list with null', ['myapp.user', null]],
  ]),
];

// ---- payloads ----

/** Unsigned, because nobody who has the key would: it must be refused before anybody looks at the signature. */
const unsigned = (payload: string): string => `${encode(validHeader())}.${encode(payload)}.${noise(256)}`;
const deepClaim = (claim: string): Attack => [
  `${claim}: 5,300 nested lists, unsigned`,
  () => unsigned(withMember(claim, nested(5_300))(JSON.stringify(validClaims()))),
];

const PAYLOADS: readonly Attack[] = [
  ...texts(
    'null',
    '[]',
    '{}',
    '""',
    '"claims"',
    '0',
    '1e999',
    'true',
    '',
    ' ',
    '{',
    '}',
    '[{}',
    'undefined',
    'NaN',
  ).map(([name, text]): Attack => [`payload ${name}`, () => signed(validHeader(), text)]),
  ['payload: the claims in a list', () => signed(validHeader(), [validClaims()])],
  ['payload: the claims in an object', () => signed(validHeader(), { claims: validClaims() })],
  ['payload: the claims as a JSON text', () => withClaimsText((json) => JSON.stringify(json))],
  ['payload: the claims twice', () => withClaimsText((json) => json + json)],
  ['payload with a NUL behind', () => withClaimsText((json) => `${json}\u0000`)],
  ['payload with a comment', () => withClaimsText((json) => json.replace('{', '{/* x */'))],
  ['payload with a trailing comma', () => withClaimsText((json) => json.replace(/\}$/, ',}'))],
  ['payload in single quotes', () => withClaimsText((json) => json.replaceAll('"', "'"))],
  ['payload after a byte order mark', () => withClaimsText((json) => `\ufeff${json}`)],
  ['payload in UTF-16', () => withClaimsText((json) => Buffer.from(json, 'utf16le'))],
  [
    'payload in Latin-1',
    () => signed(validHeader(), Buffer.from(JSON.stringify({ ...validClaims(), x: 'é' }), 'latin1')),
  ],
  [
    'payload with an overlong slash',
    () =>
      withClaimsText((json) =>
        Buffer.concat([Buffer.from(`${json.slice(0, -1)},"x":"`), Buffer.of(0xc0, 0xaf), Buffer.from('"}')]),
      ),
  ],
  [
    'payload with half a character',
    () =>
      withClaimsText((json) =>
        Buffer.concat([Buffer.from(`${json.slice(0, -1)},"x":"`), Buffer.of(0xe2, 0x82), Buffer.from('"}')]),
      ),
  ],
  ['payload of 10,000 opened lists', () => unsigned('['.repeat(10_000))],
  ['payload of 5,500 nested lists', () => signed(validHeader(), nested(5_500))],
  ['payload of 1,900 nested objects', () => unsigned(`${'{"a":'.repeat(1_900)}1${'}'.repeat(1_900)}`)],
  ...['iss', 'ten', 'cid', 'exp', 'nbf', 'subtenant', 'scope', 'zid', 'x'].map(deepClaim),
  ['x: 5,300 nested lists, signed', () => withClaimsText(withMember('x', nested(5_300)))],
  ['one character more than 16 kB', () => tokenOfLength(16_385)],
  ['twenty kilobytes', () => tokenOfLength(20_000)],
  ['sixty kilobytes', () => tokenOfLength(60_000)],
  ['sixty kilobytes of nothing', () => 'a'.repeat(60_000)],
  [
    'a huge number of claims, unsigned',
    () => unsigned(JSON.stringify(Object.fromEntries(Array.from({ length: 1_200 }, (_, at) => [`c${at}`, 1])))),
  ],
  ['a number of 8,000 digits as exp, unsigned', () => unsigned(`{"exp":${'9'.repeat(8_000)}}`)],
];

/** Every forged token, by what is attacked. */
export const ATTACKS: Readonly<Record<string, readonly Attack[]>> = {
  algorithm: ALGORITHMS,
  header: HEADERS,
  key: KEY_CONFUSION,
  'signature and form': SIGNATURES,
  issuer: ISSUERS,
  time: TIMES,
  tenant: TENANTS,
  client: CLIENTS,
  'kind of token': KINDS,
  payload: PAYLOADS,
};

const NULLS = Object.fromEntries(
  ['nbf', 'iat', 'subtenant', 'client_id', 'grant_type', 'zid', 'email', 'scope'].map((claim) => [claim, null]),
);

/** Unusual, but allowed by the protocol page: what the attacks resemble and must not be mistaken for. */
export const HARMLESS: readonly Attack[] = [
  [
    'jwk, jku, x5u and x5c of somebody else, which are ignored',
    (url) => withHeader({ jwk: attackersKey(), jku: url, x5u: url, x5c: x5c(), x5t: noise(20) }),
  ],
  ['a header member nobody knows', () => withHeader({ jid: 'x', zip: 'DEF', cty: 'JWT' })],
  ['typ jwt', () => withHeader({ typ: 'jwt' })],
  ['header members in another order', () => signed({ typ: 'JWT', kid: KEY_ID, alg: 'RS256' }, validClaims())],
  [
    'white space in the JSON texts',
    () => signed(JSON.stringify(validHeader(), null, 2), JSON.stringify(validClaims(), null, '\t')),
  ],
  ['a token signed by the platform itself', () => withHeader({}, KEYS.platform)],
  ['a key of the set that signs no more', () => withHeader({ kid: 'key-id-1' }, KEYS.decoy)],
  ['exp within the tolerance', () => withClaims({ exp: seconds() - 25 })],
  ['nbf and iat within the tolerance', () => withClaims({ nbf: seconds() + 25, iat: seconds() + 25 })],
  ['exp with a fraction', () => withClaims({ exp: seconds() + 60.5 })],
  ['no iat and no nbf', () => withClaims({ iat: undefined, nbf: undefined })],
  ['cid without client_id', () => withClaims({ client_id: undefined })],
  ['cid in capitals', () => withClaims(cid('MYAPP-Host1'))],
  ['a jku of this machine', () => withHeader({ jku: 'http://localhost:8080/uaa/token_keys' })],
  ['null in every optional claim', () => withClaims(NULLS)],
  ['user_name null', () => withClaims({ user_name: null })],
  ['user_id null', () => withClaims({ user_id: null })],
  ['an empty user_id', () => withClaims({ user_id: '' })],
  ['an empty user_name', () => withClaims({ user_name: '' })],
  ['user_name without user_id', () => withClaims({ user_id: undefined })],
  ['user_id without user_name', () => withClaims({ user_name: undefined })],
  ['an empty subtenant', () => withClaims({ subtenant: '' })],
  ['no scope', () => withClaims({ scope: undefined })],
  ['scope as a text', () => withClaims({ scope: 'myapp.user other' })],
  ['16 kB exactly', () => tokenOfLength(16_384)],
  [
    'claims named __proto__, constructor and toString',
    () =>
      withClaimsText(
        withMember(
          'x',
          '0,"__proto__":{"polluted":true,"ten":"evil"},"constructor":{"prototype":{"polluted":true}},"toString":1',
        ),
      ),
  ],
  ['characters of all planes', () => withClaims({ user_name: 'Ånn 李 🙂 \u0000 \u202e' })],
  ['two exp, the first one over: the last one counts', () => withClaimsText((json) => json.replace('{', '{"exp":1,'))],
  [
    'two alg, the first one none: the last one counts',
    () => withHeaderText((json) => json.replace('{', '{"alg":"none",')),
  ],
  ['50 nested lists in a claim nobody knows', () => withClaimsText(withMember('x', nested(50)))],
  ['an aud of others', () => withClaims({ aud: 'somebody' })],
];

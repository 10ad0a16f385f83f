/**
 * Bytes of a string together with where each one came from: after escapes are decoded, byte `at` stands for the original
 * bytes from `starts[at]` to `ends[at]`.
 */
export interface DecodedBytes {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** What one escape stands for, and the position behind it. */
interface Escape {
  readonly codePoint: number;
  readonly end: number;
}

/** Named character references of HTML for what can stand in a secret: each name with its character behind it. */
const REFERENCES =
  'amp& lt< gt> quot" apos\' plus+ equals= sol/ bsol\\ percnt% colon: semi; excl! num# dollar$ ast* lpar( rpar) comma, ' +
  'period. quest? commat@ lsqb[ rsqb] lbrack[ rbrack] hat^ lowbar_ grave` lcub{ rcub} lbrace{ rbrace} verbar| vert|';
const NAMES: ReadonlyMap<string, string> = new Map(
  REFERENCES.split(' ').map((reference) => [reference.slice(0, -1), reference.slice(-1)]),
);
const LONGEST_NAME = 6;
const MOST_DIGITS = 8;

const [ZERO_BYTE, HASH, PERCENT, AMPERSAND, SEMICOLON, BACKSLASH] = [0, 0x23, 0x25, 0x26, 0x3b, 0x5c];
const [LOWER_U, LOWER_X, OPEN_BRACE, CLOSE_BRACE] = [0x75, 0x78, 0x7b, 0x7d];
const LOWER_CASE = 0x20;

/** Whether there is anything to decode. */
export function mayHoldEscapes(bytes: Uint8Array): boolean {
  return [ZERO_BYTE, PERCENT, AMPERSAND, BACKSLASH].some((byte) => bytes.includes(byte));
}

/** The bytes as they are. */
export function undecoded(bytes: Uint8Array): DecodedBytes {
  const [starts, ends] = [new Uint32Array(bytes.length), new Uint32Array(bytes.length)];
  for (let at = 0; at < bytes.length; at += 1) {
    starts[at] = at;
    ends[at] = at + 1;
  }
  return { bytes, starts, ends };
}

/**
 * Decodes the usual escapes once: percent-encoding (RFC 3986), character references of HTML, backslashes of JSON and
 * JavaScript; zero bytes, which UTF-16 puts between letters, are left out. `undefined` where there is no escape. Takes
 * time proportional to the length.
 */
export function decodeEscapes({ bytes, starts, ends }: DecodedBytes): DecodedBytes | undefined {
  // An escape is always longer than what it stands for, so what is decoded has room in the same length.
  const to = { bytes: new Uint8Array(bytes.length), starts: starts.slice(), ends: ends.slice() };
  let length = 0;
  const put = (byte: number, from: number, end: number) => {
    to.bytes[length] = byte;
    to.starts[length] = starts[from] ?? 0;
    to.ends[length] = ends[end - 1] ?? 0;
    length += 1;
  };
  for (let at = 0, end: number; at < bytes.length; at = end) {
    const byte = bytes[at] ?? 0;
    const escape = escapeAt(bytes, at, byte);
    end = escape?.end ?? at + 1;
    if (escape !== undefined) for (const decoded of encoded(escape.codePoint, byte)) put(decoded, at, end);
    else if (byte !== ZERO_BYTE) put(byte, at, end);
  }
  if (length === bytes.length) return undefined;
  return {
    bytes: to.bytes.subarray(0, length),
    starts: to.starts.subarray(0, length),
    ends: to.ends.subarray(0, length),
  };
}

function escapeAt(bytes: Uint8Array, at: number, byte: number): Escape | undefined {
  if (byte === PERCENT) return hexAt(bytes, at + 1, 2);
  if (byte === AMPERSAND) return bytes[at + 1] === HASH ? numberAt(bytes, at + 2) : nameAt(bytes, at + 1);
  return byte === BACKSLASH ? backslashAt(bytes, at + 1) : undefined;
}

/** Percent-encoding gives bytes; every other escape gives characters. */
function encoded(codePoint: number, introducer: number): Iterable<number> {
  return codePoint < 0x80 || introducer === PERCENT ? [codePoint] : Buffer.from(character(codePoint), 'utf8');
}

function character(codePoint: number): string {
  return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : '\ufffd';
}

/** `&#38;`, `&#x26;`; the semicolon may be missing, as browsers allow. */
function numberAt(bytes: Uint8Array, at: number): Escape | undefined {
  const isHex = ((bytes[at] ?? 0) | LOWER_CASE) === LOWER_X;
  const number = isHex ? digitsAt(bytes, at + 1, 16) : digitsAt(bytes, at, 10);
  return number && { ...number, end: number.end + (bytes[number.end] === SEMICOLON ? 1 : 0) };
}

/** `&amp;` */
function nameAt(bytes: Uint8Array, at: number): Escape | undefined {
  let name = '';
  for (let end = at; end <= at + LONGEST_NAME; end += 1) {
    const byte = bytes[end] ?? 0;
    if (byte === SEMICOLON) return named(name, end + 1);
    if (!isLetter(byte)) return undefined;
    name += String.fromCharCode(byte | LOWER_CASE);
  }
  return undefined;
}

function named(name: string, end: number): Escape | undefined {
  const codePoint = NAMES.get(name)?.codePointAt(0);
  return codePoint === undefined ? undefined : { codePoint, end };
}

/** `\u0026`, `\u{26}`, `\x26`, `\/`, `\"` */
function backslashAt(bytes: Uint8Array, at: number): Escape | undefined {
  const kind = bytes[at] ?? 0;
  if (kind === LOWER_X) return hexAt(bytes, at + 1, 2);
  if (kind !== LOWER_U) return isPunctuation(kind) ? { codePoint: kind, end: at + 1 } : undefined;
  if (bytes[at + 1] !== OPEN_BRACE) return unitsAt(bytes, at + 1);
  const number = digitsAt(bytes, at + 2, 16);
  return number && bytes[number.end] === CLOSE_BRACE ? { ...number, end: number.end + 1 } : undefined;
}

/** One UTF-16 unit of four digits, or two that are one character. */
function unitsAt(bytes: Uint8Array, at: number): Escape | undefined {
  const first = hexAt(bytes, at, 4);
  const isHigh = first !== undefined && first.codePoint >= 0xd800 && first.codePoint < 0xdc00;
  if (!isHigh || bytes[first.end] !== BACKSLASH || bytes[first.end + 1] !== LOWER_U) return first;
  const second = hexAt(bytes, first.end + 2, 4);
  if (second === undefined) return first;
  const codePoint = String.fromCharCode(first.codePoint, second.codePoint).codePointAt(0) ?? first.codePoint;
  return { codePoint, end: second.end };
}

/** Exactly so many hexadecimal digits. */
function hexAt(bytes: Uint8Array, at: number, count: number): Escape | undefined {
  const number = digitsAt(bytes, at, 16, count);
  return number?.end === at + count ? number : undefined;
}

function digitsAt(bytes: Uint8Array, at: number, radix: 10 | 16, most: number = MOST_DIGITS): Escape | undefined {
  let codePoint = 0;
  let end = at;
  for (; end < at + most; end += 1) {
    const digit = digitOf(bytes[end] ?? 0);
    if (digit >= radix) break;
    codePoint = codePoint * radix + digit;
  }
  return end === at ? undefined : { codePoint, end };
}

/** The value of a hexadecimal digit; more than any digit for another byte. */
function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | LOWER_CASE;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Infinity;
}

function isPunctuation(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && !isLetter(byte) && digitOf(byte) > 9;
}

function isLetter(byte: number): boolean {
  return (byte | LOWER_CASE) >= 0x61 && (byte | LOWER_CASE) <= 0x7a;
}

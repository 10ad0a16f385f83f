import { type DecodedBytes, decodeEscapes, mayHoldEscapes, undecoded } from './escapes.js';

const MAX_LENGTH = 200;
/** Of a longer string, only so many bytes are read: the rest is not shown. */
const MAX_LENGTH_READ = 16_384;
const MASK = '***';
/** A secret may be escaped twice (JSON in HTML in a URL); this is one more. */
const ESCAPE_ROUNDS = 3;
/** An escape such as `\u0026` takes so many characters for one. */
const LONGEST_ESCAPE = 6;

/** One class, so that each run of such characters is looked at once; shorter ones hold no two parts of a JWT. */
const RUN = /[A-Za-z0-9_.-]{17,}/g;
/** Two parts that are long enough; of fixed length, so that nothing is looked at again and again. */
const MAY_HOLD_JWT = /[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{8}/;
const AUTH_SCHEME = /\b(basic|bearer)[\s:]+[A-Za-z0-9+/_=.~-]+/gi;

/** From this length on, a part counts as one of a JWT; words of error codes are shorter. */
const LONG_PART = 30;
const SHORT_PART = 8;

/** Replaces secrets in strings and bytes. */
export interface Masker {
  (value: string): string;
  readonly bytes: (bytes: Uint8Array) => Uint8Array;
  /** As `bytes`, but of what is longer than `most` only the start, which does not end within a secret. */
  readonly startOf: (bytes: Uint8Array, most: number) => Uint8Array;
}

/**
 * Makes the function that prepares a server's message for logs and errors: a server (or a proxy's error page) may repeat
 * what it was sent. It removes the given secrets, what looks like a token or credentials, and control characters, and
 * cuts to 200 characters. Takes time proportional to the length.
 */
export function redactor(...secrets: readonly string[]): (value: string) => string {
  let mask: Masker | undefined;
  return (value) => {
    const start = (mask ??= masker(...secrets)).startOf(Buffer.from(value, 'utf8'), MAX_LENGTH_READ);
    const words = Buffer.from(start).toString('utf8').replace(AUTH_SCHEME, `$1 ${MASK}`);
    return clean(withoutTokens(words));
  };
}

/** Replaces what looks like a JWT. Takes time proportional to the length. */
export function withoutTokens(value: string): string {
  return value.replace(RUN, (run) => (MAY_HOLD_JWT.test(run) ? withoutJwts(run) : run));
}

/**
 * Replaces the given secrets, also where they are encoded as Base64 or escaped (percent-encoding, JSON, HTML), and
 * leaves the rest as it is. Takes time proportional to the length.
 */
export function masker(...secrets: readonly string[]): Masker {
  const forms = formsOf(secrets);
  const longest = LONGEST_ESCAPE * Math.max(0, ...forms.map((form) => form.length));
  const bytes = (given: Uint8Array) => withoutRanges(given, rangesOf(given, forms));
  const startOf = (given: Uint8Array, most: number) => {
    if (given.length <= most + longest) return bytes(given);
    const start = bytes(given.subarray(0, most + longest));
    return start.subarray(0, Math.max(0, start.length - longest));
  };
  const value = (given: string) => {
    const encoded = Buffer.from(given, 'utf8');
    const masked = bytes(encoded);
    return masked === encoded ? given : Buffer.from(masked).toString('utf8');
  };
  return Object.assign(value, { bytes, startOf });
}

/** The secrets of a JWT: whole, without its signature, and the parts that make it one. Its header is no secret. */
export function secretsOfJwt(jwt: string): readonly string[] {
  const [header, payload, signature] = jwt.split('.', 4);
  const parts = [payload, signature].filter((part) => part !== undefined && part.length > LONG_PART);
  return [jwt, ...(payload === undefined ? [] : [`${header}.${payload}`]), ...parts].filter(
    (part) => part !== undefined,
  );
}

function formsOf(secrets: readonly string[]): readonly Buffer[] {
  const encodings = secrets.flatMap((secret) => {
    const bytes = Buffer.from(secret, 'utf8');
    const base64 = bytes.toString('base64');
    // In a form, a space is a plus.
    return [secret, secret.replaceAll(' ', '+'), base64, base64.replaceAll('=', ''), bytes.toString('base64url')];
  });
  return [...new Set(encodings)].filter((form) => form !== '').map((form) => Buffer.from(form, 'utf8'));
}

/** A range of bytes to replace. */
type Range = readonly [start: number, end: number];

/** Where the forms stand, in order, overlapping ones united. */
function rangesOf(bytes: Uint8Array, forms: readonly Buffer[]): readonly Range[] {
  const ranges = forms.flatMap((form) => occurrences(bytes, form).map((at): Range => [at, at + form.length]));
  let decoded = mayHoldEscapes(bytes) ? decodeEscapes(undecoded(bytes)) : undefined;
  for (let round = 1; decoded !== undefined && round <= ESCAPE_ROUNDS; round += 1) {
    for (const form of forms) ranges.push(...decodedRanges(decoded, form));
    decoded = decodeEscapes(decoded);
  }
  return united(ranges);
}

function decodedRanges({ bytes, starts, ends }: DecodedBytes, form: Buffer): Range[] {
  return occurrences(bytes, form).map((at) => [starts[at] ?? 0, ends[at + form.length - 1] ?? 0]);
}

function occurrences(bytes: Uint8Array, form: Buffer): number[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const places: number[] = [];
  for (let at = buffer.indexOf(form); at !== -1; at = buffer.indexOf(form, at + form.length)) places.push(at);
  return places;
}

function united(ranges: readonly Range[]): readonly Range[] {
  const all: Range[] = [];
  for (const [start, end] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = all.at(-1);
    if (last === undefined || start >= last[1]) all.push([start, end]);
    else all[all.length - 1] = [last[0], Math.max(last[1], end)];
  }
  return all;
}

function withoutRanges(bytes: Uint8Array, ranges: readonly Range[]): Uint8Array {
  if (ranges.length === 0) return bytes;
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const [start, end] of ranges) {
    pieces.push(bytes.subarray(from, start), Buffer.from(MASK));
    from = end;
  }
  return Buffer.concat([...pieces, bytes.subarray(from)]);
}

/** Of a run of parts with dots between them: two or three parts that can be a JWT's become the mask. */
function withoutJwts(run: string): string {
  const parts = run.split('.');
  const kept: string[] = [];
  for (let at = 0; at < parts.length; at += 1) {
    const [part = '', next = ''] = [parts[at], parts[at + 1]];
    const isJwt = next.length >= SHORT_PART && canBeginJwt(part);
    kept.push(isJwt ? MASK : part);
    if (isJwt) at += 2;
  }
  return kept.join('.');
}

function canBeginJwt(part: string): boolean {
  if (part.length >= LONG_PART) return true;
  const begin = part.startsWith('ey') ? 0 : part.indexOf('-ey') + 1;
  return part.length - begin >= SHORT_PART && part.startsWith('ey', begin);
}

function clean(value: string): string {
  const line = value.replace(/[^\P{C}]+/gu, ' ').trim();
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
}

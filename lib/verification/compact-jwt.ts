import { isUtf8 } from 'node:buffer';
import { parseValues } from '../util/json.js';
import type { Claims } from '../util/jwt.js';
import { quoted, refused } from './refused.js';

/** A header of Node takes 16 kB in all; a token above this is refused before any work. */
const LONGEST_TOKEN = 16_384;
const LONGEST_KEY_ID = 256;
/** Deeper claims would overflow the stack of code that walks them. */
const DEEPEST_CLAIM = 64;

/** A token whose form is right. Nothing in it is verified. */
export interface CompactJwt {
  /** The token as it was presented. A secret. */
  readonly value: string;
  readonly keyId: string;
  readonly claims: Claims;
}

/** Reads a token strictly. Throws `token_malformed`, `token_algorithm` or `token_type`. */
export function readCompactJwt(value: unknown): CompactJwt {
  if (typeof value !== 'string' || value === '') throw malformed('it is not a string');
  if (value.length > LONGEST_TOKEN) throw malformed('it is too long');
  const parts = value.split('.', 4);
  if (parts.length !== 3 || !parts.every(isCanonicalBase64Url)) {
    throw malformed(`it is not three base64url parts${hintOf(value)}`);
  }
  const [header, payload] = parts as [string, string, string];
  return { value, keyId: readHeader(decodeObject(header)), claims: decodeObject(payload) };
}

/** What clients send by mistake in place of a token. */
function hintOf(text: string): string {
  if (/^bearer /i.test(text)) return ': it begins with the word Bearer once more';
  if (/^["']/.test(text)) return ': it begins with a quote';
  return text === 'undefined' || text === 'null' ? `: it is the word ${text}` : '';
}

/** The key id of an acceptable header. Keys and URLs in it (`jku`, `jwk`, `x5u`, `x5c`) are ignored. */
function readHeader(header: Claims): string {
  const { alg, typ, kid } = header;
  if (alg !== 'RS256') throw refused('token_algorithm', `its alg is ${quoted(alg)}, not RS256`);
  if (typeof typ !== 'string' || typ.toUpperCase() !== 'JWT') {
    throw refused('token_type', `its typ is ${quoted(typ)}, not JWT`);
  }
  // jose supports b64, which changes what is signed; no other extension is supported (RFC 7515, section 4.1.11).
  if ('crit' in header || 'b64' in header) throw malformed('its header demands extensions');
  if (typeof kid !== 'string' || kid === '' || kid.length > LONGEST_KEY_ID) throw malformed('its kid is not a key id');
  return kid;
}

function decodeObject(part: string): Claims {
  const values = parseValues(decodeString(part));
  if (values === undefined) throw malformed('a part is not a JSON object');
  if (!isShallow(values)) throw malformed('a part is nested too deeply');
  return values;
}

function decodeString(part: string): string {
  const bytes = Buffer.from(part, 'base64url');
  if (!isUtf8(bytes)) throw malformed('a part is not UTF-8');
  return bytes.toString('utf8');
}

/** Without padding, and with the unused bits of the last character zero: each token has one spelling. */
function isCanonicalBase64Url(part: string): boolean {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return false;
  const rest = part.length % 4;
  if (rest === 0) return true;
  return rest !== 1 && (rest === 2 ? /[AQgw]$/ : /[AEIMQUYcgkosw048]$/).test(part);
}

function malformed(why: string): Error {
  return refused('token_malformed', why);
}

/** Whether a value made by `JSON.parse` can be walked without overflowing the stack. */
function isShallow(value: object, levels: number = DEEPEST_CLAIM): boolean {
  if (levels === 0) return false;
  for (const inner of innerValues(value)) {
    if (typeof inner === 'object' && inner !== null && !isShallow(inner, levels - 1)) return false;
  }
  return true;
}

/** Freezes a value made by `JSON.parse` at every depth, and counts the values in it in the same walk. */
export function freezeAndCount(value: object): number {
  let count = 1;
  for (const inner of innerValues(value)) {
    count += typeof inner === 'object' && inner !== null ? freezeAndCount(inner) : 1;
  }
  Object.freeze(value);
  return count;
}

function innerValues(value: object): readonly unknown[] {
  return Array.isArray(value) ? value : Object.values(value);
}

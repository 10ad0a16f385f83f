import { isUtf8 } from 'node:buffer';
import { parseValues } from '../util/json.js';
import type { Claims } from '../util/jwt.js';
import { isShallow } from './claim-walk.js';
import { quoted, refused } from './refused.js';

/** A header of Node takes 16 kB in all; a token above this is refused before any work. */
const LONGEST_TOKEN = 16_384;
const LONGEST_KEY_ID = 256;

/** A token whose form is right. Nothing in it is verified. */
export interface CompactJwt {
  readonly text: string;
  readonly keyId: string;
  readonly claims: Claims;
}

/** Reads a token strictly. Throws `token_malformed`, `token_algorithm` or `token_type`. */
export function readCompactJwt(text: unknown): CompactJwt {
  if (typeof text !== 'string' || text === '') throw malformed('it is no text');
  if (text.length > LONGEST_TOKEN) throw malformed('it is too long');
  const parts = text.split('.', 4);
  if (parts.length !== 3 || !parts.every(isCanonicalBase64Url)) throw malformed('it is not three base64url parts');
  const [header, payload] = parts as [string, string, string];
  return { text, keyId: readHeader(decodeObject(header)), claims: decodeObject(payload) };
}

/** The key id of an acceptable header. Keys and URLs in it (`jku`, `jwk`, `x5u`, `x5c`) are not even looked at. */
function readHeader(header: Claims): string {
  const { alg, typ, kid } = header;
  if (alg !== 'RS256') throw refused('token_algorithm', `its alg is ${quoted(alg)}, not RS256`);
  if (typeof typ !== 'string' || typ.toUpperCase() !== 'JWT') {
    throw refused('token_type', `its typ is ${quoted(typ)}, not JWT`);
  }
  // jose would honour b64, which changes what is signed; any other extension nobody here understands.
  if ('crit' in header || 'b64' in header) throw malformed('its header demands extensions');
  if (typeof kid !== 'string' || kid === '' || kid.length > LONGEST_KEY_ID) throw malformed('its kid is no key id');
  return kid;
}

function decodeObject(part: string): Claims {
  const values = parseValues(decodeText(part));
  if (values === undefined) throw malformed('a part is no JSON object');
  if (!isShallow(values)) throw malformed('a part is nested too deep');
  return values;
}

function decodeText(part: string): string {
  const bytes = Buffer.from(part, 'base64url');
  if (!isUtf8(bytes)) throw malformed('a part is no UTF-8');
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

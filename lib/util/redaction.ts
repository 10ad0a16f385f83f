const LONGEST_TEXT = 200;
const MASK = '***';
/** Begins as JSON in base64url does, or has parts longer than words are: error codes have dots, too. */
const JWT_LIKE =
  /(?:\bey[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{8,}|[A-Za-z0-9_-]{30,}\.[A-Za-z0-9_-]{8,})(?:\.[A-Za-z0-9_-]*)?/g;
const AUTH_SCHEME = /\b(basic|bearer)[\s:]+[A-Za-z0-9+/_=.~-]+/gi;

/**
 * Makes a server's words fit to be shown: a server (or a proxy's error page) may echo what it was sent. Takes out the
 * given secrets, what looks like a token or credentials, and control characters, then cuts.
 */
export function redactor(...secrets: readonly string[]): (text: string) => string {
  const mask = masker(...secrets);
  return (text) => clean(withoutTokens(mask(text).replace(AUTH_SCHEME, `$1 ${MASK}`)));
}

/** Takes out what looks like a JWT. */
export function withoutTokens(text: string): string {
  return text.replace(JWT_LIKE, MASK);
}

/** Takes the given secrets out of a text, in every spelling, and leaves the rest as it is. */
export function masker(...secrets: readonly string[]): (text: string) => string {
  const forms = secrets.flatMap(formsOf).toSorted((a, b) => b.length - a.length);
  return (text) => forms.reduce((rest, form) => rest.replaceAll(form, MASK), text);
}

function formsOf(secret: string): string[] {
  const base64 = Buffer.from(secret, 'utf8').toString('base64');
  const formEncoded = new URLSearchParams({ s: secret }).toString().slice(2);
  const json = JSON.stringify(secret).slice(1, -1);
  const unpadded = base64.replace(/=+$/, '');
  const base64url = Buffer.from(secret, 'utf8').toString('base64url');
  const plain = [secret, json, base64, unpadded, base64url];
  return [...new Set([...plain, ...plain.map(encodeURIComponent), formEncoded])];
}

function clean(text: string): string {
  const line = text.replace(/[^\P{C}]+/gu, ' ').trim();
  return line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT)}…` : line;
}

/** Invisible characters that copying leaves behind: zero-width ones and the byte order mark. */
const INVISIBLE = /[\u200b-\u200d\u2060\ufeff]/;
const QUOTES = ['"', "'", '`', '\u201c', '\u2018'];

/**
 * What a string has that nobody means to set: blanks or quotes around it, or an invisible character. In words that say
 * nothing of the string itself; `undefined` where there is nothing.
 */
export function disfigurement(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  if (value.charCodeAt(0) === 0xfeff) return 'begins with a byte order mark (U+FEFF)';
  if (INVISIBLE.test(value)) return 'holds a zero-width character, which cannot be seen';
  if (value.trim() !== value) return 'has blanks around it';
  const isQuoted =
    value.length > 1 && QUOTES.some((quote) => value.startsWith(quote)) && /["'`\u201d\u2019]$/.test(value);
  return isQuoted ? 'has quotes around it' : undefined;
}

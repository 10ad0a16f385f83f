import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { RawAxiosRequestHeaders } from 'axios';
import { isValues } from '../util/json.js';
import { requestRefused } from './request-refused.js';

/** Headers that are ours, and one by which a gateway's proxy could be led to another host. */
export const NOT_THE_CALLERS: ReadonlySet<string> = new Set(['authorization', 'host']);

/** Headers as a plain object; those of another copy of Axios, which a CommonJS application has, become one, too. */
export function plainHeaders(headers: unknown): RawAxiosRequestHeaders {
  const plain: unknown = isValues(headers) && typeof headers['toJSON'] === 'function' ? headers['toJSON']() : headers;
  if (plain === undefined || plain === null) return {};
  if (!isValues(plain) || Symbol.iterator in plain) throw requestRefused('its headers are no object');
  // What they hold is judged next.
  return { ...plain } as RawAxiosRequestHeaders;
}

/**
 * Judges headers as a caller gives them, before Axios drops what is wrong with them without a word. Throws
 * `options_invalid`, which names the header, never its value.
 */
export function demandHeaders(headers: object): void {
  for (const [name, value] of Object.entries(plainHeaders(headers))) {
    // Axios takes headers for all methods, or for one, by these names.
    if (isValues(value)) demandHeaders(value);
    else demandHeader(name, value);
  }
}

/** The failure of a call that sets a header which is ours. */
export function ownHeader(name: string): Error {
  return requestRefused(`a call cannot set the header ${name}: the token is that of the credentials in as(…)`);
}

function demandHeader(name: string, value: unknown): void {
  if (!isHeaderName(name)) throw requestRefused('the name of a header holds characters that no name has');
  if (NOT_THE_CALLERS.has(name.toLowerCase())) {
    throw ownHeader(name);
  }
  if (value === undefined || value === null || value === false) return;
  for (const one of [value].flat()) {
    if (!isHeaderValue(one)) throw requestRefused(`the header ${name} holds characters that no header has`);
  }
}

function isHeaderName(name: string): boolean {
  return succeeds(() => validateHeaderName(name));
}

/** Line breaks would begin another header. */
function isHeaderValue(value: unknown): boolean {
  return succeeds(() => validateHeaderValue('x', String(value)));
}

function succeeds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

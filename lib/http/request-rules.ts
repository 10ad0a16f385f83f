import type { RawAxiosRequestHeaders } from 'axios';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { PlatformRules } from '../platform/platform.interface.js';
import { isValues } from '../util/json.js';

/*
 * What a call may not have: headers that are ours, headers that cannot be sent, and more than the platform's gateway
 * takes. Such a call fails with `options_invalid` before anything is sent.
 */

/** What a request fails with that is not sent. `fault` must hold nothing that a caller gave in confidence. */
export function requestRefused(fault: string): MindsphereCredentialsError {
  return new MindsphereCredentialsError('options_invalid', `The request was not sent: ${fault}.`);
}

/** Headers that are ours, and one by which a gateway's proxy could be led to another host. */
export const NOT_THE_CALLERS: ReadonlySet<string> = new Set(['authorization', 'host']);

/** `token` of RFC 9110, section 5.6.2. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** What Node does not send. Line breaks would begin another header. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const NOT_IN_HEADER = /[^\t\u0020-\u007e\u0080-\u00ff]/;

/** Headers as a plain object; those of another copy of Axios, which a CommonJS application has, become one, too. */
export function plainHeaders(headers: unknown): RawAxiosRequestHeaders {
  const plain: unknown = isValues(headers) && typeof headers['toJSON'] === 'function' ? headers['toJSON']() : headers;
  if (plain === undefined || plain === null) return {};
  if (!isValues(plain) || Symbol.iterator in plain) throw requestRefused('its headers are not an object');
  // What they hold is judged next.
  return { ...plain } as RawAxiosRequestHeaders;
}

/**
 * Judges headers as a caller gives them, because Axios drops invalid characters silently. Throws
 * `options_invalid`, which names the header, never its value.
 */
export function demandHeaders(headers: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    // Axios takes headers for all methods, or for one, by these names.
    if (isValues(value)) demandHeaders(plainHeaders(value));
    else demandHeader(name, value);
  }
}

/** The failure of a call that sets a header which is ours. */
export function ownHeader(name: string): Error {
  return requestRefused(`a call cannot set the header ${name}: the token is that of the credentials in as(…)`);
}

function demandHeader(name: string, value: unknown): void {
  if (!HEADER_NAME.test(name)) throw requestRefused('the name of a header holds invalid characters');
  if (NOT_THE_CALLERS.has(name.toLowerCase())) throw ownHeader(name);
  if (value === undefined || value === null || value === false) return;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.some((one) => NOT_IN_HEADER.test(String(one)))) {
    throw requestRefused(`the header ${name} holds invalid characters`);
  }
}

/** Names and values of headers, as they are sent. */
type Headers = Iterable<readonly [name: string, value: unknown]>;

/**
 * Throws `options_invalid` for a request that the platform's gateway would refuse because of its size. A body whose length
 * is not known before it is sent is accepted.
 */
export function demandLimits({ limits, domain }: PlatformRules, headers: Headers, bodyBytes: number | undefined): void {
  if (limits === undefined) return;
  if (bodyBytes !== undefined && bodyBytes > limits.bodyBytes) {
    throw requestRefused(
      `its body has ${bodyBytes} bytes, and the gateway of ${domain} takes ${limits.bodyBytes} at most`,
    );
  }
  const bytes = headerBytes(headers, limits.bytesPerHeader);
  if (bytes <= limits.headerBytes) return;
  throw requestRefused(
    `its headers, with the token, have ${bytes} bytes, and the gateway of ${domain} takes ${limits.headerBytes} at most`,
  );
}

function headerBytes(headers: Headers, bytesPerHeader: number): number {
  let bytes = 0;
  for (const [name, value] of headers) {
    for (const one of [value].flat())
      bytes += Buffer.byteLength(name) + Buffer.byteLength(String(one)) + bytesPerHeader;
  }
  return bytes;
}

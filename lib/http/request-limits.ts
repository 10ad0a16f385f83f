import type { PlatformRules } from '../platform/platform.interface.js';
import { requestRefused } from './request-refused.js';

/** Names and values of headers, as they are sent. */
type Headers = Iterable<readonly [name: string, value: unknown]>;

/**
 * Throws `options_invalid` for a request that the platform's gateway would refuse because of its size. A body whose length
 * is not known before it is sent goes through.
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

/** The length of a body where it is known: of strings, bytes and blobs, else as the caller says it. */
export function lengthOf(body: unknown, contentLength?: unknown): number | undefined {
  if (typeof body === 'string') return Buffer.byteLength(body);
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return body.byteLength;
  if (body instanceof Blob) return body.size;
  if (body instanceof URLSearchParams) return Buffer.byteLength(body.toString());
  const said = contentLength === undefined || contentLength === null ? Number.NaN : Number(contentLength);
  return Number.isNaN(said) ? undefined : said;
}

function headerBytes(headers: Headers, bytesPerHeader: number): number {
  let bytes = 0;
  for (const [name, value] of headers) {
    for (const one of [value].flat())
      bytes += Buffer.byteLength(name) + Buffer.byteLength(String(one)) + bytesPerHeader;
  }
  return bytes;
}

import type { EmulatedRequest } from './emulated-request.js';
import { singleHeader } from './emulated-request.js';

/** A client's id and secret. */
export interface ClientCredentials {
  readonly id: string;
  readonly secret: string;
}

/** Any scheme; Base64 or base64url, with or without padding. */
const SCHEME_AND_REST = /^([a-z]+) +([\w+/-]+={0,2})$/i;

/**
 * Reads `{scheme} base64(id:secret)` as it is documented: the scheme in exactly this spelling, one space, canonical
 * Base64. Returns `undefined` for anything else.
 */
export function readDocumentedCredentials(header: string | undefined, scheme: string): ClientCredentials | undefined {
  const encoded = header?.startsWith(`${scheme} `) ? header.slice(scheme.length + 1) : '';
  if (Buffer.from(encoded, 'base64').toString('base64') !== encoded) return undefined;
  return credentialsIn(encoded);
}

/** Reads the same as servers do: the schemes in any case, any Base64. Returns `undefined` for anything else. */
export function readTolerantCredentials(
  header: string | undefined,
  schemes: readonly string[],
): ClientCredentials | undefined {
  const [, scheme = '', encoded = ''] = SCHEME_AND_REST.exec(header ?? '') ?? [];
  return schemes.includes(scheme.toLowerCase()) ? credentialsIn(encoded) : undefined;
}

/** UAA reads a Basic id and secret URL-decoded, unless a header of its own says that they are not encoded. */
export function urlDecoded({ id, secret }: ClientCredentials, request: EmulatedRequest): ClientCredentials | undefined {
  if (singleHeader(request, 'x-cf-encoded-credentials')?.toLowerCase() === 'false') return { id, secret };
  const plain = { id: urlDecode(id), secret: urlDecode(secret) };
  return plain.id === undefined || plain.secret === undefined ? undefined : { id: plain.id, secret: plain.secret };
}

function credentialsIn(encoded: string): ClientCredentials | undefined {
  const decoded = Buffer.from(encoded, 'base64');
  const colon = decoded.indexOf(':');
  if (colon < 1) return undefined;
  return { id: decoded.subarray(0, colon).toString(), secret: decoded.subarray(colon + 1).toString() };
}

function urlDecode(value: string): string | undefined {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

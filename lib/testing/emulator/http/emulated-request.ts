import type { IncomingMessage } from 'node:http';

/** A request with its whole body. */
export interface EmulatedRequest {
  readonly method: string;
  /** Path and query, as they arrived. */
  readonly target: string;
  readonly path: string;
  /** Value of the `Host` header, in lower case. */
  readonly host: string;
  readonly receivedAt: Date;
  /** Every value of a header, by its name in lower case. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** The body as a string; empty where it is too large. */
  readonly body: string;
  readonly tooLarge: boolean;
}

/**
 * Reads a request to its end, also where it is too large, so that the client gets to read the refusal.
 *
 * @param limit largest size of a body that is kept, in bytes
 */
export async function readRequest(message: IncomingMessage, limit: number): Promise<EmulatedRequest> {
  const receivedAt = new Date(Date.now());
  const headers: Record<string, readonly string[]> = {};
  for (const [name, values] of Object.entries(message.headersDistinct)) headers[name] = values ?? [];
  const content = await readBody(message, limit);
  const target = message.url ?? '';
  const host = hostOf(message);
  return { method: message.method ?? '', target, path: pathOf(target), host, receivedAt, headers, ...content };
}

/** Value of the `Host` header, in lower case; empty where there is none. */
export function hostOf({ headers }: IncomingMessage): string {
  return (headers.host ?? '').toLowerCase();
}

/** What stands before the query. */
export function pathOf(target: string): string {
  const end = target.indexOf('?');
  return end < 0 ? target : target.slice(0, end);
}

/** What stands behind the first question mark. */
export function queryOf({ target, path }: EmulatedRequest): string {
  return target.slice(path.length + 1);
}

/** The value of a header that came exactly once. */
export function singleHeader(request: EmulatedRequest, name: string): string | undefined {
  const values = request.headers[name] ?? [];
  return values.length === 1 ? values[0] : undefined;
}

/** The media type, without its parameters; `undefined` where its charset is another than UTF-8. */
export function mediaType(request: EmulatedRequest): string | undefined {
  const [, type, charset = 'utf-8'] =
    /^([^;\s]+)\s*(?:;\s*charset="?([^";\s]+)"?\s*)?$/i.exec(singleHeader(request, 'content-type') ?? '') ?? [];
  return charset.toLowerCase() === 'utf-8' ? type?.toLowerCase() : undefined;
}

async function readBody(message: IncomingMessage, limit: number): Promise<Pick<EmulatedRequest, 'body' | 'tooLarge'>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
  }
  const tooLarge = size > limit;
  return { body: tooLarge ? '' : Buffer.concat(chunks).toString(), tooLarge };
}

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

/** UAA reads a Basic id and secret URL-decoded, unless another header declares that they are not encoded. */
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

const BROKEN_ESCAPE = /%(?![\da-f]{2})/i;

/** The fields of a form; `undefined` where a field comes twice or an escape is broken. */
export function readDocumentedForm(body: string): ReadonlyMap<string, string> | undefined {
  if (BROKEN_ESCAPE.test(body)) return undefined;
  const fields = [...new URLSearchParams(body)];
  const form = new Map(fields);
  return form.size === fields.length ? form : undefined;
}

/** The parameters of query and body as a servlet reads them: the query's first, and the first of each name. */
export function readTolerantForm(query: string, body: string): ReadonlyMap<string, string> {
  const form = new Map<string, string>();
  for (const [name, value] of [...new URLSearchParams(query), ...new URLSearchParams(body)]) {
    if (!form.has(name)) form.set(name, value);
  }
  return form;
}

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

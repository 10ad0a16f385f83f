import type { IncomingMessage } from 'node:http';

/** Bodies beyond this are refused. Bytes. Inferred: the platform's own limit is not documented. */
const BODY_LIMIT = 65_536;

/** A request with its whole body. */
export interface EmulatedRequest {
  readonly method: string;
  /** Path and query, as they arrived. */
  readonly target: string;
  readonly path: string;
  /** What the `Host` header says, in lower case. */
  readonly host: string;
  readonly receivedAt: Date;
  /** Every value of a header, by its name in lower case. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** The body as text; what is beyond the limit is dropped. */
  readonly body: string;
  readonly tooLarge: boolean;
}

/** Reads a request to its end, also where it is too large, so that the client gets to read the refusal. */
export async function readRequest(message: IncomingMessage, host: string): Promise<EmulatedRequest> {
  const receivedAt = new Date(Date.now());
  const target = message.url ?? '';
  const [path = ''] = target.split('?');
  const headers: Record<string, readonly string[]> = {};
  for (const [name, values] of Object.entries(message.headersDistinct)) headers[name] = values ?? [];
  const content = await readBody(message);
  return { method: message.method ?? '', target, path, host, receivedAt, headers, ...content };
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

async function readBody(message: IncomingMessage): Promise<Pick<EmulatedRequest, 'body' | 'tooLarge'>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= BODY_LIMIT) chunks.push(chunk);
  }
  return { body: Buffer.concat(chunks).toString(), tooLarge: size > BODY_LIMIT };
}

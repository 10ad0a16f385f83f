import { isRepeatable } from './request-body.js';
import { lengthOf } from './request-limits.js';

/** What is kept of a body, so that it can be sent again. */
const MOST_KEPT_BYTES = 10_000_000;

/** The body of one call of `fetch`. */
export interface FetchBody {
  readonly isRepeatable: boolean;
  /** In bytes; `undefined` where it is not known before the body was sent. */
  readonly length?: number;
  readonly content: () => Exclude<RequestInit['body'], undefined>;
}

/**
 * The body of a request. `given` is what the caller gave beside the request, which can be sent again unless it is a
 * stream. Of a `Request` object, as generated clients give it, only a stream is left: it is read first, up to 10 MB, so
 * that it can be sent again as well.
 */
export async function bodyOf(request: Request, given: RequestInit['body']): Promise<FetchBody> {
  if (request.body === null) return { isRepeatable: true, length: 0, content: () => null };
  const length = lengthOf(given, request.headers.get('content-length'));
  if (given instanceof FormData || given instanceof URLSearchParams) return keptBody(request);
  if (given !== undefined && given !== null && isRepeatable(given)) {
    return { isRepeatable: true, length, content: () => given };
  }
  if (given !== undefined && given !== null) return { isRepeatable: false, length, content: () => request.body };
  return keptBody(request);
}

async function keptBody({ body }: Request): Promise<FetchBody> {
  const chunks: Uint8Array[] = [];
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  let length = 0;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one chunk after the other
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    length += value.length;
    if (length > MOST_KEPT_BYTES) return { isRepeatable: false, content: () => continued(chunks, reader) };
  }
  const bytes = Buffer.concat(chunks);
  return { isRepeatable: true, length, content: () => bytes };
}

/** What was read already, then the rest. */
function continued(chunks: Uint8Array[], reader: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const first = chunks.shift();
      if (first !== undefined) return controller.enqueue(first);
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

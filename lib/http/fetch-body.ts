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

export const NO_BODY: FetchBody = { isRepeatable: true, length: 0, content: () => null };

/** A body as a caller gives it beside a URL. It can be sent again unless it is a stream. */
export function bodyOf(given: RequestInit['body']): FetchBody {
  if (given === undefined || given === null) return NO_BODY;
  const isKept = isRepeatable(given) || given instanceof URLSearchParams;
  return { isRepeatable: isKept, length: lengthOf(given), content: () => given };
}

/**
 * The body of a `Request` object, as generated clients give it, of which only a stream is left: it is read first, up to
 * 10 MB, so that it can be sent again as well.
 */
export async function keptBody({ body }: Request): Promise<FetchBody> {
  if (body === null) return NO_BODY;
  const chunks: Uint8Array[] = [];
  const reader = body.getReader();
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

/**
 * Whether a body, as Axios has transformed it, is still there after it was sent. Streams are not (form data of the
 * `form-data` package is one, too), and of what is not known nothing is assumed.
 */
export function isRepeatable(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true;
  return body instanceof ArrayBuffer || ArrayBuffer.isView(body) || body instanceof FormData || body instanceof Blob;
}

/** The length of a body where it is known: of strings, bytes and blobs, else what the caller gives as `Content-Length`. */
export function lengthOf(body: unknown, contentLength?: unknown): number | undefined {
  if (typeof body === 'string') return Buffer.byteLength(body);
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return body.byteLength;
  if (body instanceof Blob) return body.size;
  if (body instanceof URLSearchParams) return Buffer.byteLength(body.toString());
  const said = contentLength === undefined || contentLength === null ? Number.NaN : Number(contentLength);
  return Number.isNaN(said) ? undefined : said;
}

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
 * 10 MB, so that it can be sent again as well. The signal of the `Request` ends the body, and so this.
 */
export async function keptBody({ body, signal }: Request): Promise<FetchBody> {
  if (body === null) return NO_BODY;
  const chunks: Uint8Array[] = [];
  const reader = body.getReader();
  const end = () => void reader.cancel(signal.reason).catch(() => undefined);
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
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

import { type Masker, masker, redactor } from '../util/redaction.js';
import { LONGEST_FAILED_BODY, type Secrets, startOf } from './scrubbed-answer.js';

/** Statuses whose answers have no body. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);
/** `fetch` gives answers that the constructor of `Response` refuses: any three digits, any words behind them. */
const HIGHEST_STATUS = 599;
const REASON = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;
/** What Node's `fetch` decodes itself; in any other encoding nothing can be found. */
const DECODED: ReadonlySet<string> = new Set(['', 'identity', 'gzip', 'x-gzip', 'deflate', 'br']);

/**
 * A response whose caller may read everything in it: one of status 300 and above is masked in all its parts, since a
 * server or a proxy may repeat what it was sent. Its body is read when it is asked for.
 */
export function scrubbedResponse(response: Response, secrets: Secrets): Response {
  const { status, statusText, url } = response;
  if (status < 300) return response;
  const mask = masker(...secrets());
  const headers = new Headers();
  for (const [name, value] of response.headers) headers.append(name, mask(value));
  // The length is that of the body before it was decoded and masked.
  headers.delete('content-length');
  const body = WITHOUT_BODY.has(status) || response.body === null ? null : maskedBody(response, response.body, mask);
  const reason = mask(statusText);
  const scrubbed = new Response(body, {
    status: Math.min(status, HIGHEST_STATUS),
    statusText: REASON.test(reason) ? reason : '',
    headers,
  });
  return Object.defineProperties(scrubbed, { url: { value: url }, status: { value: status } });
}

/** A failure as `fetch` has it, without what lies beneath it. The caller's own reason to abort stays as it is. */
export function scrubbedFetchFailure(failure: unknown, signal: AbortSignal | undefined, secrets: Secrets): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (!(failure instanceof TypeError)) return failure;
  const cause = failure.cause instanceof Error ? failure.cause : failure;
  const { code } = cause as NodeJS.ErrnoException;
  const bare = new Error(redactor(...secrets())(cause.message));
  return new TypeError('fetch failed', { cause: Object.assign(bare, code === undefined ? {} : { code }) });
}

function maskedBody({ headers }: Response, body: ReadableStream<Uint8Array>, mask: Masker): ReadableStream<Uint8Array> {
  const isReadable = DECODED.has((headers.get('content-encoding') ?? '').toLowerCase());
  return new ReadableStream(
    {
      async pull(controller) {
        if (isReadable) {
          const start = mask.startOf(await startOf(body), LONGEST_FAILED_BODY);
          if (start.length > 0) controller.enqueue(start);
        } else await body.cancel();
        controller.close();
      },
      cancel: (reason) => body.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

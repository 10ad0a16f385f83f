import { addAbortSignal, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { AxiosResponse } from 'axios';
import { ApiError } from '../transport/api-error.js';

/** Statuses whose answers have no body. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** How much of the body of a failed answer a message shows, in characters. */
const MOST_SHOWN = 1_000;
/** How long the body of a failed answer is waited for where the caller wanted it as a stream. */
const LONGEST_WAIT_MS = 5_000;

/** An answer that was asked for as a stream, as a response of `fetch`. */
export function responseOf({ status, statusText, headers, data }: AxiosResponse<unknown>): Response {
  const body = data instanceof Readable && !WITHOUT_BODY.has(status) ? Readable.toWeb(data) : null;
  return new Response(body as ConstructorParameters<typeof Response>[0], {
    status,
    statusText,
    headers: headersOf(headers),
  });
}

/** Headers of an answer, as `fetch` has them. */
export function headersOf(headers: AxiosResponse['headers']): Headers {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value as unknown].flat().map((one): [string, string] => [name, String(one)]),
  );
  return new Headers(lines);
}

/** The failure of a call, with a message that shows what was answered. What is no failure of a call stays as it is. */
export async function describedFailure(failure: unknown): Promise<unknown> {
  if (!(failure instanceof ApiError)) return failure;
  const { response } = failure;
  if (response === undefined) return failure.describedAs(failure.message);
  if (response.data instanceof Readable) response.data = await startOf(response.data);
  const { status, statusText, data } = response;
  const body = typeof data === 'string' ? data.slice(0, MOST_SHOWN) : '';
  return failure.describedAs(`Request failed with status code ${[status, statusText, body].filter(Boolean).join(' ')}`);
}

/** The body of a failed answer, which is masked and cut already. */
function startOf(body: Readable): Promise<string> {
  return text(addAbortSignal(AbortSignal.timeout(LONGEST_WAIT_MS), body)).catch(() => '');
}

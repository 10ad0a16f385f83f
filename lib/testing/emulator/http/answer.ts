import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Headers of an answer. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[]>>;

/** An answer, before it is written. A string or bytes are sent as they are, anything else as JSON. */
export interface Answer {
  readonly status: number;
  readonly headers?: AnswerHeaders | undefined;
  readonly body?: unknown;
}

/** As UAA answers tokens, so that no cache keeps them. */
const NO_CACHE: AnswerHeaders = { 'cache-control': 'no-store', pragma: 'no-cache' };

/** An answer that no cache may keep. */
export function answer(body: unknown): Answer {
  return { status: 200, headers: NO_CACHE, body };
}

/** An error as UAA words it. */
export function oauthError(status: number, error: string, description: string, headers?: AnswerHeaders): Answer {
  return { status, headers: { ...NO_CACHE, ...headers }, body: { error, error_description: description } };
}

/** An error as the platform's other services word it. That the Token Manager does, too, is inferred. */
export function platformError(status: number, code: string, message: string, headers?: AnswerHeaders): Answer {
  const logref = randomUUID();
  return { status, headers, body: { errors: [{ code: `mdsp.emulator.${code}`, message, logref }] } };
}

export const JSON_TYPE = 'application/json;charset=UTF-8';

/** Sends an answer. */
export function writeAnswer(response: ServerResponse, { status, headers = {}, body }: Answer): void {
  response.statusCode = status;
  const type = typeOf(body);
  if (type !== undefined) response.setHeader('content-type', type);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
  response.end(isRaw ? body : JSON.stringify(body));
}

function typeOf(body: unknown): string | undefined {
  if (body === undefined) return undefined;
  if (body instanceof Uint8Array) return 'application/octet-stream';
  return typeof body === 'string' ? 'text/plain' : JSON_TYPE;
}

/** Answers a request to upgrade with a status, and closes the connection. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'Connection: close', 'Content-Length: 0', '', ''];
  if (socket.writable) socket.end(lines.join('\r\n'));
}

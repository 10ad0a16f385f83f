import { randomUUID } from 'node:crypto';

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

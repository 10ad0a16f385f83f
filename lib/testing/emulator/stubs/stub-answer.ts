import type { Answer, AnswerHeaders } from '../http/answer.js';
import { type EmulatedRequest, mediaType, queryOf } from '../http/emulated-request.js';
import type { Claims, EmulatedPlatform } from '../platforms/emulated-platform.js';
import { checkAnswer } from '../traffic/fault-queue.js';

/** A request to an emulated API, as the function of {@link MindsphereEmulator.respond} gets it. */
export interface StubRequest {
  /** In upper case. */
  readonly method: string;
  /** Path below the gateway, as it arrived. */
  readonly path: string;
  /** The value of each `{name}`, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Parameters of the query, percent-decoded; the values of a repeated one are joined by commas. */
  readonly query: Readonly<Record<string, string>>;
  /** By their names in lower case; the values of a repeated one are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** A JSON body parsed, any other as a string; `undefined` if there was none. */
  readonly body: unknown;
  /** Claims of the token. */
  readonly claims: Claims;
  /** Platform whose gateway was asked. */
  readonly platform: EmulatedPlatform;
}

/** An answer with a status or headers of its own. */
export interface StubAnswer {
  /** 200 to 599. Default 200. */
  readonly status?: number | undefined;
  /** Default: the content type alone. */
  readonly headers?: AnswerHeaders | undefined;
  /** A string or bytes are sent as they are, anything else as JSON. Default: none. */
  readonly body?: unknown;
}

/**
 * What an emulated API answers: a body; or an object with nothing but `status`, `headers` and `body`; or a function that
 * returns one of these, or a promise of one.
 */
export type StubResponse =
  | ((request: StubRequest) => unknown)
  | StubAnswer
  | object
  | string
  | number
  | boolean
  | null
  | undefined;

const ANSWER_FIELDS: readonly string[] = ['status', 'headers', 'body'];
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/;

/**
 * The answer for a value that is not a function.
 *
 * @throws TypeError for a status, headers or a body that cannot be sent
 */
export function toAnswer(value: unknown): Answer {
  if (isStubAnswer(value)) return checkedAnswer(value);
  return value === undefined ? { status: 204 } : checkedAnswer({ body: value });
}

/**
 * The answer with this status, these headers and this body.
 *
 * @throws TypeError for what cannot be sent
 */
export function checkedAnswer({ status = 200, headers = {}, body }: StubAnswer): Answer {
  checkAnswer(status, headers);
  if (!isSentAsItIs(body) && JSON.stringify(body) === undefined) throw new TypeError('body must be a string or JSON');
  return { status, headers, body };
}

/** A request as a function sees it. */
export function stubRequestOf(
  request: EmulatedRequest,
  details: Pick<StubRequest, 'path' | 'params' | 'claims' | 'platform'>,
): StubRequest {
  const headers = Object.entries(request.headers).map(([name, values]) => [name, values.join(', ')]);
  return {
    ...details,
    method: request.method,
    query: queryRecord(queryOf(request)),
    headers: Object.fromEntries(headers),
    body: bodyOf(request),
  };
}

/** Not looked into: JSON of the bytes of a file would take seconds. */
function isSentAsItIs(body: unknown): boolean {
  return body === undefined || typeof body === 'string' || body instanceof Uint8Array;
}

function isStubAnswer(value: unknown): value is StubAnswer {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isSentAsItIs(value)) return false;
  const names = Object.keys(value);
  if (names.length === 0 || !names.every((name) => ANSWER_FIELDS.includes(name))) return false;
  // `{ status: 'ok' }` is the body of many an API.
  const { status, headers } = value as { status?: unknown; headers?: unknown };
  return isOptional(status, 'number') && isOptional(headers, 'object');
}

function isOptional(value: unknown, type: 'number' | 'object'): boolean {
  return value === undefined || typeof value === type;
}

function queryRecord(query: string): Record<string, string> {
  const parameters = new URLSearchParams(query);
  return Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name).join(',')]));
}

function bodyOf(request: EmulatedRequest): unknown {
  if (request.body === '') return undefined;
  if (!JSON_TYPE.test(mediaType(request) ?? '')) return request.body;
  try {
    return JSON.parse(request.body);
  } catch {
    return request.body;
  }
}

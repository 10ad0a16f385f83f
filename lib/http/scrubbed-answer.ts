import { finished, PassThrough, Readable } from 'node:stream';
import {
  AxiosError,
  AxiosHeaders,
  type AxiosResponse,
  CanceledError,
  type InternalAxiosRequestConfig,
  isAxiosError,
  isCancel,
} from 'axios';
import { ApiError, type FailedCall } from '../transport/api-error.js';
import { type Masker, masker, redactor } from '../util/redaction.js';

/** What was sent with a call and must not come back. Read only where something has failed. */
export type Secrets = () => readonly string[];

/** What a caller asked for, without the token, the proxy and the agents that it was sent with. */
type Asked = InternalAxiosRequestConfig;

/** Longer bodies of failed answers are cut: masking takes time. */
export const LONGEST_FAILED_BODY = 256 * 1_024;

/**
 * An answer that leads to no token: with the caller's own configuration, and without Node's request, whose headers hold
 * the token. A failed one (status 300 and above, or one that the caller does not accept) is masked in all its parts,
 * since a server or a proxy may repeat what it was sent.
 */
export function scrubbedAnswer(
  answer: AxiosResponse<unknown>,
  asked: Asked,
  secrets: Secrets,
  call: FailedCall,
): AxiosResponse {
  const { status, statusText, headers, data } = answer;
  const fail = (failure: unknown) => scrubbedFailure(failure, asked, secrets, call);
  if (!hasFailed(status, asked)) {
    return new UnmaskedAnswer({ ...answer, data: isStream(data) ? passedOn(data, fail) : data }, asked, secrets, call);
  }
  const mask = masker(...secrets());
  return {
    status,
    statusText: mask(statusText),
    headers: maskedHeaders(headers, mask),
    config: asked,
    data: isEncoded(headers) ? withoutContent(data) : maskedBody(data, mask, asked, fail),
  };
}

/** A successful answer, given as it is, and masked later if the call fails after all. */
class UnmaskedAnswer implements AxiosResponse<unknown> {
  readonly status: number;
  readonly statusText: string;
  headers: AxiosResponse['headers'];
  readonly config: Asked;
  data: unknown;
  readonly #secrets: Secrets;
  readonly #call: FailedCall;

  constructor(
    { status, statusText, headers, data }: AxiosResponse<unknown>,
    asked: Asked,
    secrets: Secrets,
    call: FailedCall,
  ) {
    this.status = status;
    this.statusText = statusText;
    this.headers = headers;
    this.config = asked;
    this.data = data;
    this.#secrets = secrets;
    this.#call = call;
  }

  /** The failure of a call with this answer. */
  failure({ message, code }: AxiosError): ApiError {
    const secrets = this.#secrets();
    const mask = masker(...secrets);
    const data = typeof this.data === 'string' ? maskedString(this.data, mask, this.config) : undefined;
    const { status, statusText, config } = this;
    const masked = { status, statusText, headers: maskedHeaders(this.headers, mask), config, data };
    return new ApiError(redactor(...secrets)(message), code, config, this.#call, masked);
  }
}

/**
 * The failure of a call whose answer was a success until its body could not be read, as JSON for instance: with the answer
 * masked. Any other failure stays as it is.
 */
export function readFailure(failure: unknown): unknown {
  const answer = isAxiosError<unknown>(failure) ? failure.response : undefined;
  return isAxiosError(failure) && answer instanceof UnmaskedAnswer ? answer.failure(failure) : failure;
}

/** A failure that leads to no token, of the kind and with the code that Axios gave it. */
export function scrubbedFailure(failure: unknown, asked: Asked, secrets: Secrets, call: FailedCall): Error {
  if (isCancel(failure)) return new CanceledError(undefined, asked);
  const { message, code } =
    failure instanceof Error ? (failure as NodeJS.ErrnoException) : { message: String(failure) };
  return new ApiError(redactor(...secrets())(message), code, asked, call);
}

/** What a caller gets for a status that it does not accept, as Axios words it. */
export function statusFailure(answer: AxiosResponse, asked: Asked, call: FailedCall): ApiError {
  const { status } = answer;
  const code = status >= 400 && status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
  return new ApiError(`Request failed with status code ${status}`, code, asked, call, answer);
}

/** Whether a caller accepts a status, as Axios judges it. */
export function accepts({ validateStatus }: Asked, status: number): boolean {
  return !validateStatus || validateStatus(status);
}

/** Ends an answer that nobody will read. */
export function discard({ data }: AxiosResponse<unknown>): void {
  if (isStream(data)) data.destroy();
}

function hasFailed(status: number, asked: Asked): boolean {
  return status >= 300 || !accepts(asked, status);
}

function isStream(data: unknown): data is Readable {
  return data instanceof Readable;
}

function maskedHeaders(headers: AxiosResponse['headers'], mask: Masker): AxiosHeaders {
  const masked = new AxiosHeaders();
  for (const [name, value] of Object.entries(headers)) {
    masked.set(name, Array.isArray(value) ? value.map((one) => mask(String(one))) : mask(String(value)));
  }
  return masked;
}

/** Whether the body is still compressed, so that nothing in it can be found. */
function isEncoded(headers: AxiosResponse['headers']): boolean {
  const encoding: unknown = headers['content-encoding'];
  return typeof encoding === 'string' && encoding !== '' && encoding.toLowerCase() !== 'identity';
}

function withoutContent(data: unknown): unknown {
  if (isStream(data)) {
    data.destroy();
    return Readable.from([]);
  }
  return data instanceof Uint8Array ? Buffer.alloc(0) : '';
}

/** Makes the failure of a stream one that leads to no token. */
type Fail = (failure: unknown) => Error;

function maskedBody(data: unknown, mask: Masker, asked: Asked, fail: Fail): unknown {
  if (isStream(data)) return maskedStream(data, mask, fail);
  if (data instanceof Uint8Array) return Buffer.from(mask.startOf(data, LONGEST_FAILED_BODY));
  return typeof data === 'string' ? maskedString(data, mask, asked) : data;
}

function maskedString(data: string, mask: Masker, { responseEncoding }: Asked): string {
  const encoding = Buffer.isEncoding(String(responseEncoding)) ? (responseEncoding as BufferEncoding) : 'utf8';
  const bytes = Buffer.from(data, encoding);
  const masked = mask.startOf(bytes, LONGEST_FAILED_BODY);
  return masked === bytes ? data : Buffer.from(masked).toString(encoding);
}

/** The masked start of a stream. It is read only when it is asked for, and destroyed together with the new one. */
function maskedStream(source: Readable, mask: Masker, fail: Fail): Readable {
  const masked = Readable.from(masking(source, mask, fail), { objectMode: false });
  masked.once('close', () => source.destroy());
  return heard(masked);
}

/**
 * A stream whose failure does not end the process where its reader listens to no `error` event, as with `pipe`: Axios'
 * own streams are like that. A caller who listens gets it all the same.
 */
function heard(stream: Readable): Readable {
  return stream.on('error', () => undefined);
}

async function* masking(source: Readable, mask: Masker, fail: Fail): AsyncGenerator<Uint8Array> {
  const start = await startOf(source).catch((failure: unknown) => {
    throw fail(failure);
  });
  yield mask.startOf(start, LONGEST_FAILED_BODY);
}

/** As much of the body of a failed answer as is masked, and then ends it. */
export async function startOf(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > 2 * LONGEST_FAILED_BODY) break;
  }
  return Buffer.concat(chunks);
}

/** The same bytes from an object that knows nothing of the request they answer; destroying it ends the download. */
function passedOn(source: Readable, fail: Fail): Readable {
  const bare = new PassThrough();
  finished(source, (failure) => {
    if (failure) bare.destroy(fail(failure));
  });
  bare.once('close', () => source.destroy());
  source.pipe(bare);
  return heard(bare);
}

import { finished, PassThrough, Readable } from 'node:stream';
import { AxiosError, type AxiosResponse, CanceledError, type InternalAxiosRequestConfig, isCancel } from 'axios';
import { masker, redactor } from '../util/redaction.js';

/** What was sent and must not come back. */
export type Secrets = () => readonly string[];

/** What a caller asked for, without the token, the proxy and the agents that it was sent with. */
type Asked = InternalAxiosRequestConfig;

/**
 * An answer that leads to no token: with the caller's own configuration, and without Node's request, whose headers hold
 * the token. Where the server (or a proxy) complains, its words are cut of what it was sent, which it may repeat.
 */
export function bareAnswer(answer: AxiosResponse<unknown>, asked: Asked, secrets: Secrets): AxiosResponse {
  const { status, statusText, headers } = answer;
  return { status, statusText, headers, config: asked, data: bareData(answer, asked, secrets) };
}

function bareData({ status, data }: AxiosResponse<unknown>, asked: Asked, secrets: Secrets): unknown {
  if (data instanceof Readable) return bareStream(data, asked, secrets);
  return status >= 400 && typeof data === 'string' ? masker(...secrets())(data) : data;
}

/** A failure that leads to no token, of the kind and with the code that Axios gave it. */
export function bareFailure(failure: unknown, asked: Asked, secrets: Secrets): Error {
  if (isCancel(failure)) return new CanceledError(undefined, asked);
  const { message, code } =
    failure instanceof Error ? (failure as NodeJS.ErrnoException) : { message: String(failure) };
  return new AxiosError(redactor(...secrets())(message), code, asked);
}

/** What a caller gets where the status does not please it, as Axios words it. */
export function statusFailure(answer: AxiosResponse, asked: Asked): AxiosError {
  const { status } = answer;
  const code = status >= 400 && status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
  return new AxiosError(`Request failed with status code ${status}`, code, asked, undefined, answer);
}

/** Ends an answer that nobody will read. */
export function discard({ data }: AxiosResponse<unknown>): void {
  if (data instanceof Readable) data.destroy();
}

/** The same bytes from an object that knows nothing of the request they answer; whoever destroys it ends the download. */
function bareStream(source: Readable, asked: Asked, secrets: Secrets): Readable {
  const bare = new PassThrough();
  finished(source, (failure) => {
    if (failure) bare.destroy(bareFailure(failure, asked, secrets));
  });
  bare.once('close', () => source.destroy());
  return source.pipe(bare);
}

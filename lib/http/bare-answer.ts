import { finished, PassThrough, Readable } from 'node:stream';
import { AxiosError, type AxiosResponse, CanceledError, type InternalAxiosRequestConfig, isCancel } from 'axios';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';

type Redact = (text: string) => string;

/** What a caller asked for, without the token, the proxy and the agents that it was sent with. */
type Asked = InternalAxiosRequestConfig;

/**
 * An answer that leads to no token: with the caller's own configuration, and without Node's request, whose headers hold
 * the token. Where the server complains, its words are cut of the token, which it may repeat.
 */
export function bareAnswer(answer: AxiosResponse<unknown>, asked: Asked, redact: Redact, token: string): AxiosResponse {
  const { status, statusText, headers, data } = answer;
  const complains = status >= 400 && typeof data === 'string';
  const words = complains ? data.replaceAll(token, '***') : data;
  return {
    status,
    statusText,
    headers,
    config: asked,
    data: words instanceof Readable ? bareStream(words, asked, redact) : words,
  };
}

/** A failure that leads to no token, of the kind and with the code that Axios gave it. */
export function bareFailure(failure: unknown, asked: Asked, redact: Redact): Error {
  if (failure instanceof MindsphereCredentialsError) return failure;
  if (isCancel(failure)) return new CanceledError(undefined, asked);
  const { message, code } =
    failure instanceof Error ? (failure as NodeJS.ErrnoException) : { message: String(failure) };
  return new AxiosError(redact(message), code, asked);
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
function bareStream(source: Readable, asked: Asked, redact: Redact): Readable {
  const bare = new PassThrough();
  finished(source, (failure) => {
    if (failure) bare.destroy(bareFailure(failure, asked, redact));
  });
  bare.once('close', () => source.destroy());
  return source.pipe(bare);
}

import { isAxiosError } from 'axios';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { LARGEST_ANSWER_BYTES } from './own-axios.js';
import { requestFailed } from './request-failure.js';

export function tookTooLong(url: string, timeMs: number, attempts: number): MindsphereCredentialsError {
  return requestFailed(url, `gave no complete answer within ${timeMs} ms`, { retryable: true, attempts });
}

/** An Axios error holds the whole request, so nothing of it goes on but its code. */
export function transportFailure(failure: unknown, url: string, attempts: number): MindsphereCredentialsError {
  const { code, message } = isAxiosError(failure) ? failure : { code: undefined, message: '' };
  if (message.startsWith('maxContentLength')) {
    const what = `The token endpoint ${url} gave an answer of more than ${LARGEST_ANSWER_BYTES} bytes.`;
    return new MindsphereCredentialsError('token_response_invalid', what, { endpoint: url, attempts });
  }
  const known = typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? ` (${code})` : '';
  return requestFailed(url, `could not be reached or broke off${known}`, { retryable: true, attempts });
}

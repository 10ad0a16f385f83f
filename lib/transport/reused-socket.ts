import { isAxiosError } from 'axios';

/**
 * Whether a request failed without an answer on a connection that an earlier request had opened. Servers close idle
 * connections, and a request that is sent at that moment is lost although the server is well: a GET may be repeated at
 * once (RFC 9110, section 9.2.2). A timeout does not count: there the server may be slow.
 */
export function failedOnReusedSocket(failure: unknown): boolean {
  if (!isAxiosError(failure) || failure.response !== undefined || !LOST_CONNECTION.has(failure.code ?? ''))
    return false;
  const request: unknown = failure.request;
  return typeof request === 'object' && request !== null && 'reusedSocket' in request && request.reusedSocket === true;
}

const LOST_CONNECTION: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

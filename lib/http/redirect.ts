import { AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { isRepeatable } from './request-body.js';
import type { RequestTarget } from './request-target.js';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** What speaks of a body that is not sent along. */
const OF_BODY = ['content-type', 'content-length', 'content-encoding', 'transfer-encoding'];

/**
 * The request that a redirect asks for (RFC 9110, section 15.4); `undefined` where the answer is none that is followed:
 * it leads to another origin, or demands a body that is gone.
 */
export function redirectOf(
  request: InternalAxiosRequestConfig,
  { status, headers }: AxiosResponse<unknown>,
  target: RequestTarget,
): InternalAxiosRequestConfig | undefined {
  const from = request.url ?? '';
  const url = REDIRECTS.has(status) ? target.redirected(headers['location'], from) : undefined;
  if (url === undefined) return undefined;
  const next = becomesGet(status, request.method) ? asGet(request) : request;
  if (!isRepeatable(next.data)) return undefined;
  const sameOrigin = new URL(url).origin === new URL(from).origin;
  return { ...next, url, headers: sameOrigin ? next.headers : without(next.headers, ['cookie']) };
}

/** What browsers and other clients make of them. */
function becomesGet(status: number, method = 'get'): boolean {
  const verb = method.toLowerCase();
  return status === 303 ? verb !== 'head' : (status === 301 || status === 302) && verb === 'post';
}

function asGet(request: InternalAxiosRequestConfig): InternalAxiosRequestConfig {
  return { ...request, method: 'get', data: undefined, headers: without(request.headers, OF_BODY) };
}

function without(headers: AxiosHeaders, names: string[]): AxiosHeaders {
  const rest = new AxiosHeaders(headers);
  rest.delete(names);
  return rest;
}

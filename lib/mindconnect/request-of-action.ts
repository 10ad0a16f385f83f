import type { TokenRotation } from '@mindconnect/mindconnect-nodejs';
import axios, { type AxiosRequestConfig, type AxiosResponseTransformer, type RawAxiosRequestHeaders } from 'axios';
import { endsWithSlash } from '../platform/api-paths.js';

/** One call of the vendor's clients. */
export type Action = Parameters<TokenRotation['HttpAction']>[0];

/** The vendor's headers, by the kind of the body. */
type HeadersOfKind = Readonly<Record<'json' | 'octets' | 'form', Readonly<Record<string, string>>>>;

/** Answers are judged before their body is read as JSON, so that a failed one may be anything. */
const whenAccepted: AxiosResponseTransformer = function (data, headers, status) {
  const [parse] = [axios.defaults.transformResponse ?? []].flat();
  const hasFailed = status === undefined || status < 200 || status > 299;
  if (data === '') return undefined;
  return hasFailed ? data : parse?.call(this, data, headers, status);
};

/** The same call as a request of Axios. */
export function requestOf(action: Action, ownGateway: string, kinds: HeadersOfKind): AxiosRequestConfig {
  const { verb, gateway, baseUrl, rawResponse, noResponse, ignoreCodes = [] } = action;
  const path = withoutSlash(baseUrl);
  return {
    method: verb,
    // Below our own gateway it is relative: on `siemens.app` the path is another.
    url: gateway === ownGateway ? path : gateway + path,
    headers: headersOfAction(action, kinds),
    data: bodyOf(action),
    validateStatus: (status) => (status >= 200 && status < 300) || ignoreCodes.includes(status),
    transformRequest: [(data: unknown) => data],
    ...(rawResponse === true || noResponse === true
      ? { responseType: rawResponse === true ? 'stream' : 'text', transformResponse: [] }
      : { responseType: 'json', transformResponse: [whenAccepted], transitional: { silentJSONParsing: false } }),
  };
}

function headersOfAction(action: Action, kinds: HeadersOfKind): RawAxiosRequestHeaders {
  const kind = action.multiPartFormData === true ? 'form' : action.octetStream === true ? 'octets' : 'json';
  const { 'Content-Type': contentType, ...others } = kinds[kind];
  const described = hasBody(action) && contentType !== undefined ? { 'Content-Type': contentType } : {};
  // What they hold is judged as that of any call.
  return { ...others, ...described, ...(action.additionalHeaders as RawAxiosRequestHeaders) };
}

function bodyOf(action: Action): unknown {
  const { body, octetStream, multiPartFormData } = action;
  if (!hasBody(action)) return undefined;
  if (octetStream !== true && multiPartFormData !== true) return JSON.stringify(body);
  // Axios would send all of the memory that a view is a part of.
  return ArrayBuffer.isView(body) ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : body;
}

function hasBody({ verb }: Action): boolean {
  return verb !== 'GET' && verb !== 'DELETE';
}

/** The vendor's clients leave a slash at the end of paths, which is wrong for most. */
function withoutSlash(url: string): string {
  if (endsWithSlash(url)) return url;
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.slice(0, end) + url.slice(path.length);
}

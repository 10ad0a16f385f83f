import { HttpService } from '@nestjs/axios';
import { Axios, type AxiosAdapter, type AxiosInstance, type AxiosRequestConfig, getAdapter } from 'axios';
import { isLoopbackHost } from '../util/formats.js';

const USER_AGENT = 'nestjs-mindsphere-credentials';

/** A token answer is about 2 kB; a larger one than this is not read to its end. */
export const LARGEST_ANSWER_BYTES = 256 * 1_024;

/** Axios finds the adapter for Node by this name, also where a bundler or Jest would prefer the browser's. */
const nodeAdapter = getAdapter('http');

/**
 * Sends one request by Axios' adapter for Node. Plain http to a loopback address takes no proxy from the environment: the
 * proxy would get the secrets in clear, and could not reach this machine anyway. A proxy from the options still counts.
 */
export const sendOverHttp: AxiosAdapter = (config) => {
  const isDirect = config.proxy === undefined && isPlainLoopback(config.url);
  return nodeAdapter(isDirect ? { ...config, proxy: false } : config);
};

type OwnDefaults = Omit<AxiosRequestConfig, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };

/**
 * An Axios of our own, made by the class so that not even the defaults of the global Axios are inherited: an
 * interceptor, header, adapter or base URL that an application sets there must not touch requests with secrets. No
 * redirect is followed: Axios would carry `X-SPACE-AUTH-KEY` along to another host (measured).
 */
function ownAxios(config: OwnDefaults): Axios {
  return new Axios({ adapter: sendOverHttp, maxRedirects: 0, ...ownDefaults(config) });
}

/** Defaults with the headers that all of our requests have. */
export function ownDefaults(defaults: OwnDefaults): AxiosRequestConfig {
  // By own properties: what stands on a polluted `Object.prototype` is no header.
  const { headers, ...config } = { headers: undefined, ...defaults };
  return { ...config, headers: { Accept: 'application/json', 'User-Agent': USER_AGENT, ...headers } };
}

/** An `HttpService` on an Axios of our own. Answers are given as they are: any status, no parsing. */
export function ownHttpService(): HttpService {
  const axios = ownAxios({
    maxContentLength: LARGEST_ANSWER_BYTES,
    responseType: 'text',
    transformRequest: [],
    transformResponse: [],
    validateStatus: () => true,
  });
  // HttpService calls the method without its object.
  axios.request = axios.request.bind(axios);
  return new HttpService(axios as AxiosInstance);
}

/** The usual spellings, which need no parser. */
const PLAIN_LOOPBACK = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?(?:[/?#]|$)/i;

function isPlainLoopback(url = ''): boolean {
  // Most requests are made by TLS; this spares parsing their URL.
  if (!/^http:/i.test(url)) return false;
  return PLAIN_LOOPBACK.test(url) || (URL.canParse(url) && isLoopbackHost(new URL(url).hostname));
}

import { HttpService } from '@nestjs/axios';
import { Axios, type AxiosAdapter, type AxiosInstance, type AxiosRequestConfig, getAdapter, isAxiosError } from 'axios';
import type { RequestOptions } from '../config/sections/requests.options.js';
import { isLoopbackHost } from '../util/formats.js';

const USER_AGENT = 'nestjs-mindsphere-credentials';

/** The longest answer that is read whole; a token answer has about 2 kB. */
export const LARGEST_ANSWER_BYTES = 256 * 1_024;

/** Axios finds the adapter for Node by this name, also where a bundler or Jest would prefer the browser's. */
const nodeAdapter = getAdapter('http');

/**
 * Sends one request by Axios' adapter for Node. Plain http to a loopback address takes no proxy from the environment:
 * the proxy would get the secrets in clear, and could not reach this machine anyway. A proxy from the options still
 * counts.
 */
export const sendOverHttp: AxiosAdapter = (config) => {
  return nodeAdapter(goesDirectly(config.url, config.proxy) ? { ...config, proxy: false } : config);
};

/** Whether a request must not take a proxy from the environment. */
export function goesDirectly(url: string | undefined, proxy: AxiosRequestConfig['proxy']): boolean {
  return proxy === undefined && isPlainLoopback(url);
}

type OwnDefaults = Omit<AxiosRequestConfig, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };

/**
 * An Axios of our own, made by its class, because `axios.create()` inherits the defaults of the global Axios: an
 * interceptor, header, adapter or base URL that an application sets there must not affect requests with secrets. No
 * redirect is followed: Axios would send `X-SPACE-AUTH-KEY` to another host (measured).
 */
function ownAxios(config: OwnDefaults): Axios {
  return new Axios({ adapter: sendOverHttp, maxRedirects: 0, ...ownDefaults(config) });
}

/** Defaults with the headers that all of our requests have. */
export function ownDefaults(defaults: OwnDefaults): AxiosRequestConfig {
  // By own properties: a property of a polluted `Object.prototype` must not become a header.
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

/** The usual spellings, recognized without parsing the URL. */
const PLAIN_LOOPBACK = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?(?:[/?#]|$)/i;

function isPlainLoopback(url = ''): boolean {
  // Most requests use TLS, and their URL need not be parsed.
  if (!/^http:/i.test(url)) return false;
  return PLAIN_LOOPBACK.test(url) || (URL.canParse(url) && isLoopbackHost(new URL(url).hostname));
}

const LOST_CONNECTION: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

/**
 * Whether a request failed without an answer on a connection that an earlier request had opened. Servers close idle
 * connections, and a request that is sent at that moment is lost although the server works: a GET may be repeated at
 * once (RFC 9110, section 9.2.2). A timeout does not count, because a slow server causes it, too.
 */
export function failedOnReusedSocket(failure: unknown): boolean {
  if (!isAxiosError(failure) || failure.response !== undefined || !LOST_CONNECTION.has(failure.code ?? ''))
    return false;
  const request: unknown = failure.request;
  return typeof request === 'object' && request !== null && 'reusedSocket' in request && request.reusedSocket === true;
}

/** The variables from which Axios reads a proxy. */
const PROXY_VARIABLES: readonly string[] = ['http_proxy', 'https_proxy', 'all_proxy'].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

interface Login {
  readonly username: string;
  readonly password: string;
}

/** The passwords of the proxies that a request may use: a proxy's error page may contain them. */
export function proxySecrets({ proxy }: NonNullable<RequestOptions['axios']>): string[] {
  const given = typeof proxy === 'object' && proxy.auth !== undefined ? [proxy.auth] : [];
  const found = PROXY_VARIABLES.flatMap((name) => loginsOf(process.env[name]));
  return [...given, ...found].flatMap(({ username, password }) =>
    password === '' ? [] : [password, `${username}:${password}`],
  );
}

/** The login as written in the URL, which is what Axios sends (measured with 1.21), and percent-decoded. */
function loginsOf(variable = ''): Login[] {
  // Axios takes one without a scheme, too.
  const url = variable.includes('://') ? variable : `http://${variable}`;
  if (!URL.canParse(url)) return [];
  const { username, password } = new URL(url);
  return [
    { username, password },
    { username: decoded(username), password: decoded(password) },
  ];
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

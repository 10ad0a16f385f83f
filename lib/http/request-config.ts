import type { AxiosRequestConfig } from 'axios';
import { isValues, type Values } from '../util/json.js';
import { demandHeaders, plainHeaders, requestRefused } from './request-rules.js';

/**
 * What a caller may set. Everything else could lead a token elsewhere (`adapter`, `transport`, `socketPath`, `proxy`,
 * agents, `beforeRedirect`, `lookup`, `auth`), or is not for servers: a setting is accepted only if its name is in this list.
 */
const PASSED = [
  'url',
  'method',
  'baseURL',
  'allowAbsoluteUrls',
  'headers',
  'params',
  'paramsSerializer',
  'data',
  'timeout',
  'timeoutErrorMessage',
  'responseType',
  'responseEncoding',
  'transformRequest',
  'transformResponse',
  'validateStatus',
  'maxContentLength',
  'maxBodyLength',
  'maxRedirects',
  'maxRate',
  'decompress',
  'onUploadProgress',
  'onDownloadProgress',
  'transitional',
  'formSerializer',
  'signal',
] as const satisfies readonly (keyof AxiosRequestConfig)[];

const PASSED_NAMES: ReadonlySet<string> = new Set(PASSED);

/** @inline */
type Passed = (typeof PASSED)[number];

/** What a call takes, with the meaning that it has for Axios. Proxy and agents are options of the module. */
export type MindsphereRequestConfig<D = unknown> = Pick<AxiosRequestConfig<D>, Passed>;

/** `CONNECT` and `TRACE` are no calls of an API, and `TRACE` would be answered with the token. */
const METHOD = /^(?!connect$|trace$)[a-z]+$/i;

/** Names that Axios or this library sets itself, or that mean nothing on a server. */
const IGNORED: ReadonlySet<string> = new Set(['adapter', 'env', 'withCredentials', 'cancelToken']);

/** Throws `options_invalid` where an interceptor has set what a call cannot set. */
export function demandPassed(config: object): void {
  const values = config as Values;
  refuseOthers(Object.keys(config).filter((name) => !isKnown(name) && values[name] !== undefined));
}

/** A copy that nobody else holds, of what may be set. Throws `options_invalid`. */
export function checkedConfig<D>(given: AxiosRequestConfig<D>): MindsphereRequestConfig<D> {
  if (!isValues(given)) throw requestRefused('its configuration is not an object');
  const config = copyOf<D>(given);
  refuseOthers(Object.keys(config).filter((name) => !PASSED_NAMES.has(name)));
  const { method = 'get', signal } = config;
  const headers = plainHeaders(config.headers);
  if (!METHOD.test(method)) throw requestRefused('its method is invalid');
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw requestRefused('its signal is not an AbortSignal');
  demandHeaders(headers);
  config.headers = headers;
  return config;
}

/**
 * Each value is read once, so that what is judged is what is sent. Those of a class count, because Axios reads them; what
 * `Object.prototype` was polluted with was written by nobody.
 */
function copyOf<D>(given: Values): MindsphereRequestConfig<D> {
  const values = Object.create(null) as Record<string, unknown>;
  for (const name in given) {
    if (name in {} && !Object.hasOwn(given, name)) continue;
    const value = given[name];
    if (value !== undefined) values[name] = value;
  }
  return values;
}

function isKnown(name: string): boolean {
  return PASSED_NAMES.has(name) || IGNORED.has(name);
}

function refuseOthers(names: readonly string[]): void {
  if (names.length > 0) throw requestRefused(`a call cannot set ${names.join(', ')}`);
}

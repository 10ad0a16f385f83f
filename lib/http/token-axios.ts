import axios, { type AxiosInstance, type AxiosRequestConfig, Axios, type AxiosResponse } from 'axios';
import { ownDefaults } from '../transport/own-axios.js';
import type { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import { isValues } from '../util/json.js';
import { isThenable } from '../util/promises.js';
import { checkedConfig } from './request-config.js';
import { readFailure } from './scrubbed-answer.js';
import { type Route, tokenAdapter } from './token-adapter.js';

/**
 * What callers know of Axios. The transformers are the global ones, because Axios offers no others; they never meet a
 * token. Both lengths are unbounded unless a call bounds them.
 */
const USUAL_DEFAULTS = {
  transformRequest: axios.defaults.transformRequest,
  transformResponse: axios.defaults.transformResponse,
  transitional: axios.defaults.transitional,
  env: axios.defaults.env,
  headers: { Accept: 'application/json, text/plain, */*' },
  maxBodyLength: -1,
  maxContentLength: -1,
  validateStatus: (status: number) => status >= 200 && status < 300,
};

/**
 * An Axios that acts as these credentials. Calls are judged as they are made, and once more by the adapter, which adds the
 * token below everything that an interceptor sees.
 */
export class TokenAxios {
  readonly #axios: Axios;

  constructor(credentials: MindsphereCredentials, route: Route) {
    // Generated clients put their own base URL before paths where there is none.
    const baseURL = route.gateways.urlOf(undefined);
    const defaults = ownDefaults({ ...USUAL_DEFAULTS, baseURL, timeout: route.limits.timeoutMs });
    this.#axios = new Axios({ ...defaults, adapter: tokenAdapter(credentials, route) });
  }

  /** Sends what `checkedConfig` has judged. */
  async send<T, D>(config: AxiosRequestConfig<D>): Promise<AxiosResponse<T, D>> {
    try {
      return await this.#axios.request<T, AxiosResponse<T, D>, D>(config);
    } catch (failure) {
      throw readFailure(failure);
    }
  }

  /** The same as a function with methods, as `axios.create` makes it, but without the defaults of the global Axios. */
  instance(): AxiosInstance {
    const { defaults, interceptors } = this.#axios;
    const request = async (given: string | AxiosRequestConfig, config?: AxiosRequestConfig) =>
      this.send(configOfClient(typeof given === 'string' ? { ...config, url: given } : given));
    // The methods call `request` of the object that they are bound to.
    const judged = Object.assign(new Axios(), { defaults, interceptors, request });
    const names = Object.getOwnPropertyNames(Axios.prototype).filter((name) => !NOT_METHODS.has(name));
    const methods = names.map((name) => [name, (judged as unknown as Record<string, Method>)[name]?.bind(judged)]);
    return Object.assign(request, Object.fromEntries(methods), { defaults, interceptors, request }) as AxiosInstance;
  }
}

type Method = (...args: unknown[]) => unknown;

const NOT_METHODS: ReadonlySet<string> = new Set(['constructor', 'request', '_request']);

/** Generated clients set `withCredentials`, which is for browsers, and `HttpService` brings a `CancelToken`. */
function configOfClient<D>(given: AxiosRequestConfig<D>): AxiosRequestConfig<D> {
  if (typeof given !== 'object' || given === null) return checkedConfig(given);
  const { withCredentials: _, cancelToken, ...rest } = given;
  const checked = checkedConfig<D>(rest);
  return isCancelToken(cancelToken) ? { ...checked, cancelToken } : checked;
}

/** Of this Axios or of another copy of it. */
function isCancelToken(given: unknown): boolean {
  if (!isValues(given) || !isThenable(given['promise'])) return false;
  return ['subscribe', 'unsubscribe', 'throwIfRequested'].every((name) => typeof given[name] === 'function');
}

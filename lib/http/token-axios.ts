import axios, { type AxiosInstance, type AxiosRequestConfig, Axios, type AxiosResponse } from 'axios';
import { ownDefaults } from '../transport/own-axios.js';
import type { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import { checkedConfig, type MindsphereRequestConfig } from './request-config.js';
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
export class TokenAxios extends Axios {
  constructor(credentials: MindsphereCredentials, route: Route) {
    // Generated clients put their own base URL before paths where there is none.
    const baseURL = route.gateways.urlOf(undefined);
    const defaults = ownDefaults({ ...USUAL_DEFAULTS, baseURL, timeout: route.limits.timeoutMs });
    super({ ...defaults, adapter: tokenAdapter(credentials, route) });
  }

  override request<T = unknown, R = AxiosResponse<T>, D = unknown>(
    urlOrConfig: string | AxiosRequestConfig<D>,
    config?: AxiosRequestConfig<D>,
  ): Promise<R> {
    const given = typeof urlOrConfig === 'string' ? { ...config, url: urlOrConfig } : urlOrConfig;
    return attempt(() => this.#send<T, R, D>(configOfClient(given)));
  }

  /** Sends what `checkedConfig` has judged. */
  sendChecked<T, D>(config: MindsphereRequestConfig<D>): Promise<AxiosResponse<T, D>> {
    return this.#send<T, AxiosResponse<T, D>, D>(config);
  }

  async #send<T, R, D>(config: AxiosRequestConfig<D>): Promise<R> {
    try {
      return (await super.request<T, R, D>(config)) as R;
    } catch (failure) {
      throw readFailure(failure);
    }
  }
}

/** Generated clients set `withCredentials`, which is for browsers, and `HttpService` brings a `CancelToken`. */
function configOfClient<D>(given: AxiosRequestConfig<D>): AxiosRequestConfig<D> {
  const { withCredentials: _, cancelToken, ...rest } = given ?? {};
  const checked = checkedConfig<D>(given === undefined || given === null ? given : rest);
  return cancelToken instanceof axios.CancelToken ? { ...checked, cancelToken } : checked;
}

async function attempt<T>(act: () => Promise<T>): Promise<T> {
  return act();
}

/** A function with the methods of an Axios, as `axios.create` makes it, but without the defaults of the global one. */
export function callable(own: Axios): AxiosInstance {
  const call = own.request.bind(own);
  const methods = Object.getOwnPropertyNames(Axios.prototype).filter((name) => name !== 'constructor');
  const bound = methods.map((name) => [name, (own as unknown as Record<string, Method>)[name]?.bind(own)] as const);
  const { defaults, interceptors } = own;
  return Object.assign(call, { ...Object.fromEntries(bound), defaults, interceptors }) as unknown as AxiosInstance;
}

type Method = (...args: unknown[]) => unknown;

import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { Observable } from 'rxjs';
import type { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import { checkedConfig, type MindsphereRequestConfig } from './request-config.js';
import type { Route } from './token-adapter.js';
import { TokenAxios } from './token-axios.js';
import { type Fetch, tokenFetch } from './token-fetch.js';

/**
 * Calls APIs as one holder of credentials, in the way of Nest's `HttpService`: cold Observables of Axios' answers. Each
 * subscription is a request of its own; unsubscribing aborts it. All do network I/O, and fail as
 * {@link MindsphereHttpClient.request} does. For other clients there are {@link MindsphereHttpClient.fetch} and {@link MindsphereHttpClient.axiosRef}.
 */
export class MindsphereHttpClient {
  readonly #axios: TokenAxios;
  #axiosRef?: AxiosInstance;
  readonly #fetch: Fetch;

  /** @internal Objects come from `MindsphereHttpService`. */
  constructor(credentials: MindsphereCredentials, route: Route) {
    this.#axios = new TokenAxios(credentials, route);
    this.#fetch = tokenFetch(credentials, route);
  }

  /**
   * An Axios instance that acts as these credentials, for generated clients; the same object at each reading. What calls
   * may set is what {@link request} takes, and `withCredentials`, which is ignored. Interceptors run for all calls made
   * with these credentials, those of this object's methods too, and never see the token. Fails as {@link request} does.
   */
  get axiosRef(): AxiosInstance {
    return (this.#axiosRef ??= this.#axios.instance());
  }

  /**
   * A `fetch` of the standard that acts as these credentials, for `openapi-fetch`, `ky` and the like; the same function
   * at each reading. Relative URLs are those of the gateway. Rejects with `options_invalid` for what must not be sent
   * (another origin, an `Authorization` or `Host` header), with a `TimeoutError` where no answer begins within
   * `request.timeoutMs`, as {@link MindsphereCredentials.getToken} does, and otherwise as Node's `fetch`. A redirect to
   * where a token must not go is the answer. The body of a failed answer is masked and cut after 256 kB.
   */
  get fetch(): Fetch {
    return this.#fetch;
  }

  /**
   * Any request. URLs are relative to the gateway. Does network I/O, also for a token.
   *
   * Fails with an `AxiosError` for what Axios makes of the answer (`response.status`, `response.data`) or of the network
   * (`code`), with a `CanceledError` where its `signal` is aborted, with `options_invalid` for what must not be sent,
   * and as {@link MindsphereCredentials.getToken} does. Neither these nor the answer hold the token: `request` is
   * missing, `config` is the caller's own.
   */
  request<T = unknown, D = unknown>(config: MindsphereRequestConfig<D>): Observable<AxiosResponse<T, D>> {
    return this.#send<T, D>(config);
  }

  /** `GET` */
  get<T = unknown, D = unknown>(url: string, config?: MindsphereRequestConfig<D>): Observable<AxiosResponse<T, D>> {
    return this.#send<T, D>({ ...config, method: 'get', url });
  }

  /** `DELETE` */
  delete<T = unknown, D = unknown>(url: string, config?: MindsphereRequestConfig<D>): Observable<AxiosResponse<T, D>> {
    return this.#send<T, D>({ ...config, method: 'delete', url });
  }

  /** `HEAD` */
  head<T = unknown, D = unknown>(url: string, config?: MindsphereRequestConfig<D>): Observable<AxiosResponse<T, D>> {
    return this.#send<T, D>({ ...config, method: 'head', url });
  }

  /** `OPTIONS` */
  options<T = unknown, D = unknown>(url: string, config?: MindsphereRequestConfig<D>): Observable<AxiosResponse<T, D>> {
    return this.#send<T, D>({ ...config, method: 'options', url });
  }

  /** `POST` */
  post<T = unknown, D = unknown>(
    url: string,
    data?: D,
    config?: MindsphereRequestConfig<D>,
  ): Observable<AxiosResponse<T, D>> {
    return this.#send<T, D>({ ...config, method: 'post', url, data });
  }

  /** `PUT` */
  put<T = unknown, D = unknown>(
    url: string,
    data?: D,
    config?: MindsphereRequestConfig<D>,
  ): Observable<AxiosResponse<T, D>> {
    return this.#send<T, D>({ ...config, method: 'put', url, data });
  }

  /** `PATCH` */
  patch<T = unknown, D = unknown>(
    url: string,
    data?: D,
    config?: MindsphereRequestConfig<D>,
  ): Observable<AxiosResponse<T, D>> {
    return this.#send<T, D>({ ...config, method: 'patch', url, data });
  }

  #send<T, D>(given: MindsphereRequestConfig<D>): Observable<AxiosResponse<T, D>> {
    return new Observable((subscriber) => {
      // As Nest's `HttpService` does: an `AbortController` costs several times as much.
      // oxlint-disable-next-line import/no-named-as-default-member -- its types have it here alone
      const { token, cancel } = axios.CancelToken.source();
      const config: AxiosRequestConfig<D> = checkedConfig(given);
      config.cancelToken = token;
      let pending = true;
      const settle = (report: () => void) => {
        pending = false;
        report();
      };
      void this.#axios.send<T, D>(config).then(
        (answer) => settle(() => (subscriber.next(answer), subscriber.complete())),
        (failure: unknown) => settle(() => subscriber.error(failure)),
      );
      return () => {
        // An answer that is a stream belongs to the caller once it was given.
        if (pending) cancel();
      };
    });
  }
}

import type { AxiosResponse } from 'axios';
import type { Observable } from 'rxjs';
import type { MindsphereRequestConfig } from './request-config.js';

/** Sends one request each time it is subscribed, and aborts it when unsubscribed. */
export type Send = <T, D>(config: MindsphereRequestConfig<D>) => Observable<AxiosResponse<T, D>>;

/**
 * Calls APIs as one holder of credentials, in the way of Nest's `HttpService`: cold Observables of Axios' answers. Each
 * subscription is a request of its own; unsubscribing aborts it. All do network I/O, and fail as
 * {@link MindsphereHttpClient.request} does.
 */
export class MindsphereHttpClient {
  readonly #send: Send;

  /** @internal Objects come from `MindsphereHttpService`. */
  constructor(send: Send) {
    this.#send = send;
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
}

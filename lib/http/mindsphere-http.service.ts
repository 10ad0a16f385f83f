import axios, { type Axios, type AxiosAdapter, type AxiosResponse } from 'axios';
import { Observable, type Subscriber } from 'rxjs';
import type { ResolvedOptions } from '../config/resolved-options.interface.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import { MindsphereHttpClient } from './mindsphere-http.client.js';
import { ownAxios } from '../transport/own-axios.js';
import { checkedConfig, type MindsphereRequestConfig } from './request-config.js';
import { maskUnread } from './scrubbed-answer.js';
import { RequestTarget } from './request-target.js';
import { type Route, tokenAdapter } from './token-adapter.js';
import { CLASS_NAME } from '../util/class-name.js';

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
  maxRedirects: undefined,
  validateStatus: (status: number) => status >= 200 && status < 300,
};

/**
 * Calls the platform's APIs: an `HttpService` that adds the token of the credentials it is given, at its gateway and
 * nowhere else but at `http.allowedOrigins`. A 401 makes it forget that token and send once more with a new one, unless
 * nobody can renew the token (a user's) or the body is a stream. Redirects are followed, five at most, where a token
 * may go; any other is the answer.
 */
export class MindsphereHttpService {
  /** @internal */
  static readonly [CLASS_NAME]: string = 'MindsphereHttpService';
  readonly #axios: Axios;
  readonly #route: Route;

  /** @internal Objects come from injection. */
  constructor({ platforms: [{ gatewayUrl }], request, http }: ResolvedOptions) {
    this.#axios = ownAxios({ ...USUAL_DEFAULTS, baseURL: gatewayUrl, timeout: request.timeoutMs });
    this.#route = { target: new RequestTarget(gatewayUrl, http.allowedOrigins), agents: request.axios };
  }

  /**
   * Calls APIs with the tokens of these credentials, which should be of the same registration: their tokens go to this
   * one's gateway. No network I/O by itself. Throws `options_invalid` where it is given no credentials.
   */
  as(credentials: MindsphereCredentials): MindsphereHttpClient {
    demandCredentials(credentials);
    const adapter = tokenAdapter(credentials, this.#route);
    return new MindsphereHttpClient(
      (config) => new Observable((subscriber) => this.#send(config, adapter, subscriber)),
    );
  }

  #send<T, D>(
    given: MindsphereRequestConfig<D>,
    adapter: AxiosAdapter,
    subscriber: Subscriber<AxiosResponse<T, D>>,
  ): () => void {
    const config = checkedConfig(given);
    const left = new AbortController();
    const signal = config.signal ? AbortSignal.any([left.signal, config.signal as AbortSignal]) : left.signal;
    let pending = true;
    const settle = (tell: () => void) => {
      pending = false;
      tell();
    };
    void this.#axios.request<T, AxiosResponse<T, D>, D>({ ...config, signal, adapter }).then(
      (answer) => settle(() => (subscriber.next(answer), subscriber.complete())),
      (failure: unknown) => settle(() => (maskUnread(failure), subscriber.error(failure))),
    );
    return () => {
      // An answer that is a stream belongs to the caller once it was given.
      if (pending) left.abort();
    };
  }
}

/** An injected property that is read too early, or was never injected, is the usual cause. */
function demandCredentials(given: unknown): void {
  if (given instanceof MindsphereCredentials) return;
  throw new MindsphereCredentialsError(
    'options_invalid',
    `MindsphereHttpService.as() was given ${given === undefined ? 'undefined' : 'no credentials'}: pass an injected ` +
      'AppCredentials, TenantCredentials or MindsphereCredentials, or the user of @CurrentUserToken().',
  );
}

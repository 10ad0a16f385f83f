import {
  type AxiosAdapter,
  AxiosHeaders,
  type AxiosResponse,
  CanceledError,
  type InternalAxiosRequestConfig,
} from 'axios';
import type { ResolvedRequestOptions } from '../config/resolved-options.interface.js';
import type { PlatformRules } from '../platform/platform.interface.js';
import type { AccessToken } from '../token/access-token.js';
import type { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import { ApiError, type FailedCall } from '../transport/api-error.js';
import { goesDirectly, proxySecrets, sendOverHttp } from '../transport/own-axios.js';
import { UserToken } from '../users/user-token.js';
import { secretsOfJwt } from '../util/redaction.js';
import type { Gateways } from './gateways.js';
import { isRepeatable, lengthOf } from './request-body.js';
import { demandPassed } from './request-config.js';
import { demandHeaders, demandLimits } from './request-rules.js';
import { accepts, discard, scrubbedAnswer, scrubbedFailure, statusFailure } from './scrubbed-answer.js';
import { answerTo, BODY_HEADERS, type Carrier, type RedirectedStep, type Step } from './token-call.js';

const MOST_REDIRECTS = 5;

/** What all calls of one registration share. */
export interface Route {
  readonly gateways: Gateways;
  readonly limits: ResolvedRequestOptions;
}

interface AxiosStep extends Step {
  readonly headers: AxiosHeaders;
  readonly data: unknown;
}

/**
 * What stands between Axios and the network. A request comes here as it will be sent, after all of Axios' joining and
 * transforming; it is judged, and gets its token here, below everything that a caller, an interceptor, a transformer or
 * an error sees.
 */
export function tokenAdapter(credentials: MindsphereCredentials, { gateways, limits }: Route): AxiosAdapter {
  const failed = { isUsers: credentials instanceof UserToken, maxRetryAfterMs: limits.maxRetryAfterMs };
  return async (asked) => {
    demandPassed(asked);
    demandHeaders(asked.headers);
    const gateway = gateways.for(credentials.platform);
    const { method = 'get', headers, maxRedirects = MOST_REDIRECTS } = asked;
    const data: unknown = asked.data;
    const step = { url: gateway.resolve(asked), method, headers, data, repeatable: isRepeatable(data) };
    const carrier = new AxiosCarrier(asked, gateway.rules, failed, limits);
    const redirects = maxRedirects === 0 ? -1 : Math.min(maxRedirects, MOST_REDIRECTS);
    const answer = await answerTo({ credentials, gateway, carrier }, step, redirects);
    if (accepts(asked, answer.status)) return answer;
    throw statusFailure(answer, asked, failed);
  };
}

/**
 * Any status is accepted here: the caller's `validateStatus` is asked after redirects and the replay. A body cannot set
 * other headers than its own.
 */
const AS_IT_IS = {
  baseURL: undefined,
  params: undefined,
  maxRedirects: 0,
  validateStatus: null,
  formDataHeaderPolicy: 'content-only',
} as const;

/** Sends what a call asks for by Axios. A class, because there is one for each call. */
class AxiosCarrier implements Carrier<AxiosStep, AxiosResponse> {
  readonly #asked: InternalAxiosRequestConfig;
  readonly #rules: PlatformRules;
  readonly #failed: FailedCall;
  readonly #limits: ResolvedRequestOptions;
  /** The tokens that the call was sent with so far: a server may repeat each of them. */
  readonly #sent: string[] = [];

  constructor(
    asked: InternalAxiosRequestConfig,
    rules: PlatformRules,
    failed: FailedCall,
    limits: ResolvedRequestOptions,
  ) {
    this.#asked = asked;
    this.#rules = rules;
    this.#failed = failed;
    this.#limits = limits;
  }

  async send({ url, method, headers: given, data }: AxiosStep, { value, authorization }: AccessToken) {
    this.#sent.push(value);
    const agents = this.#limits.axios();
    // The caller's have been judged: they hold no Authorization.
    const headers = Object.assign(new AxiosHeaders(), given, { Authorization: authorization });
    this.#demandLimits(headers, data);
    const proxy = goesDirectly(url, agents.proxy) ? { proxy: false as const } : undefined;
    const whole = { ...this.#asked, ...agents, ...proxy, ...AS_IT_IS, url, method, headers, data };
    const secrets = () => [...this.#sent.flatMap(secretsOfJwt), ...proxySecrets(agents)];
    try {
      return scrubbedAnswer(await sendOverHttp(whole), this.#asked, secrets, this.#failed);
    } catch (failure) {
      throw scrubbedFailure(failure, this.#asked, secrets, this.#failed);
    }
  }

  statusOf({ status }: AxiosResponse): number {
    return status;
  }

  locationOf({ headers }: AxiosResponse): unknown {
    return headers['location'];
  }

  redirected({ headers: given, ...step }: AxiosStep, { url, asGet, isElsewhere }: RedirectedStep): AxiosStep {
    const headers = new AxiosHeaders(given);
    headers.delete([...(asGet ? BODY_HEADERS : []), ...(isElsewhere ? ['cookie'] : [])]);
    const body = asGet ? { method: 'get', data: undefined, repeatable: true } : {};
    return { ...step, ...body, url, headers };
  }

  discard(answer: AxiosResponse): void {
    discard(answer);
  }

  tooManyRedirects(): Error {
    return new ApiError('Maximum number of redirects exceeded', 'ERR_FR_TOO_MANY_REDIRECTS', this.#asked, this.#failed);
  }

  onAbort(leave: () => void): () => void {
    const { signal, cancelToken } = this.#asked;
    signal?.addEventListener?.('abort', leave);
    const cancellable = cancelToken as CancellableToken | undefined;
    cancellable?.subscribe(leave);
    return () => {
      signal?.removeEventListener?.('abort', leave);
      cancellable?.unsubscribe(leave);
    };
  }

  aborted(): unknown {
    return new CanceledError(undefined, this.#asked);
  }

  /** Throws where the request is larger than the platform takes. */
  #demandLimits(headers: AxiosHeaders, data: unknown): void {
    if (this.#rules.limits === undefined) return;
    const length = lengthOf(data, headers.get('Content-Length'));
    demandLimits(this.#rules, Object.entries(headers.toJSON()), length);
  }
}

/** What a `CancelToken` has that its type does not show. */
interface CancellableToken {
  readonly subscribe: (leave: () => void) => void;
  readonly unsubscribe: (leave: () => void) => void;
}

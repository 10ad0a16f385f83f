import {
  type AxiosAdapter,
  AxiosHeaders,
  type AxiosResponse,
  CanceledError,
  type InternalAxiosRequestConfig,
} from 'axios';
import type { ResolvedRequestOptions } from '../config/resolved-options.interface.js';
import type { AccessToken } from '../token/access-token.js';
import type { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import { ApiError, type FailedCall } from '../transport/api-error.js';
import { proxySecrets, sendOverHttp } from '../transport/own-axios.js';
import { UserToken } from '../users/user-token.js';
import { secretsOfJwt } from '../util/redaction.js';
import type { Gateways } from './gateways.js';
import { isRepeatable } from './request-body.js';
import { demandPassed } from './request-config.js';
import { demandHeaders } from './request-headers.js';
import { demandLimits, lengthOf } from './request-limits.js';
import { accepts, discard, scrubbedAnswer, scrubbedFailure, statusFailure } from './scrubbed-answer.js';
import { answerTo, BODY_HEADERS, type Carrier, type RedirectedStep, type Step } from './token-call.js';

const MOST_REDIRECTS = 5;

/** What all calls of one registration share. */
export interface Route {
  readonly gateways: Gateways;
  readonly limits: ResolvedRequestOptions;
}

interface AxiosStep extends Step {
  readonly request: InternalAxiosRequestConfig;
}

/**
 * What stands between Axios and the network. A request comes here as it will be sent, after all of Axios' joining and
 * transforming; it is judged, and gets its token here, below everything that a caller, an interceptor, a transformer or
 * an error sees.
 */
export function tokenAdapter(credentials: MindsphereCredentials, { gateways, limits }: Route): AxiosAdapter {
  const usualUrl = gateways.urlOf(undefined);
  const failed = { isUsers: credentials instanceof UserToken, maxRetryAfterMs: limits.maxRetryAfterMs };
  return async (asked) => {
    demandPassed(asked);
    demandHeaders(asked.headers);
    const gateway = gateways.for(credentials.platform);
    const url = gateway.resolve(asked.baseURL === usualUrl ? { ...asked, baseURL: undefined } : asked);
    const first = { ...asked, url, baseURL: undefined, params: undefined };
    const judge = (request: InternalAxiosRequestConfig) => {
      if (gateway.rules.limits === undefined) return;
      const length = lengthOf(request.data, request.headers.get('Content-Length'));
      demandLimits(gateway.rules, Object.entries(request.headers.toJSON()), length);
    };
    const signal = signalOf(asked);
    const carrier = axiosCarrier({ asked, failed, signal, limits, judge });
    const { maxRedirects = MOST_REDIRECTS } = asked;
    const redirects = maxRedirects === 0 ? -1 : Math.min(maxRedirects, MOST_REDIRECTS);
    const answer = await answerTo({ credentials, gateway, carrier, signal }, stepOf(first), redirects);
    if (accepts(asked, answer.status)) return answer;
    throw statusFailure(answer, asked, failed);
  };
}

function stepOf(request: InternalAxiosRequestConfig): AxiosStep {
  const { url = '', method = 'get', data } = request;
  return { url, method, repeatable: isRepeatable(data), request };
}

/** Axios' older way to cancel, which `HttpService` uses, becomes a signal. */
function signalOf({ signal, cancelToken }: InternalAxiosRequestConfig): AbortSignal | undefined {
  const signals = [signal as AbortSignal | undefined, cancelToken && abortedBy(cancelToken.promise)];
  const [first, second] = signals.filter((one) => one !== undefined);
  return first !== undefined && second !== undefined ? AbortSignal.any([first, second]) : first;
}

function abortedBy(cancelled: Promise<unknown>): AbortSignal {
  const controller = new AbortController();
  void cancelled.then(() => controller.abort());
  return controller.signal;
}

interface AskedByAxios {
  readonly asked: InternalAxiosRequestConfig;
  readonly failed: FailedCall;
  readonly signal: AbortSignal | undefined;
  readonly limits: ResolvedRequestOptions;
  /** Throws where the request is larger than the platform takes. */
  readonly judge: (request: InternalAxiosRequestConfig) => void;
}

function axiosCarrier({ asked, failed, signal, limits, judge }: AskedByAxios): Carrier<AxiosStep, AxiosResponse> {
  /** The tokens that the call was sent with so far: a server may repeat each of them. */
  const sent = new Set<string>();
  return {
    send: async ({ request }: AxiosStep, token: AccessToken) => {
      sent.add(token.value);
      const agents = limits.axios();
      const secrets = () => [...[...sent].flatMap(secretsOfJwt), ...proxySecrets(agents)];
      const headers = new AxiosHeaders(request.headers).set('Authorization', token.authorization);
      const whole = { ...request, ...agents, ...AS_IT_IS, headers, signal, cancelToken: undefined };
      judge(whole);
      try {
        return scrubbedAnswer(await sendOverHttp(whole), asked, secrets, failed);
      } catch (failure) {
        throw scrubbedFailure(failure, asked, secrets, failed);
      }
    },
    statusOf: ({ status }) => status,
    locationOf: ({ headers }) => headers['location'] as unknown,
    redirected,
    discard,
    tooManyRedirects: () =>
      new ApiError('Maximum number of redirects exceeded', 'ERR_FR_TOO_MANY_REDIRECTS', asked, failed),
    aborted: () => new CanceledError(undefined, asked),
  };
}

/**
 * Any status: whether it pleases the caller is judged when redirects and rejections have had their turn. A body cannot
 * bring other headers than its own.
 */
const AS_IT_IS = { maxRedirects: 0, validateStatus: null, formDataHeaderPolicy: 'content-only' } as const;

function redirected({ request }: AxiosStep, { url, asGet, isElsewhere }: RedirectedStep): AxiosStep {
  const headers = new AxiosHeaders(request.headers);
  headers.delete([...(asGet ? BODY_HEADERS : []), ...(isElsewhere ? ['cookie'] : [])]);
  return stepOf({ ...request, ...(asGet ? { method: 'get', data: undefined } : {}), url, headers });
}

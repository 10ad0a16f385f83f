import {
  type AxiosAdapter,
  AxiosError,
  AxiosHeaders,
  type AxiosResponse,
  CanceledError,
  type InternalAxiosRequestConfig,
} from 'axios';
import { defer, firstValueFrom, fromEvent, takeUntil, throwIfEmpty } from 'rxjs';
import type { ResolvedRequestOptions } from '../config/resolved-options.interface.js';
import type { AccessToken } from '../token/access-token.js';
import { sendOverHttp } from '../transport/own-axios.js';
import { proxySecrets } from '../transport/proxy-secrets.js';
import { type Tokens, withToken } from '../credentials/with-token.js';
import { accepts, discard, scrubbedAnswer, scrubbedFailure, statusFailure } from './scrubbed-answer.js';
import { redirectOf } from './redirect.js';
import { secretsOfJwt } from '../util/redaction.js';
import { isRepeatable } from './request-body.js';
import { demandHeaders } from './request-headers.js';
import type { RequestTarget } from './request-target.js';

const MOST_REDIRECTS = 5;
const UNAUTHORIZED = 401;

/** Where requests may go, and by which proxy and agents. */
export interface Route {
  readonly target: RequestTarget;
  readonly agents: ResolvedRequestOptions['axios'];
}

/** One call, with all of its requests. */
interface Call {
  /** As it was asked for: what errors and answers may show. */
  readonly asked: InternalAxiosRequestConfig;
  readonly tokens: Tokens;
  readonly route: Route;
  /** The tokens that it was sent with so far. */
  readonly sent: Set<string>;
}

/**
 * What stands between Axios and the network. A request comes here as it will be sent, after all of Axios' joining and
 * transforming; it is judged, and gets its token here, below everything that a caller, a transformer or an error sees.
 */
export function tokenAdapter(tokens: Tokens, route: Route): AxiosAdapter {
  return async (asked) => {
    demandHeaders(asked.headers);
    const { maxRedirects = MOST_REDIRECTS } = asked;
    const first = { ...asked, url: route.target.of(asked), baseURL: undefined, params: undefined };
    const answer = await follow(
      { asked, tokens, route, sent: new Set() },
      first,
      Math.min(maxRedirects, MOST_REDIRECTS),
    );
    if (accepts(asked, answer.status)) return answer;
    throw statusFailure(answer, asked);
  };
}

async function follow(call: Call, request: InternalAxiosRequestConfig, redirects: number): Promise<AxiosResponse> {
  const { asked, route } = call;
  const answer = await answerTo(call, request);
  const next = asked.maxRedirects === 0 ? undefined : redirectOf(request, answer, route.target);
  if (next === undefined) return answer;
  discard(answer);
  if (redirects > 0) return follow(call, next, redirects - 1);
  throw new AxiosError('Maximum number of redirects exceeded', 'ERR_FR_TOO_MANY_REDIRECTS', asked);
}

/** One step of the way: a request with a token, and a second one where the first token is refused. */
function answerTo(call: Call, request: InternalAxiosRequestConfig): Promise<AxiosResponse> {
  const answer$ = withToken(call.tokens, {
    url: request.url ?? '',
    send: (token) => defer(() => sendOnce(call, request, token)),
    isRejected: ({ status }) => status === UNAUTHORIZED,
    repeatable: isRepeatable(request.data),
    discard,
  });
  return firstValueFrom(
    answer$.pipe(
      takeUntil(fromEvent(call.asked.signal as AbortSignal, 'abort')),
      throwIfEmpty(() => new CanceledError(undefined, call.asked)),
    ),
  );
}

async function sendOnce(
  { asked, route, sent }: Call,
  request: InternalAxiosRequestConfig,
  token: AccessToken,
): Promise<AxiosResponse> {
  const agents = route.agents();
  sent.add(token.value);
  const secrets = () => [...[...sent].flatMap(secretsOfJwt), ...proxySecrets(agents)];
  const headers = new AxiosHeaders(request.headers).set('Authorization', token.authorization);
  try {
    // Any status: whether it pleases the caller is judged when redirects and refusals have had their turn.
    const answer = await sendOverHttp({ ...request, ...agents, headers, ...AS_IT_IS });
    return scrubbedAnswer(answer, asked, secrets);
  } catch (failure) {
    throw scrubbedFailure(failure, asked, secrets);
  }
}

/** A body cannot bring other headers than its own. */
const AS_IT_IS = { maxRedirects: 0, validateStatus: null, formDataHeaderPolicy: 'content-only' } as const;

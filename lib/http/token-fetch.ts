import type { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import type { AccessToken } from '../token/access-token.js';
import { secretsOfJwt } from '../util/redaction.js';
import type { Gateway } from './gateway.js';
import { bodyOf, type FetchBody } from './fetch-body.js';
import { demandHeaders } from './request-headers.js';
import { demandLimits } from './request-limits.js';
import { requestRefused } from './request-refused.js';
import { scrubbedFetchFailure, scrubbedResponse } from './scrubbed-response.js';
import type { Route } from './token-adapter.js';
import { answerTo, BODY_HEADERS, type Carrier, type RedirectedStep, type Step } from './token-call.js';

/** As the standard has it. */
const MOST_REDIRECTS = 20;

/** Taken when this is loaded: what an application puts in its place later must not see tokens. */
const nodeFetch = globalThis.fetch;

/** `fetch` of the standard. */
export type Fetch = typeof globalThis.fetch;

interface FetchStep extends Step {
  readonly headers: Headers;
  readonly body: FetchBody;
}

/** What one call asks for, apart from where it goes. */
interface Asked {
  readonly request: Request;
  readonly gateway: Gateway;
  readonly timeoutMs: number;
}

/** A `fetch` that acts as these credentials. */
export function tokenFetch(credentials: MindsphereCredentials, { gateways, limits }: Route): Fetch {
  return async (input, init) => {
    if (init !== undefined && 'dispatcher' in init) throw requestRefused('a call cannot set dispatcher');
    const gateway = gateways.for(credentials.platform);
    const url = gateway.resolve({ url: input instanceof Request ? input.url : String(input) });
    const request = input instanceof Request ? new Request(input, init) : new Request(url, init);
    demandHeaders(Object.fromEntries(request.headers));
    const body = await bodyOf(request, init?.body);
    const step = { url, method: request.method, repeatable: body.isRepeatable, headers: request.headers, body };
    const asked = { request, gateway, timeoutMs: limits.timeoutMs };
    const { signal, redirect } = request;
    signal.throwIfAborted();
    const call = { credentials, gateway, carrier: fetchCarrier(asked), signal };
    const response = await answerTo<FetchStep, Response>(call, step, redirect === 'follow' ? MOST_REDIRECTS : -1);
    if (redirect === 'error' && isRedirect(response)) throw fetchFailed('unexpected redirect');
    // What the standard says of redirects is not seen by the single requests.
    return response.url === url ? response : Object.defineProperty(response, 'redirected', { value: true });
  };
}

function fetchCarrier(asked: Asked): Carrier<FetchStep, Response> {
  /** The tokens that the call was sent with so far: a server may repeat each of them. */
  const sent = new Set<string>();
  return {
    send: async (step, token) => {
      sent.add(token.value);
      const secrets = () => [...sent].flatMap(secretsOfJwt);
      try {
        return scrubbedResponse(await sendOnce(asked, step, token), secrets);
      } catch (failure) {
        throw scrubbedFetchFailure(failure, asked.request.signal, secrets);
      }
    },
    statusOf: ({ status }) => status,
    locationOf: ({ headers }) => headers.get('location'),
    redirected,
    discard: ({ body }) => void body?.cancel().catch(() => undefined),
    tooManyRedirects: () => fetchFailed('redirect count exceeded'),
    aborted: () => asked.request.signal.reason,
  };
}

async function sendOnce(
  { request, gateway, timeoutMs }: Asked,
  step: FetchStep,
  token: AccessToken,
): Promise<Response> {
  const headers = new Headers(step.headers);
  headers.set('Authorization', token.authorization);
  demandLimits(gateway.rules, headers, step.body.length);
  const timeout = new AbortController();
  const reason = new DOMException(`no answer began within ${timeoutMs} ms`, 'TimeoutError');
  const timer = setTimeout(() => timeout.abort(reason), timeoutMs);
  const signal = AbortSignal.any([request.signal, timeout.signal]);
  const { method, body, url } = { ...step, body: step.body.content() };
  try {
    return await nodeFetch(url, { method, headers, body, signal, redirect: 'manual', duplex: 'half' });
  } finally {
    clearTimeout(timer);
  }
}

function redirected(step: FetchStep, { url, asGet, isElsewhere }: RedirectedStep): FetchStep {
  const headers = new Headers(step.headers);
  for (const name of [...(asGet ? BODY_HEADERS : []), ...(isElsewhere ? ['cookie'] : [])]) headers.delete(name);
  if (!asGet) return { ...step, url, headers };
  return { url, method: 'GET', repeatable: true, headers, body: NO_BODY };
}

const NO_BODY: FetchBody = { isRepeatable: true, length: 0, content: () => null };

function isRedirect({ status, headers }: Response): boolean {
  return status >= 300 && status < 400 && headers.has('location');
}

/** As Node words it. */
function fetchFailed(why: string): TypeError {
  return new TypeError('fetch failed', { cause: new Error(why) });
}

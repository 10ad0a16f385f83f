import type { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import type { AccessToken } from '../token/access-token.js';
import { secretsOfJwt } from '../util/redaction.js';
import type { Gateway } from './gateway.js';
import { bodyOf, type FetchBody, keptBody, NO_BODY } from './fetch-body.js';
import { NOT_THE_CALLERS, ownHeader } from './request-headers.js';
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
  readonly signal: AbortSignal | undefined;
  readonly gateway: Gateway;
  readonly timeoutMs: number;
}

/** The parts of a call that count, from a `Request` or from what stands beside a URL. */
interface Parts {
  readonly method: string;
  readonly headers: Headers;
  readonly redirect: RequestInit['redirect'];
  readonly signal: AbortSignal | undefined;
  readonly body: FetchBody;
}

/** A `fetch` that acts as these credentials. */
export function tokenFetch(credentials: MindsphereCredentials, { gateways, limits }: Route): Fetch {
  return async (input, init) => {
    if (init !== undefined && 'dispatcher' in init) throw requestRefused('a call cannot set dispatcher');
    const gateway = gateways.for(credentials.platform);
    const url = gateway.resolve({ url: input instanceof Request ? input.url : String(input) });
    const parts = input instanceof Request ? await partsOfRequest(new Request(input, init), init) : partsOf(init);
    const { method, headers, redirect, signal, body } = parts;
    for (const name of NOT_THE_CALLERS) if (headers.has(name)) throw ownHeader(name);
    signal?.throwIfAborted();
    const step = { url, method, repeatable: body.isRepeatable, headers, body };
    const carrier = fetchCarrier({ signal, gateway, timeoutMs: limits.timeoutMs });
    const redirects = redirect === 'manual' || redirect === 'error' ? -1 : MOST_REDIRECTS;
    const response = await answerTo({ credentials, gateway, carrier, signal }, step, redirects);
    if (redirect === 'error' && isRedirect(response)) throw fetchFailed('unexpected redirect');
    // What the standard says of redirects is not seen by the single requests.
    return response.url === url ? response : Object.defineProperty(response, 'redirected', { value: true });
  };
}

/** Without a `Request` in between, which costs as much as the rest. */
function partsOf({ method = 'GET', headers, redirect, signal, body }: RequestInit = {}): Parts {
  return { method, headers: new Headers(headers), redirect, signal: signal ?? undefined, body: bodyOf(body) };
}

async function partsOfRequest(request: Request, init: RequestInit | undefined): Promise<Parts> {
  const { method, headers, redirect, signal } = request;
  const body = init?.body === undefined || init.body === null ? await keptBody(request) : bodyOf(init.body);
  return { method, headers, redirect, signal, body };
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
        throw scrubbedFetchFailure(failure, asked.signal, secrets);
      }
    },
    statusOf: ({ status }) => status,
    locationOf: ({ headers }) => headers.get('location'),
    redirected,
    discard: ({ body }) => void body?.cancel().catch(() => undefined),
    tooManyRedirects: () => fetchFailed('redirect count exceeded'),
    aborted: () => asked.signal?.reason,
  };
}

async function sendOnce(asked: Asked, { url, method, ...step }: FetchStep, token: AccessToken): Promise<Response> {
  const headers = new Headers(step.headers);
  headers.set('Authorization', token.authorization);
  demandLimits(asked.gateway.rules, headers, step.body.length);
  const { signal, answered } = abortedLate(asked);
  const body = step.body.content();
  try {
    return await nodeFetch(url, { method, headers, body, signal, redirect: 'manual', duplex: 'half' });
  } finally {
    answered();
  }
}

/** A signal that follows the caller's, also while the body is read, and ends what has no answer in time. */
function abortedLate({ signal, timeoutMs }: Asked): { signal: AbortSignal; answered: () => void } {
  const timeout = new AbortController();
  const timer = setTimeout(
    () => timeout.abort(new DOMException(`no answer began within ${timeoutMs} ms`, 'TimeoutError')),
    timeoutMs,
  );
  const either = signal === undefined ? timeout.signal : AbortSignal.any([signal, timeout.signal]);
  return { signal: either, answered: () => clearTimeout(timer) };
}

function redirected(step: FetchStep, { url, asGet, isElsewhere }: RedirectedStep): FetchStep {
  const headers = new Headers(step.headers);
  for (const name of [...(asGet ? BODY_HEADERS : []), ...(isElsewhere ? ['cookie'] : [])]) headers.delete(name);
  if (!asGet) return { ...step, url, headers };
  return { url, method: 'GET', repeatable: true, headers, body: NO_BODY };
}

function isRedirect({ status, headers }: Response): boolean {
  return status >= 300 && status < 400 && headers.has('location');
}

/** As Node words it. */
function fetchFailed(why: string): TypeError {
  return new TypeError('fetch failed', { cause: new Error(why) });
}

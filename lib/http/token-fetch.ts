import type { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import type { AccessToken } from '../token/access-token.js';
import { secretsOfJwt } from '../util/redaction.js';
import type { PlatformRules } from '../platform/platform.interface.js';
import { bodyOf, type FetchBody, keptBody, NO_BODY } from './request-body.js';
import { demandLimits, NOT_THE_CALLERS, ownHeader, requestRefused } from './request-rules.js';
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
    const carrier = new FetchCarrier(signal, gateway.rules, limits.timeoutMs);
    const redirects = redirect === 'manual' || redirect === 'error' ? -1 : MOST_REDIRECTS;
    const step = { url, method, repeatable: body.isRepeatable, headers, body };
    const response = await answerTo({ credentials, gateway, carrier }, step, redirects);
    if (redirect === 'error' && isRedirect(response)) {
      carrier.discard(response);
      throw fetchFailed('unexpected redirect');
    }
    // The standard's property, which the single requests do not have.
    return carrier.isRedirected ? Object.defineProperty(response, 'redirected', { value: true }) : response;
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

/** Sends what a call asks for by `fetch`. A class, because there is one for each call. */
class FetchCarrier implements Carrier<FetchStep, Response> {
  isRedirected = false;
  readonly #signal: AbortSignal | undefined;
  readonly #rules: PlatformRules;
  readonly #timeoutMs: number;
  /** The tokens that the call was sent with so far: a server may repeat each of them. */
  readonly #sent: string[] = [];

  constructor(signal: AbortSignal | undefined, rules: PlatformRules, timeoutMs: number) {
    this.#signal = signal;
    this.#rules = rules;
    this.#timeoutMs = timeoutMs;
  }

  async send(step: FetchStep, token: AccessToken): Promise<Response> {
    this.#sent.push(token.value);
    const secrets = () => this.#sent.flatMap(secretsOfJwt);
    try {
      return scrubbedResponse(await this.#sendOnce(step, token), secrets);
    } catch (failure) {
      throw scrubbedFetchFailure(failure, this.#signal, secrets);
    }
  }

  statusOf({ status }: Response): number {
    return status;
  }

  locationOf({ headers }: Response): unknown {
    return headers.get('location');
  }

  redirected(step: FetchStep, { url, asGet, isElsewhere }: RedirectedStep): FetchStep {
    this.isRedirected = true;
    const headers = new Headers(step.headers);
    for (const name of [...(asGet ? BODY_HEADERS : []), ...(isElsewhere ? ['cookie'] : [])]) headers.delete(name);
    if (!asGet) return { ...step, url, headers };
    return { url, method: 'GET', repeatable: true, headers, body: NO_BODY };
  }

  discard({ body }: Response): void {
    void body?.cancel().catch(() => undefined);
  }

  tooManyRedirects(): Error {
    return fetchFailed('redirect count exceeded');
  }

  onAbort(leave: () => void): () => void {
    this.#signal?.addEventListener('abort', leave);
    return () => this.#signal?.removeEventListener('abort', leave);
  }

  aborted(): unknown {
    return this.#signal?.reason;
  }

  async #sendOnce({ url, method, headers, body }: FetchStep, token: AccessToken): Promise<Response> {
    // The step's headers are a copy of ours, which nobody else sees.
    headers.set('Authorization', token.authorization);
    demandLimits(this.#rules, headers, body.length);
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(lateBy(this.#timeoutMs)), this.#timeoutMs);
    // The caller's own counts while the body is read, too.
    const signal = this.#signal === undefined ? timeout.signal : AbortSignal.any([this.#signal, timeout.signal]);
    const content = body.content();
    try {
      return await nodeFetch(url, { method, headers, body: content, signal, redirect: 'manual', duplex: 'half' });
    } finally {
      clearTimeout(timer);
    }
  }
}

function lateBy(timeoutMs: number): DOMException {
  return new DOMException(`no answer began within ${timeoutMs} ms`, 'TimeoutError');
}

function isRedirect({ status, headers }: Response): boolean {
  return status >= 300 && status < 400 && headers.has('location');
}

/** As Node words it. */
function fetchFailed(why: string): TypeError {
  return new TypeError('fetch failed', { cause: new Error(why) });
}

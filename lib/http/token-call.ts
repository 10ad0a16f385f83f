import { EmptyError, type Observable } from 'rxjs';
import { placeOf } from '../credentials/with-token.js';
import type { AccessToken } from '../token/access-token.js';
import type { MindsphereCredentials } from '../token/mindsphere-credentials.js';
import type { Gateway } from './gateway.js';
import { requestRefused } from './request-rules.js';

const UNAUTHORIZED = 401;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Headers that describe a body. */
export const BODY_HEADERS = ['content-type', 'content-length', 'content-encoding', 'transfer-encoding'] as const;

/** One request as it is sent, but for its token. */
export interface Step {
  /** Absolute, and judged. */
  readonly url: string;
  readonly method: string;
  /** Whether its body is still there after it was sent. */
  readonly repeatable: boolean;
}

/** How steps become answers: by Axios or by `fetch`. */
export interface Carrier<S extends Step, A> {
  readonly send: (step: S, token: AccessToken) => Promise<A>;
  readonly statusOf: (answer: A) => number;
  readonly locationOf: (answer: A) => unknown;
  /** The step that a redirect asks for. */
  readonly redirected: (step: S, change: RedirectedStep) => S;
  /** Ends an answer that nobody will read. */
  readonly discard: (answer: A) => void;
  readonly tooManyRedirects: () => Error;
  /** Calls `leave` once the caller ends the call; gives a function that stops waiting for that. */
  readonly onAbort: (leave: () => void) => () => void;
  /** What a call fails with that is ended while it waits for a token. */
  readonly aborted: () => unknown;
}

/** In what the step after a redirect differs. */
export interface RedirectedStep {
  readonly url: string;
  /** Whether it becomes a GET without a body. */
  readonly asGet: boolean;
  /** Whether it goes to another origin, so that cookies must stay behind. */
  readonly isElsewhere: boolean;
}

/** One call of a caller, with all of its requests. */
export interface Call<S extends Step, A> {
  readonly credentials: MindsphereCredentials;
  readonly gateway: Gateway;
  readonly carrier: Carrier<S, A>;
}

/**
 * Sends with a token, once more with a new one where it is rejected, and follows redirects to where the token may go. This
 * is what calls by Axios and by `fetch` have in common. Any status is an answer.
 */
export async function answerTo<S extends Step, A>(call: Call<S, A>, step: S, redirects: number): Promise<A> {
  const { carrier } = call;
  const answer = await answerToStep(call, step);
  const next = redirects < 0 ? undefined : nextStep(call, step, answer);
  if (next === undefined) return answer;
  carrier.discard(answer);
  if (redirects === 0) throw carrier.tooManyRedirects();
  return answerTo(call, next, redirects - 1);
}

/**
 * The same as `withToken`, for promises: most calls have their token at once, and an Observable for each of them costs more
 * than all the rest here (measured: 5 % of a call).
 */
async function answerToStep<S extends Step, A>(call: Call<S, A>, step: S): Promise<A> {
  const { credentials, carrier } = call;
  const token = await firstOf(credentials.getToken(), carrier);
  const answer = await send(call, step, token);
  if (carrier.statusOf(answer) !== UNAUTHORIZED) return answer;
  const next$ = credentials.replaceRejected(token, placeOf(step.url));
  if (!step.repeatable) return answer;
  const next = await firstOf(next$, carrier).catch((failure: unknown) => {
    carrier.discard(answer);
    throw failure;
  });
  if (next === undefined) return answer;
  carrier.discard(answer);
  return send(call, step, next);
}

async function send<S extends Step, A>(call: Call<S, A>, step: S, token: AccessToken): Promise<A> {
  const { credentials, gateway, carrier } = call;
  demandSamePlatform(token, gateway);
  const answer = await carrier.send(step, token);
  if (carrier.statusOf(answer) !== UNAUTHORIZED) credentials.noteAccepted(token, () => placeOf(step.url));
  return answer;
}

/** The first value of an Observable, unless the caller ends the call before it is there. */
function firstOf<T>(source$: Observable<T>, carrier: Waiting): Promise<T> {
  return new Promise((resolve, reject) => {
    let isThere = false;
    const subscription = source$.subscribe({
      next: (value) => {
        isThere = true;
        resolve(value);
      },
      error: reject,
      complete: () => {
        if (!isThere) reject(new EmptyError());
      },
    });
    // As it is where a token is cached.
    if (subscription.closed) return;
    const stay = carrier.onAbort(() => {
      subscription.unsubscribe();
      reject(carrier.aborted());
    });
    subscription.add(stay);
  });
}

type Waiting = Pick<Carrier<Step, unknown>, 'onAbort' | 'aborted'>;

/** The gateway was chosen before the token was there. */
function demandSamePlatform({ platform }: AccessToken, { rules }: Gateway): void {
  if (platform === undefined || platform === rules.platform) return;
  throw requestRefused(`the token is for another platform than ${rules.domain}`);
}

/**
 * The step that a redirect asks for (RFC 9110, section 15.4); `undefined` where the answer is not followed: it leads to
 * where a token must not go, or demands a body that was consumed.
 */
function nextStep<S extends Step, A>({ gateway, carrier }: Call<S, A>, step: S, answer: A): S | undefined {
  const status = carrier.statusOf(answer);
  const url = REDIRECTS.has(status) ? gateway.redirected(carrier.locationOf(answer), step.url) : undefined;
  if (url === undefined) return undefined;
  const asGet = becomesGet(status, step.method);
  if (!asGet && !step.repeatable) return undefined;
  return carrier.redirected(step, { url, asGet, isElsewhere: new URL(url).origin !== new URL(step.url).origin });
}

/** What browsers and other clients make of them. */
function becomesGet(status: number, method: string): boolean {
  const verb = method.toLowerCase();
  return status === 303 ? verb !== 'head' : (status === 301 || status === 302) && verb === 'post';
}

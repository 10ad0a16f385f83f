import type { HttpService } from '@nestjs/axios';
import {
  type MonoTypeOperatorFunction,
  type Observable,
  catchError,
  defer,
  from,
  map,
  of,
  switchMap,
  tap,
  throwError,
} from 'rxjs';
import { isClientSecret } from '../util/formats.js';
import { isThenable } from '../util/promises.js';
import type { ResolvedRequestOptions } from '../config/resolved-options.interface.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { fingerprintOf } from '../config/sealed-secrets.js';
import { Reporter } from '../telemetry/reporter.js';
import { ownHttpService, proxySecrets } from '../transport/own-axios.js';
import { now } from '../util/clock.js';
import { redactor } from '../util/redaction.js';
import { RefusalMemory } from './refusal-memory.js';
import { failAfter, retryTransient } from '../transport/retry-policy.js';
import { readGrant } from './token-answer.js';
import type {
  OrderSharing,
  TokenEndpoint,
  TokenExchange,
  TokenGrant,
  TokenMessage,
  TokenOrder,
  TokenSharing,
} from './token-source.interface.js';
import { failureOfAnswer, type HttpAnswer, tookTooLong, transportFailure } from '../transport/request-failure.js';

/** One object for all: there may be 10,000 tokens, and most registrations share none. */
const NOT_SHARED: Pick<OrderSharing, 'retract' | 'lastResort'> = {
  retract: () => undefined,
  lastResort: () => undefined,
};

/** Token requests over HTTP, within the limits of one registration. */
export class HttpTokenEndpoint implements TokenEndpoint {
  // Private, so that no dump of the application shows what Axios keeps of requests.
  readonly #http: HttpService = ownHttpService();
  readonly #limits: ResolvedRequestOptions;
  readonly #reporter: Reporter;
  readonly #random: () => number;
  readonly #sharing?: TokenSharing;

  constructor(
    limits: ResolvedRequestOptions,
    reporter = new Reporter(),
    random: () => number = Math.random,
    sharing?: TokenSharing,
  ) {
    this.#limits = limits;
    this.#reporter = reporter;
    this.#random = random;
    this.#sharing = sharing;
  }

  exchange(makeOrder: () => TokenOrder): TokenExchange {
    const memory = new RefusalMemory(this.#limits.maxRetryAfterMs);
    const shared = this.#sharing?.of(makeOrder());
    return {
      grant$: this.#grant(makeOrder, memory, shared),
      forgetRefusal: () => memory.forget(),
      refusedForMs: () => memory.leftMs,
      ...(shared === undefined
        ? NOT_SHARED
        : { retract: (token) => shared.retract(token), lastResort: () => shared.lastResort() }),
    };
  }

  #grant(makeOrder: () => TokenOrder, memory: RefusalMemory, shared?: OrderSharing): Observable<TokenGrant> {
    return defer(() => {
      const order = makeOrder();
      const { subject } = order;
      const began = now().monotonic;
      let attempts = 0;
      const soFar = () => ({ durationMs: now().monotonic - began, attempts });
      return readSecret(order).pipe(
        switchMap((secret) => {
          const fingerprint = fingerprintOf(secret);
          const attempt$ = defer(() => this.#attempt(order, secret, ++attempts));
          const fetch$ = attempt$.pipe(
            retryTransient(this.#limits, this.#random, (failure, delayMs, failed) =>
              this.#reporter.tokenRetried(subject, failure, { attempt: failed, delayMs }),
            ),
            tap({
              subscribe: () => this.#reporter.tokenRequested(subject),
              next: ({ lifeMs }) => this.#reporter.tokenReceived(subject, { ...soFar(), lifeMs }),
            }),
            unlessRefused(memory, fingerprint),
          );
          const isRefused = () => memory.recall(fingerprint) !== undefined;
          return shared === undefined ? fetch$ : shared.share({ secret, fetch$, isRefused });
        }),
        failAfter(this.#limits.deadlineMs, () => tookTooLong(order.url, this.#limits.deadlineMs, attempts)),
        tap({ error: (failure: unknown) => this.#reporter.tokenRefused(subject, failure, soFar()) }),
      );
    });
  }

  /** One HTTP request, from its headers to the last byte of the answer. */
  #attempt(order: TokenOrder, secret: string, attempts: number): Observable<TokenGrant> {
    const { maxRetryAfterMs } = this.#limits;
    const secrets = [secret, `${order.clientId}:${secret}`, ...(order.confidential?.() ?? [])];
    const redact = redactor(...secrets, ...proxySecrets(this.#limits.axios()));
    return this.#post(order.url, order.message(secret)).pipe(
      catchError((failure: unknown) => throwError(() => transportFailure(failure, order.url, attempts))),
      failAfter(this.#limits.timeoutMs, () => tookTooLong(order.url, this.#limits.timeoutMs, attempts)),
      map((answer) => {
        if (answer.status < 200 || answer.status > 299) {
          throw failureOfAnswer(answer, order.url, { redact, attempts, maxRetryAfterMs });
        }
        return readGrant(answer, order.url, order.expected, attempts);
      }),
    );
  }

  #post(url: string, { headers, body }: TokenMessage): Observable<HttpAnswer> {
    return this.#http
      .request<string>({ method: 'POST', url, headers: { ...headers }, data: body, ...this.#limits.axios() })
      .pipe(map((response) => ({ status: response.status, headers: response.headers, body: response.data })));
  }
}

/** Repeats a remembered refusal of the same secret instead of subscribing; else remembers a new one. */
function unlessRefused<T>(memory: RefusalMemory, fingerprint: string): MonoTypeOperatorFunction<T> {
  const note = (failure: unknown) => {
    if (failure instanceof MindsphereCredentialsError) memory.note(failure, fingerprint);
  };
  return (source) =>
    defer(() => {
      const remembered = memory.recall(fingerprint);
      if (remembered !== undefined) return throwError(() => remembered);
      return source.pipe(tap({ next: () => memory.forget(), error: note }));
    });
}

/** The secret as it is now: read once per token request, whatever the number of its attempts. */
function readSecret({ clientId, secret }: TokenOrder): Observable<string> {
  const unusable = (what: string) =>
    new MindsphereCredentialsError('options_invalid', `The client secret function of client ${clientId} ${what}.`);
  return defer(() => {
    const value: unknown = secret.read();
    return isThenable(value) ? from(value) : of(value);
  }).pipe(
    // What the application's function throws may hold the secret, so nothing of it is kept.
    catchError(() => throwError(() => unusable('failed'))),
    map((value) => {
      if (isClientSecret(value)) return value;
      throw unusable('did not return a string without control characters');
    }),
  );
}

import type { HttpService } from '@nestjs/axios';
import { catchError, concatMap, defer, EMPTY, map, type Observable, of, repeat, throwError } from 'rxjs';
import type { ResolvedPlatform, ResolvedRequestOptions } from '../config/resolved-options.interface.js';
import type { AccessToken } from '../token/access-token.js';
import { ownHttpService, proxySecrets } from '../transport/own-axios.js';
import { redactor } from '../util/redaction.js';
import { failAfter, retryTransient } from '../transport/retry-policy.js';
import {
  type FailedAttempt,
  failureOfAnswer,
  type HttpAnswer,
  tookTooLong,
  transportFailure,
} from '../transport/request-failure.js';
import { type Tokens, withToken } from './with-token.js';
import { keepingAlive } from '../util/clock.js';
import { isDnsLabel } from '../util/formats.js';
import { isValues, NO_VALUES, ownValue, parseValues } from '../util/json.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';

/** 100,000 tenants. An answer that announces more pages is taken for a fault of the server. */
const MOST_PAGES = 1_000;

/** An answer, and what a failure that is made of it needs to know. */
interface Asked {
  readonly answer: HttpAnswer;
  readonly request: FailedAttempt;
}

/** Reads the tenants that an app is provisioned to on one platform, from the Technical Token Manager. */
export class UserTenantsClient {
  readonly #http: HttpService = ownHttpService();
  readonly #url: string;
  readonly #pageSize: number;
  readonly #limits: ResolvedRequestOptions;
  readonly #random: () => number;

  constructor(
    { rules: { tokenManager }, gatewayUrl, coreTenant }: ResolvedPlatform,
    limits: ResolvedRequestOptions,
    random: () => number = Math.random,
  ) {
    this.#url = gatewayUrl + tokenManager.userTenantsPath(coreTenant);
    this.#pageSize = tokenManager.userTenantsPageSize;
    this.#limits = limits;
    this.#random = random;
  }

  /**
   * All tenants, page by page: the next page is asked for when the last tenant of this one was taken. Each subscription
   * reads anew, and ends its request when unsubscribed.
   *
   * @param tokens of the host tenant.
   */
  all(tokens: Tokens): Observable<string> {
    return defer(() => {
      let number = 0;
      let last: UserTenantsPage | undefined;
      return defer(() => this.#page(number, tokens)).pipe(
        concatMap((page) => {
          this.#demandProgress(number, page, last);
          number += 1;
          last = page;
          return page.tenants;
        }),
        repeat({ delay: () => (last?.isLast === true ? EMPTY : of(undefined)) }),
      );
    });
  }

  /** Refuses pages that repeat, and lists without an end: a faulty server must not cause endless requests. */
  #demandProgress(number: number, page: UserTenantsPage, last: UserTenantsPage | undefined): void {
    if (number > 0 && String(page.tenants) === String(last?.tenants)) {
      throw pageRefused(this.#url, `page ${number} repeats the page before it`);
    }
    if (!page.isLast && number + 1 >= MOST_PAGES) {
      throw pageRefused(this.#url, `it announces more than ${MOST_PAGES} pages`);
    }
  }

  #page(number: number, tokens: Tokens): Observable<UserTenantsPage> {
    return withToken(tokens, {
      url: this.#url,
      send: (token) => this.#ask(number, token),
      isRejected: ({ answer }) => answer.status === 401,
      repeatable: true,
    }).pipe(
      map(({ answer, request }) => {
        if (!isSuccess(answer)) throw failureOfAnswer(answer, this.#url, request);
        return readPage(answer, number, this.#url, request.attempts);
      }),
    );
  }

  /** The answer: a success, or a 401, which a new token may help against. */
  #ask(number: number, token: AccessToken): Observable<Asked> {
    const { deadlineMs } = this.#limits;
    return defer(() => {
      let attempts = 0;
      return defer(() => this.#attempt(number, token, ++attempts)).pipe(
        retryTransient(this.#limits, this.#random),
        failAfter(deadlineMs, () => tookTooLong(this.#url, deadlineMs, attempts)),
        keepingAlive,
      );
    });
  }

  #attempt(number: number, token: AccessToken, attempts: number): Observable<Asked> {
    const { timeoutMs, maxRetryAfterMs } = this.#limits;
    const agents = this.#limits.axios();
    const redact = (message: string) => redactor(token.value, ...proxySecrets(agents))(message);
    const url = `${this.#url}?page=${number}&size=${this.#pageSize}`;
    const headers = { Authorization: token.authorization };
    return this.#http.request<string>({ method: 'GET', url, headers, ...agents }).pipe(
      catchError((failure: unknown) => throwError(() => transportFailure(failure, this.#url, attempts))),
      failAfter(timeoutMs, () => tookTooLong(this.#url, timeoutMs, attempts)),
      map(({ status, headers: given, data }) => {
        const answer: HttpAnswer = { status, headers: given, body: data };
        const request = { redact, attempts, maxRetryAfterMs };
        if (!isSuccess(answer) && status !== 401) throw failureOfAnswer(answer, this.#url, request);
        return { answer, request };
      }),
    );
  }
}

function isSuccess({ status }: HttpAnswer): boolean {
  return status >= 200 && status <= 299;
}

/** A page of the tenants that an app is provisioned to. */
interface UserTenantsPage {
  readonly tenants: readonly string[];
  /** Whether no other page follows. */
  readonly isLast: boolean;
}

/** The error for an invalid answer of the endpoint. */
function pageRefused(endpoint: string, fault: string, attempts?: number): MindsphereCredentialsError {
  const message = `The endpoint ${endpoint} gave an invalid answer: ${fault}.`;
  return new MindsphereCredentialsError('token_response_invalid', message, { endpoint, attempts });
}

/**
 * The page in a successful answer (protocol page, section 4), once it is checked: a tenant becomes part of
 * requests and of host names. Throws `token_response_invalid`.
 */
export function readPage(answer: HttpAnswer, number: number, endpoint: string, attempts: number): UserTenantsPage {
  const { page, userTenants } = parseValues(answer.body) ?? NO_VALUES;
  const demand = (holds: boolean, fault: string) => {
    if (!holds) throw pageRefused(endpoint, fault, attempts);
  };
  const [given, totalPages] = ['number', 'totalPages'].map((name) =>
    isValues(page) ? ownValue(page, name) : undefined,
  );
  demand(isValues(page) && Array.isArray(userTenants), 'it is no JSON object with page and userTenants');
  demand(given === number, `it is another page than page ${number}, which was asked for`);
  demand(isCount(totalPages), 'page.totalPages is no whole number');
  const tenants = (Array.isArray(userTenants) ? userTenants : []).map(idOf);
  demand(tenants.every(isDnsLabel), 'the id of a user tenant is not one DNS label');
  const isLast = number + 1 >= Number(totalPages);
  demand(isLast || tenants.length > 0, `page ${number} is empty, but others are announced`);
  return { tenants: tenants.filter(isDnsLabel), isLast };
}

function idOf(userTenant: unknown): unknown {
  return isValues(userTenant) ? ownValue(userTenant, 'id') : undefined;
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

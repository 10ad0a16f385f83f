import type { HttpService } from '@nestjs/axios';
import type { AxiosResponse } from 'axios';
import { catchError, map, type Observable, throwError } from 'rxjs';
import type { ResolvedPlatform, ResolvedRequestOptions } from '../config/resolved-options.interface.js';
import { failedOnReusedSocket, ownHttpService } from '../transport/own-axios.js';
import { failAfter } from '../transport/retry-policy.js';
import { ownValue } from '../util/json.js';
import { type KeySetContent, readKeySet } from './key-set.js';

/** No read of a key set takes longer. */
const LONGEST_READ_MS = 5_000;
const LONGEST_ETAG = 256;
const NOT_MODIFIED = 304;
const ABSENT_STATUSES: ReadonlySet<number> = new Set([404, 410]);

/** Why there is no key set. */
export class KeySetFailure extends Error {
  /**
   * @param absent whether the server answered that there is no such tenant.
   * @param status of an answer that holds no key set.
   */
  constructor(
    message: string,
    readonly absent = false,
    readonly status?: number,
  ) {
    super(message);
  }
}

/** An answer of a key server. */
export interface KeySetAnswer {
  /** `undefined` where the set is the one whose `ETag` was sent. */
  readonly content?: KeySetContent;
  readonly etag?: string;
}

/** What a read may need to know. */
export interface KeySetRequest {
  /** Of the set that is held. */
  readonly etag?: string;
  /** Whether the request may be repeated, which is a second request to the server. */
  readonly mayRepeat: () => boolean;
}

/** Reads key sets over HTTP: no redirect, no answer over 256 kB, 5 s at most. */
export class KeySetClient {
  /** How long one read may take. */
  readonly timeoutMs: number;
  readonly #http: HttpService = ownHttpService();
  readonly #platform: Pick<ResolvedPlatform, 'rules' | 'oauthUrl'>;
  readonly #limits: ResolvedRequestOptions;

  constructor(platform: Pick<ResolvedPlatform, 'rules' | 'oauthUrl'>, limits: ResolvedRequestOptions) {
    this.#platform = platform;
    this.#limits = limits;
    this.timeoutMs = Math.min(LONGEST_READ_MS, limits.timeoutMs);
  }

  /**
   * The key set of a tenant's OAuth server. Cold; fails with a {@link KeySetFailure} or an error of the transport. A
   * request that failed on a reused connection is repeated once, at once: the server had closed it (RFC 9110, 9.2.2).
   */
  read(tenant: string, { etag, mayRepeat }: KeySetRequest): Observable<KeySetAnswer> {
    const { oauthUrl, rules } = this.#platform;
    if (oauthUrl === undefined) return throwError(() => new KeySetFailure('oauthUrl is not configured'));
    const url = oauthUrl.for(tenant) + rules.oauthServer.keySetPath;
    const headers = etag === undefined ? {} : { 'If-None-Match': etag };
    const answer$ = this.#http.request<string>({ method: 'GET', url, headers, ...this.#limits.axios() });
    return answer$.pipe(
      catchError((failure: unknown) => {
        if (failedOnReusedSocket(failure) && mayRepeat()) return answer$;
        throw failure;
      }),
      failAfter(this.timeoutMs, () => new KeySetFailure(`no complete answer within ${this.timeoutMs} ms`)),
      map((answer) => answerOf(answer, etag)),
    );
  }
}

function answerOf({ status, data, headers }: AxiosResponse<string>, sent: string | undefined): KeySetAnswer {
  if (status === NOT_MODIFIED && sent !== undefined) return { etag: sent };
  if (status !== 200) throw new KeySetFailure(`status ${status}`, ABSENT_STATUSES.has(status), status);
  const content = readKeySet(data);
  if (content === undefined) throw new KeySetFailure('the answer is not a key set');
  return { content, etag: etagOf(ownValue(headers, 'etag')) };
}

function etagOf(header: unknown): string | undefined {
  return typeof header === 'string' && header !== '' && header.length <= LONGEST_ETAG ? header : undefined;
}

import type { HttpService } from '@nestjs/axios';
import { map, type Observable, throwError } from 'rxjs';
import type { ResolvedPlatform, ResolvedRequestOptions } from '../config/resolved-options.interface.js';
import { ownHttpService } from '../transport/own-axios.js';
import { failAfter } from '../transport/retry-policy.js';
import { type KeySet, readKeySet } from './key-set.js';

const LONGEST_FETCH_MS = 5_000;
const ABSENT_STATUSES: ReadonlySet<number> = new Set([404, 410]);

/** Why there is no key set. */
export class KeySetFailure extends Error {
  /**
   * @param absent whether the server says that there is no such tenant.
   * @param status of an answer that is none.
   */
  constructor(
    message: string,
    readonly absent = false,
    readonly status?: number,
  ) {
    super(message);
  }
}

/** Reads key sets over HTTP: no redirect, no answer over 256 kB, 5 s at most. */
export class KeySetClient {
  readonly #http: HttpService = ownHttpService();
  readonly #platform: Pick<ResolvedPlatform, 'rules' | 'oauthUrl'>;
  readonly #limits: ResolvedRequestOptions;

  constructor(platform: Pick<ResolvedPlatform, 'rules' | 'oauthUrl'>, limits: ResolvedRequestOptions) {
    this.#platform = platform;
    this.#limits = limits;
  }

  /** The key set of a tenant's OAuth server. Cold; fails with a {@link KeySetFailure} or an error of the transport. */
  fetch(tenant: string): Observable<KeySet> {
    const { oauthUrl, rules } = this.#platform;
    if (oauthUrl === undefined) return throwError(() => new KeySetFailure('oauthUrl is not configured'));
    const url = oauthUrl.for(tenant) + rules.oauthServer.keySetPath;
    const timeMs = Math.min(LONGEST_FETCH_MS, this.#limits.timeoutMs);
    return this.#http.request<string>({ method: 'GET', url, ...this.#limits.axios() }).pipe(
      failAfter(timeMs, () => new KeySetFailure(`no complete answer within ${timeMs} ms`)),
      map(({ status, data }) => {
        if (status !== 200) throw new KeySetFailure(`status ${status}`, ABSENT_STATUSES.has(status), status);
        const keys = readKeySet(data);
        if (keys === undefined) throw new KeySetFailure('the answer is no key set');
        return keys;
      }),
    );
  }
}

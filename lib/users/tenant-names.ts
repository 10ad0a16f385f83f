import { catchError, defaultIfEmpty, finalize, map, Observable, of, shareReplay, take } from 'rxjs';
import type {
  ResolvedOptions,
  ResolvedPlatform,
  TenantNames as NameRule,
} from '../config/resolved-options.interface.js';
import type { Reporter } from '../telemetry/reporter.js';
import { failAfter } from '../transport/retry-policy.js';
import { inOwnContext } from '../util/async-context.js';
import { resultOf } from '../util/promises.js';
import { nonEmptyString } from '../util/jwt.js';
import type { VerifiedToken } from '../verification/verified-token.js';

type NameFunction = Extract<NameRule, (tenant: string) => unknown>;

/** Why the function returned no name. Errors of the function itself are not kept, because they may hold secrets. */
class NoName extends Error {}

/**
 * The names of tenants by the option `tenantName` of a token's platform. A name decides about no access, so where
 * the function fails or is late, the user has no name from it, and one log line is written.
 */
export class TenantNames {
  readonly #platforms: readonly ResolvedPlatform[];
  readonly #deadlineMs: number;
  readonly #reporter: Reporter;
  /** Running calls by token: the function is called once, however many requests present the token meanwhile. */
  readonly #pending = new Map<string, Observable<string | undefined>>();

  constructor({ platforms, request }: Pick<ResolvedOptions, 'platforms' | 'request'>, reporter: Reporter) {
    this.#platforms = platforms;
    this.#deadlineMs = request.deadlineMs;
    this.#reporter = reporter;
  }

  /** The name that the option gives the tenant of a verified token, or `undefined`. Emits once, never fails. */
  of({ value, platform, tenant }: VerifiedToken): Observable<string | undefined> {
    const rule = this.#platforms.find(({ rules }) => rules.platform === platform)?.users.tenantName;
    if (rule === undefined) return of(undefined);
    if (typeof rule !== 'function') return of(Object.hasOwn(rule, tenant) ? nonEmptyString(rule[tenant]) : undefined);
    return new Observable((subscriber) => {
      const name$ = this.#pending.get(value) ?? this.#ask(rule, value, tenant);
      return name$.subscribe(inOwnContext(subscriber));
    });
  }

  #ask(rule: NameFunction, token: string, tenant: string): Observable<string | undefined> {
    const name$ = resultOf(() => rule(tenant)).pipe(
      take(1),
      defaultIfEmpty(undefined),
      failAfter(this.#deadlineMs, () => new NoName(`did not answer within ${this.#deadlineMs} ms`)),
      map(nameIn),
      catchError((failure: unknown) => {
        this.#reporter.tenantNameMissing(tenant, failure instanceof NoName ? failure.message : 'failed');
        return of(undefined);
      }),
      finalize(() => this.#pending.delete(token)),
      // Not cancelled when a caller unsubscribes, because others may wait for the same name.
      shareReplay({ bufferSize: 1, refCount: false }),
    );
    this.#pending.set(token, name$);
    return name$;
  }
}

function nameIn(answer: unknown): string | undefined {
  if (answer === undefined || answer === null || typeof answer === 'string') return nonEmptyString(answer);
  throw new NoName('did not return a string');
}

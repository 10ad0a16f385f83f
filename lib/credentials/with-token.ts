import { type Observable, of, switchMap, tap } from 'rxjs';
import type { AccessToken } from '../token/access-token.js';
import type { MindsphereCredentials } from '../token/mindsphere-credentials.js';

/** Where a request's tokens come from, and where it is noted whether they were accepted. */
export type Tokens = Pick<MindsphereCredentials, 'getToken' | 'replaceRejected' | 'noteAccepted'>;

/** A request that carries a token. */
export interface Exchange<T> {
  /** The URL that the request goes to. */
  readonly url: string;
  readonly send: (token: AccessToken) => Observable<T>;
  /** Whether the answer rejects the token (a 401, never a 403). */
  readonly isRejected: (answer: T) => boolean;
  /** Whether it can be sent again: its body can be read again. */
  readonly repeatable: boolean;
  /** Discards an answer that is not read. */
  readonly discard?: (answer: T) => void;
}

/** Scheme and authority, then up to three segments of the path: `/api/{service}/{version}` at the gateway. */
const PLACE = /^[^/?#]*\/\/[^/?#]*(?:\/[^/?#]*){0,3}/;

/** The API that a URL belongs to, for counting rejections. */
export function placeOf(url: string): string {
  return PLACE.exec(url)?.[0] ?? '';
}

/**
 * Sends with a token. Where that is rejected, sends once more with a new one, however many requests are rejected at once:
 * they share one token request. Where no other token helps, the rejection is the answer: the body was sent already and
 * cannot be read again, the token cannot be renewed, or the API has rejected its replacement as well.
 */
export function withToken<T>(tokens: Tokens, exchange: Exchange<T>): Observable<T> {
  const place = () => placeOf(exchange.url);
  const send = (token: AccessToken) =>
    exchange.send(token).pipe(
      tap((answer) => {
        if (!exchange.isRejected(answer)) tokens.noteAccepted(token, place);
      }),
    );
  return tokens.getToken().pipe(
    switchMap((token) =>
      send(token).pipe(
        switchMap((answer) => {
          if (!exchange.isRejected(answer)) return of(answer);
          const next$ = tokens.replaceRejected(token, place());
          return exchange.repeatable ? sentAgain({ ...exchange, send }, answer, next$) : of(answer);
        }),
      ),
    ),
  );
}

function sentAgain<T>(
  { send, discard }: Exchange<T>,
  rejection: T,
  next$: Observable<AccessToken | undefined>,
): Observable<T> {
  return next$.pipe(
    switchMap((next) => {
      if (next === undefined) return of(rejection);
      discard?.(rejection);
      return send(next);
    }),
  );
}

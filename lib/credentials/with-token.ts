import { type Observable, of, switchMap } from 'rxjs';
import type { AccessToken } from '../token/access-token.js';

/** Where a request's tokens come from, and where it says that one was refused. */
export interface Tokens {
  getToken(): Observable<AccessToken>;
  invalidate(token: AccessToken): void;
}

/** A request that carries a token. */
export interface Exchange<T> {
  readonly send: (token: AccessToken) => Observable<T>;
  /** Whether the answer says that the token is not accepted (a 401, never a 403). */
  readonly isRefused: (answer: T) => boolean;
  /** Whether it can be sent again: its body is still there. */
  readonly repeatable: boolean;
  /** Ends an answer that nobody will read. */
  readonly discard?: (answer: T) => void;
}

/**
 * Sends with a token. Where that is refused, forgets this very token and sends once more with a new one, so that many
 * parallel refusals cause one token request. What was refused goes on to the caller where nothing else is to be had: a
 * second refusal, a body that is gone, a token that nobody can renew.
 */
export function withToken<T>(tokens: Tokens, { send, isRefused, repeatable, discard }: Exchange<T>): Observable<T> {
  const again = (refused: T, token: AccessToken) =>
    tokens.getToken().pipe(
      switchMap((next) => {
        if (next.value === token.value) return of(refused);
        discard?.(refused);
        return send(next);
      }),
    );
  return tokens.getToken().pipe(
    switchMap((token) =>
      send(token).pipe(
        switchMap((answer) => {
          if (!isRefused(answer)) return of(answer);
          tokens.invalidate(token);
          return repeatable ? again(answer, token) : of(answer);
        }),
      ),
    ),
  );
}

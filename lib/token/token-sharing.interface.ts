import type { Observable } from 'rxjs';
import type { TokenOrder } from './token-endpoint.interface.js';
import type { TokenGrant } from './token-source.interface.js';

/** A token request that may turn out to be needless, because another instance has the token. */
export interface SharedRequest {
  /** The secret as it is now. */
  readonly secret: string;
  /** Asks the token endpoint when subscribed. */
  readonly fetch$: Observable<TokenGrant>;
  /** Whether `fetch$` would only repeat a remembered refusal. */
  readonly isRefused: () => boolean;
}

/** The tokens of one order, shared with other instances. */
export interface OrderSharing {
  /** Another instance's token, else what `fetch$` brings; fails only as `fetch$` fails. */
  share(request: SharedRequest): Observable<TokenGrant>;
  /** A token of another instance that the last `share` came across and passed by as due, if it is still valid. */
  lastResort(): TokenGrant | undefined;
  /** Takes a token back: it is not believed again, and nobody else shall find it. */
  retract(token: string | undefined): void;
}

/** Shares tokens with other instances. */
export interface TokenSharing {
  /** `undefined` where nothing is shared. */
  of(order: TokenOrder): OrderSharing | undefined;
}

import type { Observable } from 'rxjs';
import type { TokenSubject } from '../telemetry/credentials-event.interface.js';
import type { SealedSecret } from '../config/sealed-secrets.js';
import type { TenantUrlTemplate } from '../config/tenant-urls.js';
import type { PlatformRules } from '../platform/platform.interface.js';

/** One new token, as its source has checked it. */
export interface TokenGrant {
  readonly value: string;
  /** Life from receipt, in milliseconds. */
  readonly lifeMs: number;
  /** The body's `scope`, for where the claims hold none. */
  readonly scope?: string;
  /** Of that life, what another instance has used before this one got the token, in milliseconds. */
  readonly usedMs?: number;
  /** How much earlier than others this instance renews it, in milliseconds, so that they do not all request at once. */
  readonly earlierMs?: number;
}

/** Where the tokens of one credential come from; all that a cache needs to know of it. */
export interface TokenSource extends TokenSubject {
  /** Equal for two sources only if every detail is equal. Holds a fingerprint of the secret, never the secret. */
  readonly key: string;
  /**
   * Asks for a new token when subscribed, and aborts when unsubscribed. Emits one grant, or fails with
   * `token_request_failed`, `token_response_invalid` or `options_invalid`, within the deadline.
   */
  readonly grant$: Observable<TokenGrant>;
  /** Forgets that the server refused, so that the next subscription asks it again. */
  forgetRefusal(): void;
  /** Makes sure that this token (without one: whatever is shared) is not taken from other instances again. */
  retract(token?: string): void;
  /** After a failed request: another instance's token that was found before it; due for renewal, but still valid. */
  lastResort(): TokenGrant | undefined;
  /** For how long a subscription would only repeat a remembered refusal, in milliseconds. */
  refusedForMs(): number;
}

/** What is sent to a token endpoint, except for the secret. */
export interface TokenOrder {
  /** Every detail in which this order differs from others, except for the secret; the same in every process. */
  readonly identity: readonly (string | undefined)[];
  readonly url: string;
  readonly clientId: string;
  readonly secret: SealedSecret;
  /** Whose token it is, for telemetry. */
  readonly subject: TokenSubject;
  /** Headers and body, given the secret as it is now. */
  readonly message: (secret: string) => TokenMessage;
  /** What of the message must not be shown, beside the secret. */
  readonly confidential?: () => readonly string[];
  /** What the token has to be for. */
  readonly expected: ExpectedToken;
}

export interface TokenMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ExpectedToken {
  /** How the platform names its claims. */
  readonly rules: PlatformRules;
  /** What `iss` may be; not checked where none is known. */
  readonly issuerUrls: readonly TenantUrlTemplate[];
  readonly tenant: string;
  readonly subtenant?: string;
}

/** An order at an endpoint: it can be placed any number of times. */
export type TokenExchange = Pick<TokenSource, 'grant$' | 'forgetRefusal' | 'refusedForMs' | 'retract' | 'lastResort'>;

/** Exchanges orders for tokens: each subscription to `grant$` is a token request of its own, with all its attempts. */
export interface TokenEndpoint {
  /** @param makeOrder makes the same order each time; it is not kept, because there may be one for every token held. */
  exchange(makeOrder: () => TokenOrder): TokenExchange;
}

/** A token request that is not needed where another instance has the token. */
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
  /** Another instance's token that the last `share` did not take because it is due for renewal, if it is still valid. */
  lastResort(): TokenGrant | undefined;
  /** Takes a token back: it is not used again, and is removed from the store. */
  retract(token: string | undefined): void;
}

/** Shares tokens with other instances. */
export interface TokenSharing {
  /** `undefined` where nothing is shared. */
  of(order: TokenOrder): OrderSharing | undefined;
}

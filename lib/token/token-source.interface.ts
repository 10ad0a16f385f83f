import type { Observable } from 'rxjs';
import type { TokenSubject } from '../telemetry/credentials-event.interface.js';

/** One new token, as its source has checked it. */
export interface TokenGrant {
  readonly value: string;
  /** Life from receipt, in milliseconds. */
  readonly lifeMs: number;
  /** The body's `scope`, for where the claims hold none. */
  readonly scope?: string;
  /** Of that life, what another instance has used before this one got the token, in milliseconds. */
  readonly usedMs?: number;
  /** How much earlier than others this instance renews it, in milliseconds, so that not all come at once. */
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
  /** Sees to it that this token (or, without one, whatever is shared) does not come back from other instances. */
  retract(token?: string): void;
  /** Where the last subscription failed: another instance's token that it came across, due for renewal but still valid. */
  lastResort(): TokenGrant | undefined;
  /** How long a subscription would only repeat a remembered refusal, in milliseconds. */
  refusedForMs(): number;
}

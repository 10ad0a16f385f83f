import type { MindsphereCredentialsErrorCode } from '../errors/mindsphere-credentials.error.js';
import type { Platform } from '../platform/platform.interface.js';

/** What every event has. No event holds a secret or a token. */
interface EventBase {
  /** When it happened: epoch milliseconds by wall time. */
  readonly at: number;
}

/** The credentials whose token an event is about. There are as many as tenants: too many for the labels of a metric. */
export interface TokenSubject {
  /** The platform whose server is asked. */
  readonly platform: Platform;
  /** Kind of credentials. */
  readonly credentials: 'app' | 'tenant';
  /** The tenant requested. */
  readonly tenant: string;
  /** The subtenant requested. */
  readonly subtenant?: string;
}

/** Why something failed, as codes that may be labels of a metric. */
export interface FailureCodes {
  /** `'unforeseen'`: not an error of this library. */
  readonly code: MindsphereCredentialsErrorCode | 'unforeseen';
  /** HTTP status of the last answer, where there was one. */
  readonly status?: number;
  /** Whether the same request may succeed later without a change. */
  readonly retryable?: boolean;
}

/**
 * A token request begins, with all its attempts. Not emitted for a token from the cache, nor where a remembered
 * rejection is repeated.
 */
export interface TokenRequestedEvent extends EventBase, TokenSubject {
  /** The type of the event. */
  readonly type: 'token_requested';
}

/** An attempt has failed, and there will be another. */
export interface TokenRetriedEvent extends EventBase, TokenSubject, FailureCodes {
  /** The type of the event. */
  readonly type: 'token_retried';
  /** The attempt that failed: 1 for the first. */
  readonly attempt: number;
  /** From this failure to the next attempt, in milliseconds. */
  readonly delayMs: number;
}

/** A token request has succeeded. */
export interface TokenReceivedEvent extends EventBase, TokenSubject {
  /** The type of the event. */
  readonly type: 'token_received';
  /** From request to token, all attempts and a secret function's time included, in milliseconds. */
  readonly durationMs: number;
  /** HTTP requests made. */
  readonly attempts: number;
  /** Life from receipt, in milliseconds. */
  readonly lifeMs: number;
}

/**
 * A token request has failed with this error; the server rejected it where `retryable` is false. Where the secret
 * function failed there is no `token_requested` before. Not emitted again while a rejection is remembered.
 */
export interface TokenRefusedEvent extends EventBase, TokenSubject, FailureCodes {
  /** The type of the event. */
  readonly type: 'token_refused';
  /** From request to failure, in milliseconds. */
  readonly durationMs: number;
  /** HTTP requests made; 0 where the secret function failed. */
  readonly attempts: number;
}

/** A renewal has failed with this error, and the held token, which is still valid, is served: once for each renewal. */
export interface TokenServedStaleEvent extends EventBase, TokenSubject, FailureCodes {
  /** The type of the event. */
  readonly type: 'token_served_stale';
  /** Life left of the held token, in milliseconds. */
  readonly lifeLeftMs: number;
}

/** A key set was requested. */
export interface KeySetReadEvent extends EventBase {
  /** The type of the event. */
  readonly type: 'key_set_read';
  /** The platform of the server. */
  readonly platform: Platform;
  /** Whether a usable key set was received. */
  readonly outcome: 'ok' | 'failed';
  /** Of the request, in milliseconds. */
  readonly durationMs: number;
  /** HTTP status where it was neither 200 nor 304. */
  readonly status?: number;
  /**
   * The number of keys that were ignored, because they cannot verify RS256 or their numbers are unsafe; `undefined` for
   * 0.
   */
  readonly ignoredKeys?: number;
  /**
   * Of the server; only for configured tenants and issuers of verified tokens, because anybody can name any other one.
   */
  readonly tenant?: string;
}

/** A user's token was rejected, or cannot be verified now (`key_set_unavailable`). */
export interface UserTokenRefusedEvent extends EventBase {
  /** The type of the event. */
  readonly type: 'user_token_refused';
  /** By the form of the token's `iss`; `undefined` where it has the form of no platform of the registration. */
  readonly platform?: Platform;
  /** Why, as `TokenVerifier.verify` fails. */
  readonly code: FailureCodes['code'];
}

/** A token of another instance was taken from the shared store, without a request. */
export interface StoreTokenTakenEvent extends EventBase, TokenSubject {
  /** The type of the event. */
  readonly type: 'store_token_taken';
  /** Life left of the token, in milliseconds. */
  readonly lifeLeftMs: number;
}

/** A new token was put into the shared store, for the other instances. */
export interface StoreTokenStoredEvent extends EventBase, TokenSubject {
  /** The type of the event. */
  readonly type: 'store_token_stored';
}

/** An entry of the shared store was rejected, so the token is requested. */
export interface StoreEntryRefusedEvent extends EventBase {
  /** The type of the event. */
  readonly type: 'store_entry_refused';
  /**
   * `malformed`: not of our format; `foreign`: of an unknown encryption key; `tampered`: changed, or moved from another
   * entry; `unacceptable`: a token that would be rejected if the token endpoint answered it; `expired`: a token without
   * life left.
   */
  readonly reason: 'malformed' | 'foreign' | 'tampered' | 'unacceptable' | 'expired';
}

/**
 * The shared store failed or did not answer in time; it is not used for a while, and every instance requests tokens
 * itself.
 */
export interface StoreUnavailableEvent extends EventBase {
  /** The type of the event. */
  readonly type: 'store_unavailable';
  /** The operation that failed. */
  readonly operation: 'get' | 'set' | 'delete' | 'lock' | 'release';
  /** Whether it failed, or did not answer in time. */
  readonly reason: 'error' | 'timeout';
  /** For how long it is not used, in milliseconds. */
  readonly pauseMs: number;
}

/** The shared store answers again. */
export interface StoreRecoveredEvent extends EventBase {
  /** The type of the event. */
  readonly type: 'store_recovered';
}

/** Everything that {@link MindsphereCredentialsEvents.events$} emits; branch on `type`, more types may come. */
export type MindsphereCredentialsEvent =
  | TokenRequestedEvent
  | TokenRetriedEvent
  | TokenReceivedEvent
  | TokenRefusedEvent
  | TokenServedStaleEvent
  | KeySetReadEvent
  | UserTokenRefusedEvent
  | StoreTokenTakenEvent
  | StoreTokenStoredEvent
  | StoreEntryRefusedEvent
  | StoreUnavailableEvent
  | StoreRecoveredEvent;

import type { MindsphereCredentialsErrorCode } from '../errors/mindsphere-credentials.error.js';
import type { Platform } from '../platform/platform.interface.js';

/** What every event tells. No event holds a secret or a token. */
interface EventBase {
  /** When it happened: epoch milliseconds by wall time. */
  readonly at: number;
}

/** Whose token an event speaks of. Names only. There are as many as tenants: too many for the labels of a metric. */
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

/** Why something failed, without words: fit for the labels of a metric. */
export interface FailureCodes {
  /** `'unforeseen'`: the error was none of this library's. */
  readonly code: MindsphereCredentialsErrorCode | 'unforeseen';
  /** HTTP status of the last answer, where there was one. */
  readonly status?: number;
  /** Whether the same request may succeed later without a change. */
  readonly retryable?: boolean;
}

/**
 * A token request begins: all its attempts together. Not for a token from the cache, nor where a remembered refusal is
 * repeated.
 */
export interface TokenRequestedEvent extends EventBase, TokenSubject {
  /** Tells this event from the others. */
  readonly type: 'token_requested';
}

/** An attempt has failed, and there will be another. */
export interface TokenRetriedEvent extends EventBase, TokenSubject, FailureCodes {
  /** Tells this event from the others. */
  readonly type: 'token_retried';
  /** The attempt that failed: 1 for the first. */
  readonly attempt: number;
  /** From this failure to the next attempt, in milliseconds. */
  readonly delayMs: number;
}

/** A new token is there. */
export interface TokenReceivedEvent extends EventBase, TokenSubject {
  /** Tells this event from the others. */
  readonly type: 'token_received';
  /** From request to token, all attempts and a secret function's time included, in milliseconds. */
  readonly durationMs: number;
  /** HTTP requests made. */
  readonly attempts: number;
  /** Life from receipt, in milliseconds. */
  readonly lifeMs: number;
}

/**
 * A token request has failed with this error; a refusal where `retryable` is false. Where the secret cannot be had it
 * comes without a `token_requested`. Not repeated while the refusal is remembered.
 */
export interface TokenRefusedEvent extends EventBase, TokenSubject, FailureCodes {
  /** Tells this event from the others. */
  readonly type: 'token_refused';
  /** From request to failure, in milliseconds. */
  readonly durationMs: number;
  /** HTTP requests made; 0 where the secret could not be had. */
  readonly attempts: number;
}

/** A renewal has failed with this error, and the token at hand, still valid, goes on being served: once per renewal. */
export interface TokenServedStaleEvent extends EventBase, TokenSubject, FailureCodes {
  /** Tells this event from the others. */
  readonly type: 'token_served_stale';
  /** Life left of the token at hand, in milliseconds. */
  readonly lifeLeftMs: number;
}

/** A key set has been asked for. */
export interface KeySetReadEvent extends EventBase {
  /** Tells this event from the others. */
  readonly type: 'key_set_read';
  /** Whose servers' it is. */
  readonly platform: Platform;
  /** Whether a usable key set came. */
  readonly outcome: 'ok' | 'failed';
  /** In milliseconds. */
  readonly durationMs: number;
  /** HTTP status where it was neither 200 nor 304. */
  readonly status?: number;
  /** Entries left out, because they cannot verify RS256 or their numbers are unsafe; `undefined` where none is. */
  readonly ignoredKeys?: number;
  /** Whose; only for configured tenants and issuers of verified tokens, because anybody can name any other. */
  readonly tenant?: string;
}

/** A user's token was presented and is not accepted, or cannot be judged now (`key_set_unavailable`). */
export interface UserTokenRefusedEvent extends EventBase {
  /** Tells this event from the others. */
  readonly type: 'user_token_refused';
  /** By the form of its `iss`; `undefined` where it has the form of no platform of the registration. */
  readonly platform?: Platform;
  /** Why, as `TokenVerifier.verify` fails. */
  readonly code: FailureCodes['code'];
}

/** A token of another instance was taken from the shared store: no request was made for it. */
export interface StoreTokenTakenEvent extends EventBase, TokenSubject {
  /** Tells this event from others. */
  readonly type: 'store_token_taken';
  /** Life left of the token, in milliseconds. */
  readonly lifeLeftMs: number;
}

/** A new token was put into the shared store, for the other instances. */
export interface StoreTokenStoredEvent extends EventBase, TokenSubject {
  /** Tells this event from others. */
  readonly type: 'store_token_stored';
}

/** An entry of the shared store was not believed: it counts as none, and the token endpoint is asked. */
export interface StoreEntryRefusedEvent extends EventBase {
  /** Tells this event from others. */
  readonly type: 'store_entry_refused';
  /**
   * `malformed`: not of our format; `foreign`: of a key we do not have; `tampered`: changed, or moved from another
   * entry; `unacceptable`: no token that would be believed from the token endpoint; `expired`: its token has no life
   * left.
   */
  readonly reason: 'malformed' | 'foreign' | 'tampered' | 'unacceptable' | 'expired';
}

/** The shared store failed or gave no answer in time; it is left alone for a while, and every instance asks for itself. */
export interface StoreUnavailableEvent extends EventBase {
  /** Tells this event from others. */
  readonly type: 'store_unavailable';
  /** What it was asked to do. */
  readonly operation: 'get' | 'set' | 'delete' | 'lock' | 'release';
  /** Whether it failed, or gave no answer in time. */
  readonly reason: 'error' | 'timeout';
  /** For how long it is left alone, in milliseconds. */
  readonly pauseMs: number;
}

/** The shared store answers again. */
export interface StoreRecoveredEvent extends EventBase {
  /** Tells this event from others. */
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

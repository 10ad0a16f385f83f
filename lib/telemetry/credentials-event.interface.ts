import type { MindsphereCredentialsErrorCode } from '../errors/mindsphere-credentials.error.js';

/** What every event tells. No event holds a secret or a token. */
interface EventBase {
  /** When it happened: epoch milliseconds by wall time. */
  readonly at: number;
}

/** Whose token an event speaks of. Names only. */
export interface TokenSubject {
  /** Kind of credentials. */
  readonly credentials: 'app' | 'tenant';
  /** The tenant requested. */
  readonly tenant: string;
  /** The subtenant requested. */
  readonly subtenant?: string;
}

/** A token request begins: all its attempts together. */
export interface TokenRequestedEvent extends EventBase, TokenSubject {
  readonly type: 'token_requested';
}

/** A new token is there. */
export interface TokenReceivedEvent extends EventBase, TokenSubject {
  readonly type: 'token_received';
  /** From request to token, in milliseconds. */
  readonly durationMs: number;
  /** Life from receipt, in milliseconds. */
  readonly lifeMs: number;
}

/** A token request has failed with this error; a refusal where `retryable` is false. */
export interface TokenRefusedEvent extends EventBase, TokenSubject {
  readonly type: 'token_refused';
  /** From request to failure, in milliseconds. */
  readonly durationMs: number;
  readonly code: MindsphereCredentialsErrorCode;
  readonly status?: number;
  readonly retryable?: boolean;
}

/** An entry of the shared store was not believed: it counts as none, and the token endpoint is asked. */
export interface StoreEntryRefusedEvent extends EventBase {
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
  readonly type: 'store_unavailable';
  readonly operation: 'get' | 'set' | 'delete' | 'lock' | 'release';
  readonly reason: 'error' | 'timeout';
  /** For how long it is left alone, in milliseconds. */
  readonly pauseMs: number;
}

/** The shared store answers again. */
export interface StoreRecoveredEvent extends EventBase {
  readonly type: 'store_recovered';
}

/** Everything that {@link MindsphereCredentialsEvents.events$} emits; branch on `type`. */
export type MindsphereCredentialsEvent =
  | TokenRequestedEvent
  | TokenReceivedEvent
  | TokenRefusedEvent
  | StoreEntryRefusedEvent
  | StoreUnavailableEvent
  | StoreRecoveredEvent;

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

/** Everything that {@link MindsphereCredentialsEvents.events$} emits; branch on `type`. */
export type MindsphereCredentialsEvent = TokenRequestedEvent | TokenReceivedEvent | TokenRefusedEvent;

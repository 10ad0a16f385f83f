/** The stable reasons a {@link MindsphereCredentialsError} can have. */
export type MindsphereCredentialsErrorCode =
  | 'options_invalid'
  | 'credentials_missing'
  | 'token_request_failed'
  | 'token_response_invalid'
  | 'token_missing'
  | 'token_malformed'
  | 'token_algorithm'
  | 'token_type'
  | 'token_signature'
  | 'token_issuer'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'token_client'
  | 'token_tenant'
  | 'key_set_unavailable'
  | 'module_destroyed';

/** What is known beside the code. None of it ever holds a secret. */
export interface MindsphereCredentialsErrorDetails {
  /** HTTP status of the last answer, where there was one. */
  readonly status?: number;
  /** Whether the same request may succeed later without a change. */
  readonly retryable?: boolean;
  /** HTTP requests made. */
  readonly attempts?: number;
  /** The URL asked, without query. */
  readonly endpoint?: string;
  /** `error` of the server's answer (RFC 6749, section 5.2), cut and cleaned. */
  readonly error?: string;
  /** `error_description` of the server's answer, cut and cleaned. */
  readonly errorDescription?: string;
  /**
   * Milliseconds after which to try again: as the server asked, at most `request.maxRetryAfterMs`; of
   * `key_set_unavailable`, when a key set may be read again.
   */
  readonly retryAfterMs?: number;
}

/**
 * The one error of this library. Branch on {@link code}, never on the message. It has no `cause`: what lies beneath
 * (Axios errors, a secret function's own errors) may hold a secret.
 */
export class MindsphereCredentialsError extends Error implements MindsphereCredentialsErrorDetails {
  /** For logs; `instanceof` and {@link code} are what to branch on. */
  override readonly name = 'MindsphereCredentialsError';
  declare readonly status?: number;
  declare readonly retryable?: boolean;
  declare readonly attempts?: number;
  declare readonly endpoint?: string;
  declare readonly error?: string;
  declare readonly errorDescription?: string;
  declare readonly retryAfterMs?: number;

  constructor(
    /** The stable reason. */
    readonly code: MindsphereCredentialsErrorCode,
    message: string,
    details: MindsphereCredentialsErrorDetails = {},
  ) {
    super(message);
    // Nothing that is not known: dumps would print `undefined` for it.
    Object.assign(this, Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined)));
  }

  /** Code, message and details, without the stack. */
  toJSON(): object {
    return { message: this.message, ...Object.fromEntries(Object.entries(this)) };
  }
}

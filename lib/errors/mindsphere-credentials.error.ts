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
  /** Milliseconds the server asked to wait. */
  readonly retryAfterMs?: number;
}

/**
 * The one error of this library. Branch on {@link code}, never on the message. It has no `cause`: what lies beneath
 * (Axios errors, a secret function's own errors) may hold a secret.
 */
export class MindsphereCredentialsError extends Error implements MindsphereCredentialsErrorDetails {
  /** For logs; `instanceof` and {@link code} are what to branch on. */
  override readonly name = 'MindsphereCredentialsError';
  readonly status?: number;
  readonly retryable?: boolean;
  readonly attempts?: number;
  readonly endpoint?: string;
  readonly error?: string;
  readonly errorDescription?: string;
  readonly retryAfterMs?: number;

  constructor(
    /** The stable reason. */
    readonly code: MindsphereCredentialsErrorCode,
    message: string,
    details: MindsphereCredentialsErrorDetails = {},
  ) {
    super(message);
    Object.assign(this, details);
  }

  /** Code, message and details, without the stack. */
  toJSON(): object {
    return { message: this.message, ...Object.fromEntries(Object.entries(this)) };
  }
}

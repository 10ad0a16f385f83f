import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { boundedDelay, retryAfter } from './request-failure.js';

/** What is known of a failed call beside its error. It holds no token. */
export interface FailedCall {
  /** Whether the call was made with a user's own token. */
  readonly isUsers: boolean;
  readonly maxRetryAfterMs: number;
}

/**
 * The failure of a call of ours: an `AxiosError` that leads to no token. Its own class tells it from the failures of an
 * application's other clients.
 */
export class ApiError extends AxiosError {
  readonly #call: FailedCall;

  constructor(
    message: string,
    code: string | undefined,
    config: InternalAxiosRequestConfig,
    call: FailedCall,
    response?: AxiosResponse,
  ) {
    super(message, code, config, undefined, response);
    this.#call = call;
  }

  /** @internal The same failure with another message; this one is its cause. */
  describedAs(message: string): ApiError {
    const described = new ApiError(
      message,
      this.code,
      this.config as InternalAxiosRequestConfig,
      this.#call,
      this.response,
    );
    return Object.defineProperty(described, 'cause', { value: this, configurable: true, writable: true });
  }

  /** @internal */
  get isUsers(): boolean {
    return this.#call.isUsers;
  }

  /** @internal What the API asked to wait, bounded by `request.maxRetryAfterMs`. */
  get retryAfterMs(): number | undefined {
    const demandedMs = retryAfter(this.response?.headers['retry-after']);
    return demandedMs === undefined ? undefined : boundedDelay(demandedMs, this.#call.maxRetryAfterMs);
  }
}

import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { boundedDelay, retryAfter } from './request-failure.js';

/** The properties of a call that decide how its failure is answered. They hold no token. */
export interface FailedCall {
  /** Whether the call was made with a user's own token. */
  readonly isUsers: boolean;
  readonly maxRetryAfterMs: number;
}

/**
 * The failure of a call by `MindsphereHttpService`: an `AxiosError` from which no token can be reached. It is a class
 * of its own, so that an exception filter can distinguish it from failures of the application's other clients.
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

  /** @internal The `Retry-After` of the API in milliseconds, bounded by `request.maxRetryAfterMs`. */
  get retryAfterMs(): number | undefined {
    const demandedMs = retryAfter(this.response?.headers['retry-after']);
    return demandedMs === undefined ? undefined : boundedDelay(demandedMs, this.#call.maxRetryAfterMs);
  }
}

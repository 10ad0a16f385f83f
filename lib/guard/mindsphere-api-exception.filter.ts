import { type ArgumentsHost, Catch, type ExceptionFilter, type HttpException, Logger } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { Reporter } from '../telemetry/reporter.js';
import { ApiError } from '../transport/api-error.js';
import { CLASS_NAME } from '../util/class-name.js';
import {
  badGateway,
  type ErrorResponse,
  forbidden,
  invalidToken,
  notFound,
  respond,
  retryLater,
} from './error-response.js';

/**
 * Maps failed calls by `MindsphereHttpService` that a handler does not catch, which Nest would answer with 500, and
 * those of no other client: 401 of a call with a `UserToken` to 401 with a challenge, 403 to 403, 404 to 404, 429 and
 * 503 to 503 with the `Retry-After` that was given (at most `request.maxRetryAfterMs`), the rest to 502. One log line
 * names the failed call, without its token, query and body. Use it with `@UseFilters`, `APP_FILTER` or
 * `useGlobalFilters`.
 */
@Catch(ApiError)
export class MindsphereApiExceptionFilter implements ExceptionFilter<ApiError> {
  /** @internal */
  static readonly [CLASS_NAME]: string = 'MindsphereApiExceptionFilter';
  readonly #reporter = new Reporter(undefined, new Logger('MindsphereApiExceptionFilter'));

  /**
   * Called by Nest. HTTP is answered here; a WebSocket gets the event `exception`, GraphQL and microservices the
   * exception itself.
   * No network I/O.
   */
  catch(error: ApiError, host: ArgumentsHost): HttpException | Observable<never> | undefined {
    this.#reporter.requestRefused(lineOf(error));
    return respond(host, responseFor(error));
  }
}

function responseFor({ status, isUsers, retryAfterMs }: ApiError): ErrorResponse {
  switch (status) {
    case 401:
      return isUsers ? invalidToken() : badGateway();
    case 403:
      return forbidden();
    case 404:
      return notFound();
    case 429:
    case 503:
      return retryLater(retryAfterMs);
    default:
      return badGateway();
  }
}

/** Method, path and outcome of a call, without its query, which may hold personal data. */
function lineOf({ config, status, code, message }: ApiError): string {
  const [path = ''] = (config?.url ?? '').split(/[?#]/, 1);
  const outcome = status === undefined ? `failed: ${code ?? message}` : `was answered with status ${status}`;
  return `The call ${(config?.method ?? 'get').toUpperCase()} ${path} ${outcome}.`;
}

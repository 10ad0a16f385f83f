import { type ArgumentsHost, Catch, type ExceptionFilter, type HttpException, Logger } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { Reporter } from '../telemetry/reporter.js';
import { respond, responseForError } from './error-response.js';
import { CLASS_NAME } from '../util/class-name.js';

/**
 * Maps errors of this library that a handler does not catch, which Nest would answer with 500: rejected user tokens to
 * 401 with a challenge, invalid answers and rejections of the platform to 502, failures that may pass and missing
 * configuration to 503 with `Retry-After`. The reason is logged, and not sent to the caller. Use it with `@UseFilters`,
 * `APP_FILTER` or `useGlobalFilters`.
 */
@Catch(MindsphereCredentialsError)
export class MindsphereExceptionFilter implements ExceptionFilter<MindsphereCredentialsError> {
  /** @internal */
  static readonly [CLASS_NAME]: string = 'MindsphereExceptionFilter';
  readonly #reporter = new Reporter(undefined, new Logger('MindsphereExceptionFilter'));

  /**
   * Called by Nest. HTTP is answered here; a WebSocket gets the event `exception`, GraphQL and microservices the
   * exception itself.
   * No network I/O.
   */
  catch(error: MindsphereCredentialsError, host: ArgumentsHost): HttpException | Observable<never> | undefined {
    this.#reporter.requestRefused(`${error.code}: ${error.message}`);
    return respond(host, responseForError(error));
  }
}

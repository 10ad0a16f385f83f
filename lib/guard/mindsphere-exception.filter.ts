import { type ArgumentsHost, Catch, type ExceptionFilter, type HttpException, Logger } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { Reporter } from '../telemetry/reporter.js';
import { answerHost } from './filter-answer.js';
import { answerFor } from './http-answer.js';
import { CLASS_NAME } from '../util/class-name.js';

/**
 * Maps errors of this library that a handler lets through, which Nest would answer with 500: refused user tokens to 401
 * with a challenge, what the platform answered wrongly to 502, what may pass or is not configured to 503 with
 * `Retry-After`. The caller is told nothing else; the reason is logged. Use it with `@UseFilters`, `APP_FILTER` or
 * `useGlobalFilters`.
 */
@Catch(MindsphereCredentialsError)
export class MindsphereExceptionFilter implements ExceptionFilter<MindsphereCredentialsError> {
  /** @internal */
  static readonly [CLASS_NAME]: string = 'MindsphereExceptionFilter';
  readonly #reporter = new Reporter(undefined, new Logger('MindsphereExceptionFilter'));

  /**
   * Called by Nest. HTTP is answered here; a WebSocket gets `exception`, GraphQL and microservices the exception itself.
   * No network I/O.
   */
  catch(error: MindsphereCredentialsError, host: ArgumentsHost): HttpException | Observable<never> | undefined {
    this.#reporter.requestRefused(`${error.code}: ${error.message}`);
    return answerHost(host, answerFor(error));
  }
}

import type { ServerResponse } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, type HttpException, Logger } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';
import { RefusalLog } from './refusal-log.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { answerFor, setHeaders } from './http-answer.js';
import { responseOfContext } from './request-of-context.js';
import { CLASS_NAME } from '../util/class-name.js';

/** A response of Express, or Fastify's, which has Node's own inside. */
interface Response extends ServerResponse {
  readonly raw?: ServerResponse;
  status: (status: number) => { send: (body: unknown) => unknown };
}

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
  readonly #refusals = new RefusalLog(new Logger('MindsphereExceptionFilter'));

  /**
   * Called by Nest. HTTP is answered here; a WebSocket gets `exception`, GraphQL and microservices the exception itself.
   * No network I/O.
   */
  catch(error: MindsphereCredentialsError, host: ArgumentsHost): HttpException | Observable<never> | undefined {
    this.#refusals.note(`${error.code}: ${error.message}`);
    const { exception, headers } = answerFor(error);
    switch (host.getType<string>()) {
      case 'http':
        send(host.switchToHttp().getResponse<Response>(), exception, headers);
        return undefined;
      case 'ws':
        tell(host.switchToWs().getClient<{ emit?: (event: string, data: unknown) => void }>(), exception);
        return undefined;
      case 'rpc':
        return throwError(() => exception);
      default:
        setHeaders(responseOfContext(host), headers);
        return exception;
    }
  }
}

function send(response: Response, exception: HttpException, headers: Readonly<Record<string, string>>): void {
  const raw = response.raw ?? response;
  // What has begun cannot be taken back, but must not be left open either.
  if (raw.headersSent) {
    raw.end();
    return;
  }
  setHeaders(response, headers);
  response.status(exception.getStatus()).send(exception.getResponse());
}

function tell(client: { emit?: (event: string, data: unknown) => void }, exception: HttpException): void {
  client.emit?.('exception', { status: 'error', message: exception.message });
}

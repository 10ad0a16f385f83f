import { type ArgumentsHost, Catch, type ExceptionFilter, type HttpException, Logger } from '@nestjs/common';
import { RefusalLog } from './refusal-log.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { answerFor, setHeaders } from './http-answer.js';
import { responseOfContext } from './request-of-context.js';

interface Response {
  /** Express */
  readonly headersSent?: boolean;
  /** Fastify */
  readonly sent?: boolean;
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
  readonly #refusals = new RefusalLog(new Logger(MindsphereExceptionFilter.name));

  catch(error: MindsphereCredentialsError, host: ArgumentsHost): HttpException | undefined {
    this.#refusals.note(`${error.code}: ${error.message}`);
    const { exception, headers } = answerFor(error);
    setHeaders(responseOfContext(host), headers);
    switch (host.getType<string>()) {
      case 'http':
        send(host.switchToHttp().getResponse<Response>(), exception);
        return undefined;
      case 'ws':
        tell(host.switchToWs().getClient<{ emit?: (event: string, data: unknown) => void }>(), exception);
        return undefined;
      default:
        return exception;
    }
  }
}

function send(response: Response, exception: HttpException): void {
  if (response.headersSent === true || response.sent === true) return;
  response.status(exception.getStatus()).send(exception.getResponse());
}

function tell(client: { emit?: (event: string, data: unknown) => void }, exception: HttpException): void {
  client.emit?.('exception', { status: 'error', message: exception.message });
}

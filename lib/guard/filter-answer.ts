import type { ServerResponse } from 'node:http';
import type { ArgumentsHost, HttpException } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';
import { type HttpAnswer, setHeaders } from './http-answer.js';
import { responseOfContext } from './request-of-context.js';

/** A response of Express, or Fastify's, which has Node's own inside. */
interface Response extends ServerResponse {
  readonly raw?: ServerResponse;
  status: (status: number) => { send: (body: unknown) => unknown };
}

interface SocketClient {
  readonly emit?: (event: string, data: unknown) => void;
}

/**
 * Answers for an exception filter: HTTP directly, a WebSocket by the event `exception`, GraphQL and microservices by the
 * exception itself.
 */
export function answerHost(
  host: ArgumentsHost,
  { exception, headers }: HttpAnswer,
): HttpException | Observable<never> | undefined {
  switch (host.getType<string>()) {
    case 'http':
      send(host.switchToHttp().getResponse<Response>(), exception, headers);
      return undefined;
    case 'ws':
      host.switchToWs().getClient<SocketClient>().emit?.('exception', { status: 'error', message: exception.message });
      return undefined;
    case 'rpc':
      return throwError(() => exception);
    default:
      setHeaders(responseOfContext(host), headers);
      return exception;
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

import type { ServerResponse } from 'node:http';
import {
  type ArgumentsHost,
  ForbiddenException,
  HttpException,
  HttpStatus,
  NotFoundException,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { responseOfContext } from './call-context.js';

/** What a caller gets for an error: an exception with its status, and headers. The reason is only logged. */
export interface ErrorResponse {
  readonly exception: HttpException;
  readonly headers: Readonly<Record<string, string>>;
}

const DEFAULT_RETRY_AFTER_MS = 1_000;
/** The upper end of the range of `request.maxRetryAfterMs`. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** The response for an error of this library. */
export function responseForError(error: MindsphereCredentialsError): ErrorResponse {
  switch (error.code) {
    case 'token_missing':
      // A bare challenge: the request has no credentials (RFC 6750, section 3.1).
      return unauthorized('Bearer');
    case 'token_request_failed':
      return error.retryable === true ? retryLater(error.retryAfterMs) : badGateway();
    case 'token_response_invalid':
      return badGateway();
    case 'key_set_unavailable':
    case 'module_destroyed':
    case 'credentials_missing':
    case 'options_invalid':
      return retryLater(error.retryAfterMs);
    default:
      return invalidToken();
  }
}

/** 401 for a token that is not accepted; the same whatever the reason. */
export function invalidToken(): ErrorResponse {
  return unauthorized('Bearer error="invalid_token"');
}

function unauthorized(challenge: string): ErrorResponse {
  return response(new UnauthorizedException(), 'UNAUTHENTICATED', { 'WWW-Authenticate': challenge });
}

/** 403 for a user without a scope. */
export function insufficientScope(scopes: readonly string[]): ErrorResponse {
  const challenge = `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`;
  return response(new ForbiddenException(), 'FORBIDDEN', { 'WWW-Authenticate': challenge });
}

/** 403 without a challenge: another token would not help. */
export function forbidden(): ErrorResponse {
  return response(new ForbiddenException(), 'FORBIDDEN');
}

export function notFound(): ErrorResponse {
  return response(new NotFoundException(), 'NOT_FOUND');
}

export function badGateway(): ErrorResponse {
  const status = HttpStatus.BAD_GATEWAY;
  return response(new HttpException({ statusCode: status, message: 'Bad Gateway' }, status), 'BAD_GATEWAY');
}

/** 503 with the time after which to retry. */
export function retryLater(retryAfterMs: number = DEFAULT_RETRY_AFTER_MS): ErrorResponse {
  const boundedMs = Number.isNaN(retryAfterMs)
    ? DEFAULT_RETRY_AFTER_MS
    : Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS);
  const seconds = Math.max(1, Math.ceil(boundedMs / 1_000));
  return response(new ServiceUnavailableException(), 'SERVICE_UNAVAILABLE', { 'Retry-After': String(seconds) });
}

/** @param code for GraphQL, whose servers send the `extensions` of an error to the client. */
function response(exception: HttpException, code: string, headers: ErrorResponse['headers'] = {}): ErrorResponse {
  return { exception: Object.assign(exception, { extensions: { code } }), headers };
}

interface SocketClient {
  readonly emit?: (event: string, data: unknown) => void;
}

/**
 * Responds from an exception filter: to HTTP directly, to a WebSocket by the event `exception`, in GraphQL and
 * microservices by the exception itself, which is returned for Nest to go on with.
 */
export function respond(
  host: ArgumentsHost,
  { exception, headers }: ErrorResponse,
): HttpException | Observable<never> | undefined {
  switch (host.getType<string>()) {
    case 'http':
      send(host.switchToHttp().getResponse<HttpResponse>(), exception, headers);
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

/** A response of Express, or Fastify's, which wraps Node's own. */
interface HttpResponse extends ServerResponse {
  readonly raw?: ServerResponse;
  header: (name: string, value: string) => unknown;
  status: (status: number) => { send: (body: unknown) => unknown };
}

function send(target: HttpResponse, exception: HttpException, headers: ErrorResponse['headers']): void {
  const raw = target.raw ?? target;
  // The status has been sent, so nothing can be changed, but the connection must not stay open.
  if (raw.headersSent) {
    raw.end();
    return;
  }
  setHeaders(target, headers);
  target.status(exception.getStatus()).send(exception.getResponse());
}

/** Sets headers on a response of Express or Fastify; does nothing where there is none. */
export function setHeaders(target: unknown, headers: ErrorResponse['headers']): void {
  const httpResponse = target as Partial<HttpResponse> | undefined;
  if (typeof httpResponse?.header !== 'function') return;
  for (const [name, value] of Object.entries(headers)) httpResponse.header(name, value);
}

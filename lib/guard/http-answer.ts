import {
  ForbiddenException,
  HttpException,
  HttpStatus,
  NotFoundException,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';

/** What a caller is told: an exception with its status, and headers. The reason is for the log alone. */
export interface HttpAnswer {
  readonly exception: HttpException;
  readonly headers: Readonly<Record<string, string>>;
}

const DEFAULT_RETRY_AFTER_MS = 1_000;
/** The most that `request.maxRetryAfterMs` can be. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** 401 with a bare challenge: the request has no credentials (RFC 6750, section 3.1). */
function noCredentials(): HttpAnswer {
  return unauthorized('Bearer');
}

/** 401 for a token that is not accepted; the same whatever the reason. */
export function invalidToken(): HttpAnswer {
  return unauthorized('Bearer error="invalid_token"');
}

/** 403 for a user without a scope. */
export function insufficientScope(scopes: readonly string[]): HttpAnswer {
  return {
    exception: withCode(new ForbiddenException(), 'FORBIDDEN'),
    headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"` },
  };
}

/** 403 without a challenge: another token would not help. */
export function forbidden(): HttpAnswer {
  return { exception: withCode(new ForbiddenException(), 'FORBIDDEN'), headers: {} };
}

export function notFound(): HttpAnswer {
  return { exception: withCode(new NotFoundException(), 'NOT_FOUND'), headers: {} };
}

/** 503 that says when to come again. */
export function comeAgain(retryAfterMs: number = DEFAULT_RETRY_AFTER_MS): HttpAnswer {
  const boundedMs = Number.isNaN(retryAfterMs)
    ? DEFAULT_RETRY_AFTER_MS
    : Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS);
  const seconds = Math.max(1, Math.ceil(boundedMs / 1_000));
  return {
    exception: withCode(new ServiceUnavailableException(), 'SERVICE_UNAVAILABLE'),
    headers: { 'Retry-After': String(seconds) },
  };
}

/** What the caller is told of an error of this library. */
export function answerFor(error: MindsphereCredentialsError): HttpAnswer {
  switch (error.code) {
    case 'token_missing':
      return noCredentials();
    case 'token_request_failed':
      return error.retryable === true ? comeAgain(error.retryAfterMs) : badGateway();
    case 'token_response_invalid':
      return badGateway();
    case 'key_set_unavailable':
    case 'module_destroyed':
    case 'credentials_missing':
    case 'options_invalid':
      return comeAgain(error.retryAfterMs);
    default:
      return invalidToken();
  }
}

function unauthorized(challenge: string): HttpAnswer {
  return {
    exception: withCode(new UnauthorizedException(), 'UNAUTHENTICATED'),
    headers: { 'WWW-Authenticate': challenge },
  };
}

export function badGateway(): HttpAnswer {
  const exception = new HttpException(
    { statusCode: HttpStatus.BAD_GATEWAY, message: 'Bad Gateway' },
    HttpStatus.BAD_GATEWAY,
  );
  return { exception: withCode(exception, 'BAD_GATEWAY'), headers: {} };
}

/** GraphQL servers show `extensions` of an error. */
function withCode(exception: HttpException, code: string): HttpException {
  return Object.assign(exception, { extensions: { code } });
}

interface Response {
  header?: (name: string, value: string) => unknown;
}

/** Sets headers on a response of Express or Fastify; does nothing where there is none. */
export function setHeaders(response: unknown, headers: Readonly<Record<string, string>>): void {
  const target = response as Response | undefined;
  if (typeof target?.header !== 'function') return;
  for (const [name, value] of Object.entries(headers)) target.header(name, value);
}

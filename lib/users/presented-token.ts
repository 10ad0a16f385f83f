import type { UserTokenOptions } from '../config/sections/users.options.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { ownValue } from '../util/json.js';
import { isThenable } from '../util/promises.js';

/** `b64token` of RFC 6750, section 2.1. */
const BEARER_TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
/** The scheme has no letter case (RFC 9110, section 11.1). */
const SCHEME = /^bearer(?: +|$)/i;
/** A JWT where a scheme should stand: another scheme alone does not have this form. */
const BARE_JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;
const AUTHORIZATION = 'authorization';

/** A `token_missing` that is worth a log line: requests without any token, as of health probes, are not logged. */
export class TokenWithoutScheme extends MindsphereCredentialsError {
  constructor() {
    super(
      'token_missing',
      'The request has no bearer token: its Authorization header has a JWT without the scheme Bearer.',
    );
  }
}

/**
 * The bearer token a request presents: not empty, otherwise not checked. Throws `token_missing` where the request has no
 * bearer credentials, `token_malformed` where they are not a single token.
 */
export function presentedToken(request: unknown, { extract }: UserTokenOptions): string {
  if (extract !== undefined) return bearerTokenOf(extracted(request, extract));
  const raw = rawRequestOf(request);
  if (repeatsAuthorization(raw)) throw malformed('the request has more than one Authorization header');
  return bearerTokenOf(headerOf(raw) ?? handshakeTokenOf(raw));
}

/** The token of an `Authorization` value, or a bare token. Throws `token_missing` or `token_malformed`. */
export function bearerTokenOf(authorization: unknown): string {
  if (authorization === undefined || authorization === null) throw missing();
  if (typeof authorization !== 'string') throw malformed('the token is not a string');
  const token = authorization.replace(SCHEME, '');
  if (token === '') throw malformed('the token is empty');
  return token;
}

/** A token that may be sent in a header, verified or not. Throws `token_malformed`. */
export function passableToken(token: string): string {
  if (!BEARER_TOKEN.test(token)) throw malformed('it has characters that RFC 6750 does not allow');
  return token;
}

/** Node's own request object, which is the same for all wrappers that a framework makes of it. */
export function rawRequestOf(request: unknown): object {
  const outer: MaybeRequest = objectOf(request) ?? {};
  // A GraphQL context has the request as `req`, Fastify's request Node's as `raw`.
  const inContext: MaybeRequest | undefined = objectOf(outer.req);
  const inner = inContext?.headers === undefined ? outer : inContext;
  const raw: MaybeRequest | undefined = objectOf(inner.raw);
  return raw?.headers === undefined ? inner : raw;
}

/** Whether a request of Node has more than one `Authorization` header: Node keeps the first, and all in `rawHeaders`. */
export function repeatsAuthorization(request: unknown): boolean {
  const { rawHeaders }: MaybeRequest = objectOf(request) ?? {};
  if (!Array.isArray(rawHeaders)) return false;
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (isAuthorization(rawHeaders[at])) count += 1;
  return count > 1;
}

/** Whether a value is a request of Node, a framework's wrapper of one, or a GraphQL context that holds one. */
export function isRequest(value: unknown): boolean {
  const outer: MaybeRequest = objectOf(value) ?? {};
  const inContext: MaybeRequest | undefined = objectOf(outer.req);
  const raw: MaybeRequest = rawRequestOf(value);
  return inContext?.headers !== undefined || (raw.headers !== undefined && Array.isArray(raw.rawHeaders));
}

/**
 * The properties that requests of Node, Express, Fastify and Socket.IO may have; each may be missing or of another
 * type.
 */
interface MaybeRequest {
  readonly headers?: { readonly authorization?: unknown };
  readonly rawHeaders?: unknown;
  readonly raw?: unknown;
  readonly req?: unknown;
  readonly auth?: { readonly token?: unknown };
}

function extracted(request: unknown, extract: (request: unknown) => string | undefined): unknown {
  try {
    const token: unknown = extract(request);
    // A promise is not a token. Its later rejection must not end the process.
    if (isThenable(token)) void Promise.resolve(token).catch(() => undefined);
    return token;
  } catch {
    throw malformed('userToken.extract failed');
  }
}

function headerOf(raw: MaybeRequest): string | undefined {
  // By own property: a polluted `Object.prototype` must not give a token to requests without one.
  const value = raw.headers === undefined ? undefined : ownValue(raw.headers, AUTHORIZATION);
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw malformed('the Authorization header is not a single string');
  if (SCHEME.test(value)) return value;
  throw BARE_JWT.test(value) ? new TokenWithoutScheme() : missing();
}

/** Socket.IO clients in browsers cannot set headers and send `auth: { token }`. Node's own requests have raw headers. */
function handshakeTokenOf(raw: MaybeRequest): unknown {
  const auth = raw.rawHeaders === undefined ? objectOf(raw.auth) : undefined;
  return auth === undefined ? undefined : ownValue(auth, 'token');
}

function isAuthorization(name: unknown): boolean {
  return typeof name === 'string' && name.length === AUTHORIZATION.length && name.toLowerCase() === AUTHORIZATION;
}

function objectOf(value: unknown): object | undefined {
  return typeof value === 'object' && value !== null ? value : undefined;
}

function missing(): MindsphereCredentialsError {
  return new MindsphereCredentialsError('token_missing', 'The request has no bearer token.');
}

function malformed(what: string): MindsphereCredentialsError {
  return new MindsphereCredentialsError('token_malformed', `The request's bearer token is malformed: ${what}.`);
}

import type { UserTokenOptions } from '../config/sections/users.options.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { ownValue } from '../util/json.js';
import { isThenable } from '../util/promises.js';

/** `b64token` of RFC 6750, section 2.1. */
const BEARER_TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const SCHEME = 'Bearer ';
const AUTHORIZATION = 'authorization';

/**
 * The bearer token a request presents: not empty, else unjudged. Throws `token_missing` where the request carries no
 * bearer credentials, `token_malformed` where what it carries is no single token.
 */
export function presentedToken(request: unknown, { extract }: UserTokenOptions): string {
  if (extract !== undefined) return tokenOf(extracted(request, extract));
  const raw = rawRequestOf(request);
  if (repeatsAuthorization(raw)) throw malformed('the request has more than one Authorization header');
  return tokenOf(headerOf(raw) ?? handshakeTokenOf(raw));
}

/** The token of an `Authorization` value, or a bare token. Throws `token_missing` or `token_malformed`. */
export function tokenOf(authorization: unknown): string {
  if (authorization === undefined || authorization === null) throw missing();
  if (typeof authorization !== 'string') throw malformed('the token is not a text');
  const token = authorization.startsWith(SCHEME)
    ? authorization.slice(SCHEME.length)
    : authorization.replace(/^bearer(?: |$)/i, '');
  if (token === '') throw malformed('the token is empty');
  return token.startsWith(' ') ? token.trimStart() : token;
}

/** A token fit to be passed on in a header, whatever it says. Throws `token_malformed`. */
export function passableToken(token: string): string {
  if (!BEARER_TOKEN.test(token)) throw malformed('the token holds characters no token has');
  return token;
}

/** Node's own request object, which stays the same however a framework wraps it. */
export function rawRequestOf(request: unknown): object {
  const outer: MaybeRequest = objectOf(request) ?? {};
  // GraphQL hands on a context that holds the request; Fastify wraps Node's.
  const handedOn: MaybeRequest | undefined = objectOf(outer.req);
  const inner = handedOn?.headers === undefined ? outer : handedOn;
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

/** Whether a value is a request of Node, whatever wraps it, or a GraphQL context that holds a request. */
export function isRequest(value: unknown): boolean {
  const outer: MaybeRequest = objectOf(value) ?? {};
  const handedOn: MaybeRequest | undefined = objectOf(outer.req);
  const raw: MaybeRequest = rawRequestOf(value);
  return handedOn?.headers !== undefined || (raw.headers !== undefined && Array.isArray(raw.rawHeaders));
}

/** What requests of Node, Express, Fastify and socket.io may have. Nothing of it is taken for granted. */
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
    // A promise is no token; if it is rejected later, that must not end the process.
    if (isThenable(token)) void Promise.resolve(token).catch(() => undefined);
    return token;
  } catch {
    throw malformed('userToken.extract failed');
  }
}

function headerOf(raw: MaybeRequest): string | undefined {
  // Its own: a polluted `Object.prototype` must not give a token to requests that carry none.
  const value = raw.headers === undefined ? undefined : ownValue(raw.headers, AUTHORIZATION);
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw malformed('the Authorization header is not one text');
  if (!value.startsWith(SCHEME) && !/^bearer(?: |$)/i.test(value)) throw missing();
  return value;
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
  return new MindsphereCredentialsError('token_missing', 'The request carries no bearer token.');
}

function malformed(what: string): MindsphereCredentialsError {
  return new MindsphereCredentialsError('token_malformed', `The request's bearer token is malformed: ${what}.`);
}

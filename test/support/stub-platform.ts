import { type KeyObject, randomUUID, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { rsaPair } from './rsa-keys.js';

/*
 * The second judge. Built from the protocol page alone: it imports nothing from `lib/`, so that library and emulator
 * agreeing with each other is not all that is proved. One origin plays the gateway's Technical Token Manager and, below
 * `/piam/{tenant}`, the OAuth server of every tenant. It answers what the page says, refuses what the page does not
 * allow, records each request raw, and gives any wrong answer that a test scripts.
 */

/** One request as it arrived. */
export interface RecordedRequest {
  method: string;
  url: string;
  /** Names and values in turn, as they came. */
  rawHeaders: string[];
  body: Buffer;
  /** Why the stub refused it; undefined where it was right. */
  fault?: string;
  /** Fulfilled when the connection or the answer is over. */
  over: Promise<void>;
  /** Bytes of this connection that left the stub so far. */
  bytesSent: () => number;
}

interface Exchange {
  request: RecordedRequest;
  response: ServerResponse;
  /** What the stub would answer: the grant for a token request. */
  grant?: Grant;
}

/** What an endpoint does with a request. */
export type Answer = (exchange: Exchange) => void | Promise<void>;

interface Grant {
  kind: 'app' | 'tenant';
  clientId: string;
  issuerTenant: string;
  tenant: string;
  subtenant?: string;
}

type Fields = Record<string, unknown>;
/** Fields to set; `undefined` removes one. A function sees the original. */
type Change = Fields | ((original: Fields) => Fields);

/** Changes of the right token answer. */
export interface TokenChange {
  /** JWT header. */
  header?: Change;
  claims?: Change;
  /** Fields of the answer's JSON object. */
  body?: Change;
  /** The JSON text, last of all. */
  text?: (json: string) => string;
  status?: number;
  headers?: Record<string, string>;
  /** Pads the JSON object to at least so many bytes. */
  padTo?: number;
  /** Without a content length. */
  chunked?: boolean;
  gzip?: boolean;
}

// Taken before a test can fake them.
const { setInterval: realSetInterval, clearInterval: realClearInterval } = globalThis;

const signingPair = () => rsaPair('stub');
const SIGNING_KEY_ID = 'key-id-4';

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const apply = (original: Fields, change: Change = {}): Fields => ({
  ...original,
  ...(typeof change === 'function' ? change(original) : change),
});

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Signs any header and claims with RS256, sane or not. */
function signJwt(claims: Fields, header: Change = {}): string {
  const full = apply({ alg: 'RS256', kid: SIGNING_KEY_ID, typ: 'JWT' }, header);
  const input = `${base64url(full)}.${base64url(claims)}`;
  return `${input}.${sign('RSA-SHA256', Buffer.from(input), signingPair().privateKey).toString('base64url')}`;
}

/** One endpoint: what came, and what the next requests get. */
export class StubEndpoint {
  readonly requests: RecordedRequest[] = [];
  #queue: Answer[] = [];
  #standing?: Answer;
  #held?: Promise<void>;
  #waiting: { count: number; resolve: () => void }[] = [];

  constructor(readonly right: Answer) {}

  get count(): number {
    return this.requests.length;
  }

  /** The only request there was. */
  get only(): RecordedRequest {
    if (this.count !== 1) throw new Error(`one request expected, ${this.count} came`);
    return this.requests[0]!;
  }

  /** Answers for the next requests, one each; after them the right answer (or the standing one) again. */
  next(...answers: Answer[]): this {
    this.#queue.push(...answers);
    return this;
  }

  /** The answer for every further request; without one, the right answer again. */
  always(answer?: Answer): this {
    this.#standing = answer;
    return this;
  }

  /** Holds every answer back until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = withResolver();
    this.#held = promise;
    return () => {
      this.#held = undefined;
      resolve();
    };
  }

  /** Fulfilled once so many requests have come. */
  async arrived(count = 1): Promise<void> {
    if (this.count >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }

  /** Internal: takes a request in. */
  async receive(exchange: Exchange): Promise<void> {
    const answer = this.#queue.shift() ?? this.#standing ?? this.right;
    this.requests.push(exchange.request);
    for (const { count, resolve } of this.#waiting) if (this.count >= count) resolve();
    await this.#held;
    await answer(exchange);
  }
}

/** The stub server; see the top of the file. */
export class StubPlatform {
  /** Technical Token Manager. */
  readonly app = new StubEndpoint((exchange) => this.#grantToken(exchange));
  /** OAuth server of any tenant. */
  readonly tenant = new StubEndpoint((exchange) => this.#grantToken(exchange));
  /** Key set of any tenant. */
  readonly keys = new StubEndpoint(json({ keys: [] }));
  /** The platform's key set, as every server answers it. */
  readonly rightKeys: Answer = (exchange) => json({ keys: keySet() })(exchange);
  /** Everything that has no business here, such as the target of a redirect. */
  readonly elsewhere = new StubEndpoint(json({ error: 'not_found' }, 404));

  /** The stub's own clock, epoch milliseconds. */
  clock: () => number = () => Date.now();
  /** Life of the tokens it issues, in seconds. */
  lifeSeconds = 1800;

  #server: Server;
  #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((incoming, response) => void this.#handle(incoming, response));
    // No connection is closed for being idle while a busy machine is elsewhere.
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.keys.always(this.rightKeys);
  }

  static async start(): Promise<StubPlatform> {
    const platform = new StubPlatform();
    await new Promise<void>((resolve) => platform.#server.listen(0, '127.0.0.1', resolve));
    return platform;
  }

  get origin(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the stub is closed');
    return `http://127.0.0.1:${address.port}`;
  }

  get gatewayUrl(): string {
    return this.origin;
  }

  get oauthUrl(): string {
    return `${this.origin}/piam/{tenant}`;
  }

  /** What points an application here. */
  get urls(): { gatewayUrl: string; oauthUrl: string } {
    return { gatewayUrl: this.gatewayUrl, oauthUrl: this.oauthUrl };
  }

  get endpoints(): StubEndpoint[] {
    return [this.app, this.tenant, this.keys, this.elsewhere];
  }

  /** Requests to all endpoints together. */
  get count(): number {
    return this.endpoints.reduce((sum, endpoint) => sum + endpoint.count, 0);
  }

  issuerOf(tenant: string): string {
    return `${this.origin}/piam/${tenant}/oauth/token`;
  }

  /** Destroys every connection, whatever still hangs on it. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** The right token answer with changes. */
  token(change: TokenChange = {}): Answer {
    return (exchange) => this.#grantToken(exchange, change);
  }

  /** A user's token, as the platform puts it into the `Authorization` header of an app. */
  userToken(claims: Fields = {}, header: Change = {}): string {
    const iat = Math.floor(this.clock() / 1000);
    const tenant = typeof claims.ten === 'string' ? claims.ten : 'acme';
    const user = { user_name: 'ann@example.com', user_id: randomUUID(), email: 'ann@example.com' };
    const scope = ['myapp.user'];
    const rest = { jti: randomUUID(), cid: 'myapp-host1', client_id: 'myapp-host1', iss: this.issuerOf(tenant) };
    return signJwt({ ...rest, ...user, scope, ten: tenant, iat, exp: iat + this.lifeSeconds, ...claims }, header);
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    // A scripted reset or an impatient client is no fault of the stub.
    response.on('error', () => {});
    incoming.on('error', () => {});
    const body = await buffer(incoming).catch(() => undefined);
    if (!body) return;
    const { method = '', url = '', rawHeaders, socket } = incoming;
    const sentBefore = socket.bytesWritten;
    const over = new Promise<void>((resolve) => response.once('close', resolve));
    const bytesSent = () => socket.bytesWritten - sentBefore;
    const request: RecordedRequest = { method, url, rawHeaders, body, over, bytesSent };
    await this.#route(request, response);
  }

  async #route(request: RecordedRequest, response: ServerResponse): Promise<void> {
    const oauth = /^\/piam\/([^/?#]+)\/(oauth\/token|token_keys)$/.exec(request.url);
    if (request.url === '/api/technicaltokenmanager/v3/oauth/token')
      return this.#tokenRequest(this.app, request, response, readAppRequest);
    if (oauth?.[2] === 'oauth/token')
      return this.#tokenRequest(this.tenant, request, response, (r) => readTenantRequest(r, oauth[1]!));
    await (oauth ? this.keys : this.elsewhere).receive({ request, response });
  }

  async #tokenRequest(
    endpoint: StubEndpoint,
    request: RecordedRequest,
    response: ServerResponse,
    read: (request: RecordedRequest) => Grant,
  ): Promise<void> {
    let grant: Grant | undefined;
    try {
      grant = read(request);
    } catch (error) {
      request.fault = String(error);
    }
    await endpoint.receive({ request, response, grant });
  }

  #grantToken(exchange: Exchange, change: TokenChange = {}): void {
    const { grant, request } = exchange;
    if (!grant) return void json({ error: 'invalid_request', error_description: request.fault }, 400)(exchange);
    const claims = apply(this.#claims(grant), change.claims);
    const jwt = signJwt(claims, change.header);
    const scope = Array.isArray(claims.scope) ? claims.scope.join(' ') : '';
    const common = { access_token: jwt, scope, jti: claims.jti };
    const body =
      grant.kind === 'app'
        ? { ...common, token_type: 'bearer', expires_in: this.lifeSeconds - 1, timestamp: this.clock() }
        : { ...common, token_type: 'Bearer', expires_in: this.lifeSeconds, subtenant: grant.subtenant };
    const padded = { ...apply(body, change.body), ...(change.padTo ? { padding: 'x'.repeat(change.padTo) } : {}) };
    const text = (change.text ?? ((all) => all))(JSON.stringify(padded));
    send(exchange.response, { ...change, body: text });
  }

  #claims({ clientId, issuerTenant, tenant, subtenant }: Grant): Fields {
    const iat = Math.floor(this.clock() / 1000);
    const client = { sub: clientId, client_id: clientId, cid: clientId, azp: clientId };
    const life = { iat, exp: iat + this.lifeSeconds };
    const rest = { iss: this.issuerOf(issuerTenant), zid: issuerTenant, ten: tenant, subtenant };
    const grant = { scope: ['dep.down', 'tm.t.r'], grant_type: 'client_credentials', rev_sig: '6ff5e090' };
    return { jti: randomUUID(), ...client, ...grant, ...life, ...rest };
  }
}

// ---- what a request must be ----

function headersOf(request: RecordedRequest, name: string): string[] {
  const { rawHeaders } = request;
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === name.toLowerCase());
}

/** The value of a header that must stand there exactly once. */
export function headerOf(request: RecordedRequest, name: string): string {
  const values = headersOf(request, name);
  if (values.length !== 1) throw new Error(`${name} stands there ${values.length} times`);
  return values[0]!;
}

/** How the name of a header was spelled. */
export function headerNames(request: RecordedRequest): string[] {
  return request.rawHeaders.filter((_, i) => i % 2 === 0);
}

function must(condition: unknown, fault: string): asserts condition {
  if (!condition) throw new Error(fault);
}

function clientIdOf(authorization: string, schemes: RegExp): string {
  const [scheme, text, ...more] = authorization.split(' ');
  must(schemes.test(scheme!) && text && more.length === 0, 'credentials are not "scheme base64"');
  const plain = Buffer.from(text, 'base64');
  must(plain.toString('base64') === text, 'credentials are not canonical base64');
  const colon = plain.indexOf(':');
  must(colon > 0 && colon < plain.length - 1, 'credentials are not id:secret');
  return plain.subarray(0, colon).toString();
}

const isLabel = (value: unknown): value is string =>
  typeof value === 'string' && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value);

function readAppRequest(request: RecordedRequest): Grant {
  must(request.method === 'POST', 'method is not POST');
  must(headerOf(request, 'content-type') === 'application/json', 'content type is not application/json');
  must(headersOf(request, 'authorization').length === 0, 'Authorization has no business here');
  const clientId = clientIdOf(headerOf(request, 'x-space-auth-key'), /^(Basic|Bearer)$/);
  const body: Fields = JSON.parse(request.body.toString());
  must(
    Object.keys(body).toSorted().join() === 'appName,appVersion,hostTenant,userTenant',
    'other fields than the four',
  );
  const { appName, appVersion, hostTenant, userTenant } = body;
  must(typeof appName === 'string' && appName && typeof appVersion === 'string' && appVersion, 'no app');
  must(isLabel(hostTenant) && isLabel(userTenant), 'no tenants');
  return { kind: 'app', clientId, issuerTenant: hostTenant, tenant: userTenant };
}

function readTenantRequest(request: RecordedRequest, tenant: string): Grant {
  must(request.method === 'POST', 'method is not POST');
  must(isLabel(tenant), 'no tenant');
  must(
    headerOf(request, 'content-type') === 'application/x-www-form-urlencoded',
    'content type is not application/x-www-form-urlencoded',
  );
  must(headersOf(request, 'x-space-auth-key').length === 0, 'X-SPACE-AUTH-KEY has no business here');
  const clientId = clientIdOf(headerOf(request, 'authorization'), /^Basic$/);
  const form = [...new URLSearchParams(request.body.toString())];
  const fields = Object.fromEntries(form);
  const names = form.map(([name]) => name).toSorted();
  must(fields.grant_type === 'client_credentials', 'grant type is not client_credentials');
  const grant: Grant = { kind: 'tenant', clientId, issuerTenant: tenant, tenant };
  if (names.join() === 'grant_type') return grant;
  must(names.join() === 'grant_type,iam-action,subtenant', 'other fields than the three');
  must(fields['iam-action'] === 'client_credentials.subtenant-impersonation', 'unknown iam-action');
  must(isLabel(fields.subtenant), 'no subtenant');
  return { ...grant, subtenant: fields.subtenant };
}

// ---- answers ----

interface Sent {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
  chunked?: boolean;
  gzip?: boolean;
}

function send(response: ServerResponse, { status = 200, headers, body = '', chunked, gzip }: Sent): void {
  const bytes = gzip ? gzipSync(body) : Buffer.from(body);
  const framing = chunked ? {} : { 'content-length': bytes.length };
  const encoding = gzip ? { 'content-encoding': 'gzip' } : {};
  response.writeHead(status, { 'content-type': 'application/json', ...framing, ...encoding, ...headers });
  response.end(bytes);
}

/** Status, headers and body as given. */
export const raw =
  (answer: Sent): Answer =>
  ({ response }) =>
    send(response, answer);

export const json = (body: unknown, status = 200, headers?: Record<string, string>): Answer =>
  raw({ status, headers, body: JSON.stringify(body) });

export const html = (body: string, status = 200): Answer =>
  raw({ status, headers: { 'content-type': 'text/html' }, body });

export const redirect = (location: string, status = 302): Answer => raw({ status, headers: { location } });

/** Never a byte. */
export const hang = (): Answer => () => {};

/** Headers and the start of a body, then never another byte. */
export const hangInBody =
  (start = '{'): Answer =>
  ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(start);
  };

/** White space, one byte per interval, for ever: a body that never stops being about to come. */
export const drip =
  (everyMs = 10): Answer =>
  ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = realSetInterval(() => response.write(' '), everyMs);
    response.on('close', () => realClearInterval(timer));
  };

/** White space as fast as it is taken, for ever. */
export const flood =
  (): Answer =>
  ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const block = Buffer.alloc(16_384, ' ');
    const pour = () => {
      while (!response.destroyed && response.write(block));
    };
    response.on('drain', pour);
    pour();
  };

/** The connection is reset instead of an answer. */
export const reset =
  (): Answer =>
  ({ response }) =>
    void response.socket?.resetAndDestroy();

/** Half of an announced body, and the connection is reset. */
export const resetInBody =
  (body = '{"access_token":"'): Answer =>
  ({ response }) => {
    announce(response, body);
    response.write(body, () => response.socket?.resetAndDestroy());
  };

/** Half of an announced body, and the connection ends in good order. */
export const truncated =
  (body = '{"access_token":"'): Answer =>
  ({ response }) => {
    announce(response, body);
    response.write(body, () => response.socket?.end());
  };

function announce(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length * 2 });
}

/** Shaped like the real ones: several keys, the signing one last, a leading zero byte in `n`, the PEM beside it. */
function keySet(): Fields[] {
  const decoy = rsaPair('stub-decoy').publicKey;
  return [publicJwk(decoy, 'key-id-1'), publicJwk(signingPair().publicKey, SIGNING_KEY_ID)];
}

function publicJwk(key: KeyObject, kid: string): Fields {
  const { n = '', e } = key.export({ format: 'jwk' });
  const modulus = Buffer.concat([Buffer.alloc(1), Buffer.from(n, 'base64url')]).toString('base64url');
  const value = key.export({ format: 'pem', type: 'spki' }).toString().trimEnd();
  return { kty: 'RSA', e, use: 'sig', kid, alg: 'RS256', value, n: modulus };
}

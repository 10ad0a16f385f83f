import { randomUUID, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { rsaPair } from './rsa-keys.js';
import { type Answer, headerOf, json, type RecordedRequest, StubEndpoint } from './stub-platform.js';

/*
 * A strict stand-in for `siemens.app`, built from section 8 of the protocol page alone; it imports nothing from `lib/`.
 * One origin plays the gateway and, below `/sws/{tenant}`, the OAuth server of every tenant. Its keys are its own, and its
 * key id is the one that the stub of `mindsphere.io` uses.
 */

export const CORE = '1000001700';
const KEY_ID = 'key-id-4';

type Fields = Record<string, unknown>;

const keys = () => rsaPair('stub-xcelerator');

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

interface Client {
  clientId: string;
  secret: string;
}

/** A token request that was right. */
interface Grant extends Client {
  issuer: string;
  tenant: string;
}

/** The stub server; see the top of the file. */
export class StubXcelerator {
  /** Technical Token Manager. */
  readonly app = new StubEndpoint((exchange) => this.#grant(exchange, () => readAppRequest(exchange.request)));
  /** OAuth server of any tenant. */
  readonly tenant = new StubEndpoint((exchange) =>
    this.#grant(exchange, () => readTenantRequest(exchange.request, this.tenantOfClient)),
  );
  readonly keys = new StubEndpoint((exchange) => json({ keys: [jwk()] })(exchange));
  readonly userTenants = new StubEndpoint(
    json({ page: { size: 100, totalElements: 1, totalPages: 1, number: 0 }, userTenants: [{ id: '1000000351' }] }),
  );
  /** Every other path: what has no business here, and calls of APIs. */
  readonly elsewhere = new StubEndpoint(json({ ok: true }));

  /** The tenant that a technical user belongs to, whichever server it asks. */
  tenantOfClient: string | undefined;
  /** Changes the claims of the technical tokens it issues. */
  changeClaims: (claims: Fields) => Fields = (claims) => claims;
  lifeSeconds = 1_800;

  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async (incoming, response) => {
      const body = await buffer(incoming);
      const { method = '', url = '', rawHeaders, socket } = incoming;
      const over = new Promise<void>((resolve) => response.once('close', resolve));
      const request: RecordedRequest = { method, url, rawHeaders, body, over, bytesSent: () => socket.bytesWritten };
      await this.#endpoint(url).receive({ request, response });
    });
  }

  static async start(): Promise<StubXcelerator> {
    const stub = new StubXcelerator();
    await new Promise<void>((resolve) => stub.#server.listen(0, '127.0.0.1', resolve));
    return stub;
  }

  get origin(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the stub is closed');
    return `http://127.0.0.1:${address.port}`;
  }

  /** What points an application here. */
  get urls(): { gatewayUrl: string; oauthUrl: string } {
    return { gatewayUrl: this.origin, oauthUrl: `${this.origin}/sws/{tenant}` };
  }

  /** Requests to all endpoints together. */
  get count(): number {
    return [this.app, this.tenant, this.keys, this.userTenants, this.elsewhere].reduce(
      (sum, { count }) => sum + count,
      0,
    );
  }

  issuerOf(tenant: string): string {
    return `${this.origin}/sws/${tenant}/oauth/token`;
  }

  /** A user's token: issued by the core tenant's server, for a customer. */
  userToken(claims: Fields = {}): string {
    const iat = Math.floor(Date.now() / 1_000);
    return signJwt({
      jti: randomUUID(),
      iss: this.issuerOf(CORE),
      cid: 'myapp-client',
      client_id: 'myapp-client',
      'sws.samauth.ten': '1000000351',
      'sws.samauth.ten.name': 'acme',
      'sws.samauth.ten.user': 'user-7',
      email: 'ann@example.com',
      scope: ['myapp.user'],
      iat,
      exp: iat + this.lifeSeconds,
      ...claims,
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #endpoint(url: string): StubEndpoint {
    if (url === `/api/technicaltokenmanager-${CORE}/v3/oauth/token`) return this.app;
    if (url === `/api/technicaltokenmanager-${CORE}/v3/userTenants?page=0&size=100`) return this.userTenants;
    if (/^\/sws\/[a-z0-9-]+\/oauth\/token$/.test(url)) return this.tenant;
    return /^\/sws\/[a-z0-9-]+\/token_keys$/.test(url) ? this.keys : this.elsewhere;
  }

  #grant(exchange: Parameters<Answer>[0], read: () => Grant): void | Promise<void> {
    try {
      const grant = read();
      const claims = this.changeClaims(this.#claims(grant));
      const body = { access_token: signJwt(claims), token_type: 'Bearer', expires_in: this.lifeSeconds, scope: 'a.b' };
      return json(body)(exchange);
    } catch (error) {
      exchange.request.fault = String(error);
      return json({ error: 'invalid_request', error_description: exchange.request.fault }, 400)(exchange);
    }
  }

  /** As recorded: all clients in one id, and neither `ten` nor `subtenant`. */
  #claims({ clientId, issuer, tenant }: Grant): Fields {
    const iat = Math.floor(Date.now() / 1_000);
    const client = { sub: clientId, client_id: clientId, cid: clientId, azp: clientId };
    const ids = { 'sws.samauth.ten': tenant, 'sws.samauth.ten.name': 'acme', orig_ten: tenant, zid: issuer };
    const kind = { grant_type: 'client_credentials', schemas: ['urn:siemens:xf:iam:v1'], scope: ['a.b'] };
    const life = { iat, exp: iat + this.lifeSeconds };
    return { jti: randomUUID(), iss: this.issuerOf(issuer), ...client, ...ids, ...kind, ...life };
  }
}

function signJwt(claims: Fields): string {
  const input = `${base64url({ alg: 'RS256', typ: 'JWT', kid: KEY_ID })}.${base64url(claims)}`;
  return `${input}.${sign('RSA-SHA256', Buffer.from(input), keys().privateKey).toString('base64url')}`;
}

function jwk(): Fields {
  const { n, e } = keys().publicKey.export({ format: 'jwk' });
  return { kty: 'RSA', use: 'sig', alg: 'RS256', kid: KEY_ID, n, e };
}

function must(condition: unknown, fault: string): asserts condition {
  if (!condition) throw new Error(fault);
}

function basicOf(header: string): Client {
  const [scheme, text = '', ...more] = header.split(' ');
  must(scheme === 'Basic' && more.length === 0, 'credentials are not "Basic base64"');
  const plain = Buffer.from(text, 'base64').toString('utf8');
  const colon = plain.indexOf(':');
  must(colon > 0, 'credentials are not id:secret');
  return { clientId: plain.slice(0, colon), secret: plain.slice(colon + 1) };
}

const isLabel = (value: unknown): value is string => typeof value === 'string' && /^[a-z0-9-]{1,63}$/.test(value);

function readAppRequest(request: RecordedRequest): Grant {
  must(headerOf(request, 'content-type') === 'application/json', 'content type is not application/json');
  const client = basicOf(headerOf(request, 'x-space-auth-key'));
  const body: Fields = JSON.parse(request.body.toString());
  must(Object.keys(body).toSorted().join() === 'appName,appVersion,hostTenant,userTenant', 'other fields');
  must(isLabel(body.hostTenant) && isLabel(body.userTenant), 'no tenants');
  return { ...client, issuer: body.hostTenant, tenant: body.userTenant };
}

function readTenantRequest(request: RecordedRequest, tenantOfClient: string | undefined): Grant {
  const type = headerOf(request, 'content-type');
  must(type === 'application/x-www-form-urlencoded', 'content type is not application/x-www-form-urlencoded');
  const form = [...new URLSearchParams(request.body.toString())];
  const fields = Object.fromEntries(form);
  const names = form
    .map(([name]) => name)
    .toSorted()
    .join();
  const isForm = names === 'client_id,client_secret,grant_type';
  must(isForm || names === 'grant_type', `other fields: ${names}`);
  must(fields.grant_type === 'client_credentials', 'grant type is not client_credentials');
  const hasHeader = request.rawHeaders.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'authorization');
  must(isForm !== hasHeader, 'credentials in header and form, or in neither');
  const client = isForm
    ? { clientId: fields.client_id ?? '', secret: fields.client_secret ?? '' }
    : basicOf(headerOf(request, 'authorization'));
  const issuer = request.url.split('/')[2] ?? '';
  return { ...client, issuer, tenant: tenantOfClient ?? issuer };
}

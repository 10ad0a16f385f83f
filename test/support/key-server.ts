import { type KeyObject, randomBytes, randomUUID, sign } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { rsaPair } from './rsa-keys.js';
import { type Answer, json, StubPlatform } from './stub-platform.js';

/*
 * Key sets that tests decide, one for each tenant if they like, served by the stub platform. It knows how to sign and how
 * to forge; like the stub, it is built from the protocol page alone.
 */

type Fields = Record<string, unknown>;

/** A key that signs, under the id it is published by. */
export interface TestKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** Its entry in a key set: as the platform's, with a leading zero byte in `n` and the PEM beside it. */
  readonly entry: Readonly<Fields>;
}

/** A key under an id; the same number is the same pair, another number another one. */
export function testKey(kid: string, pair = 0): TestKey {
  const { privateKey, publicKey } = rsaPair(`key-server-${pair}`);
  published[pair] ??= publishedForm(publicKey);
  return { kid, privateKey, entry: { kty: 'RSA', use: 'sig', kid, alg: 'RS256', ...published[pair] } };
}

/** The public keys of the pairs; some tests have hundreds of ids for one. */
const published: Fields[] = [];

function publishedForm(publicKey: KeyObject): Fields {
  const { n = '', e } = publicKey.export({ format: 'jwk' });
  const value = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  return { e, value, n: withLeadingZeros(n, 1) };
}

/** A modulus with zero bytes before it. */
export function withLeadingZeros(modulus: string, zeros: number): string {
  return Buffer.concat([Buffer.alloc(zeros), Buffer.from(modulus, 'base64url')]).toString('base64url');
}

/** A modulus without any zero byte before it. */
export function withoutLeadingZeros(modulus: unknown): string {
  const bytes = Buffer.from(String(modulus), 'base64url');
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0)).toString('base64url');
}

const part = (value: Fields) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A key server of any number of tenants. Every request is recorded at `platform.keys`. */
export class KeyServer {
  readonly #sets = new Map<string, readonly unknown[]>();
  #everywhere: readonly unknown[] = [];
  #instead?: Answer;

  /** The right answer: the key set of the tenant that is asked for. */
  readonly published: Answer = (exchange) =>
    json({ keys: this.#sets.get(tenantOf(exchange.request.url)) ?? this.#everywhere })(exchange);

  private constructor(readonly platform: StubPlatform) {
    platform.keys.always((exchange) => (this.#instead ?? this.published)(exchange));
  }

  /** A key server for the current test; it publishes these keys for every tenant. */
  static async start(...keys: TestKey[]): Promise<KeyServer> {
    const server = new KeyServer(await StubPlatform.start());
    onTestFinished(() => server.platform.close());
    server.publish(keys);
    return server;
  }

  /** Sets the key set of one tenant, or of all that have none of their own. */
  publish(keys: readonly (TestKey | Readonly<Fields> | null)[], tenant?: string): void {
    const entries = keys.map((key) => (key !== null && 'entry' in key ? key.entry : key));
    if (tenant === undefined) this.#everywhere = entries;
    else this.#sets.set(tenant, entries);
  }

  /** From now on every request gets this answer; without one, a key set again. */
  answer(answer?: Answer): void {
    this.#instead = answer;
  }

  /** Requests for key sets: of one tenant, or all. */
  count(tenant?: string): number {
    const { requests } = this.platform.keys;
    return tenant === undefined ? requests.length : requests.filter(({ url }) => tenantOf(url) === tenant).length;
  }

  /** The tenants whose key sets were asked for, in order. */
  get asked(): string[] {
    return this.platform.keys.requests.map(({ url }) => tenantOf(url));
  }

  /** A user's token that this key has signed. */
  token(key: TestKey, claims: Fields = {}, header: Fields = {}): string {
    const input = this.#input(key.kid, claims, header);
    return `${input}.${sign('RSA-SHA256', Buffer.from(input), key.privateKey).toString('base64url')}`;
  }

  /** A user's token that nobody has signed; it costs next to nothing. */
  forged(kid: string, claims: Fields = {}): string {
    return `${this.#input(kid, claims)}.${randomBytes(256).toString('base64url')}`;
  }

  #input(kid: string, claims: Fields, header: Fields = {}): string {
    const iat = Math.floor(Date.now() / 1_000);
    const ten = typeof claims['ten'] === 'string' ? claims['ten'] : 'acme';
    const user = { user_name: `ann@${ten}`, user_id: randomUUID(), email: 'ann@example.com', scope: ['myapp.user'] };
    const client = { cid: 'myapp-host1', client_id: 'myapp-host1' };
    const life = { iat, exp: iat + 1_800 };
    const all = { jti: randomUUID(), iss: this.platform.issuerOf(ten), ten, ...client, ...user, ...life, ...claims };
    return `${part({ alg: 'RS256', kid, typ: 'JWT', ...header })}.${part(all)}`;
  }
}

function tenantOf(url: string): string {
  return /^\/piam\/([^/]+)\/token_keys$/.exec(url)?.[1] ?? url;
}

/** Lets whatever is on its way settle: enough turns of the event loop for an answer from this machine. */
export async function settle(turns = 50): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one turn of the event loop after the other
    await new Promise((resolve) => setImmediate(resolve));
  }
}

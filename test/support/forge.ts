import { constants, createHmac, generateKeyPairSync, publicDecrypt, randomBytes, randomUUID, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MindsphereCredentialsModuleOptions } from 'nestjs-mindsphere-credentials';
import { APP } from './application.js';
import { newPair, type Pair, rsaPair } from './rsa-keys.js';
import { json, StubPlatform } from './stub-platform.js';

/*
 * Forges tokens: a valid one, and any change of it. It imports nothing from `lib/` but types, and never checks anything.
 */

export type { Pair } from './rsa-keys.js';
export type Fields = Record<string, unknown>;

/** Key pairs of all parties. */
export const KEYS = {
  /** Signs the tokens of acme's server. */
  genuine: rsaPair('genuine'),
  /** Stands in acme's key set under other ids. */
  decoy: rsaPair('decoy'),
  /** Signs the tokens of globex's server, under the id that acme's key has. */
  globex: rsaPair('globex'),
  /** Signs in the name of the platform, under the id that acme's key has. */
  platform: rsaPair('platform'),
  /** In no key set at all. */
  attacker: rsaPair('attacker'),
  /** 512 bits: broken in an afternoon. */
  weak: newPair(512),
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }) as Pair,
  ed: generateKeyPairSync('ed25519') as Pair,
} as const;

/** The id of the genuine key. */
export const KEY_ID = 'key-id-4';
/** The host names of the real platform, so that look-alikes look alike; key sets are read from the stub all the same. */
const ISSUER_URL = 'https://{tenant}.piam.eu1.mindsphere.io/oauth/token';
export const issuerOf = (tenant: string): string => ISSUER_URL.replace('{tenant}', tenant);

export const seconds = (): number => Math.floor(Date.now() / 1_000);

/** Text, bytes or any JSON value as base64url. */
export function encode(value: unknown): string {
  const bytes = typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value);
  return Buffer.from(bytes).toString('base64url');
}

/** An RS256 signature. */
export function rs256(input: string, { privateKey }: Pair = KEYS.genuine): string {
  return sign('sha256', Buffer.from(input), privateKey).toString('base64url');
}

/** An HMAC signature, as an attacker makes one who takes a public key for a secret. */
export function hmac(input: string, secret: string | Buffer, hash = 'sha256'): string {
  return createHmac(hash, secret).update(input).digest('base64url');
}

export const validHeader = (): Fields => ({ alg: 'RS256', kid: KEY_ID, typ: 'JWT' });

/** Claims of a user of tenant acme, complete and valid (protocol page, section 7). */
export function validClaims(): Fields {
  const iat = seconds();
  return {
    jti: randomUUID(),
    sub: 'b2b0ad34',
    scope: ['myapp.user'],
    client_id: 'myapp-host1',
    cid: 'myapp-host1',
    azp: 'myapp-host1',
    grant_type: 'authorization_code',
    user_id: 'b2b0ad34',
    user_name: 'ann@example.com',
    email: 'ann@example.com',
    iat,
    exp: iat + 1_800,
    iss: issuerOf('acme'),
    zid: 'acme',
    aud: ['myapp-host1', 'myapp'],
    ten: 'acme',
  };
}

/** Joins and signs two texts or bytes that stand for header and payload. */
export function signed(header: unknown, payload: unknown, key: Pair = KEYS.genuine): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${rs256(input, key)}`;
}

/** Fields to set; `undefined` removes one. */
export const changed = (fields: Fields, change: Fields): Fields =>
  Object.fromEntries(Object.entries({ ...fields, ...change }).filter(([, value]) => value !== undefined));

/** A valid token, another one each time. */
export const validToken = (): string => signed(validHeader(), validClaims());

/** The valid token with other claims, signed with the genuine key. */
export const withClaims = (change: Fields): string => signed(validHeader(), changed(validClaims(), change));

/** The valid token with another header, signed with the genuine or the given key. */
export const withHeader = (change: Fields, key?: Pair): string =>
  signed(changed(validHeader(), change), validClaims(), key);

/** The valid token whose payload's JSON text is changed before it is signed. */
export const withClaimsText = (change: (json: string) => string | Buffer): string =>
  signed(validHeader(), change(JSON.stringify(validClaims())));

/** The valid token whose header's JSON text is changed before it is signed. */
export const withHeaderText = (change: (json: string) => string | Buffer): string =>
  signed(change(JSON.stringify(validHeader())), validClaims());

/** The three parts of a valid token, put together in another way. */
export const withParts = (join: (header: string, payload: string, signature: string) => string): string => {
  const [header = '', payload = '', signature = ''] = validToken().split('.');
  return join(header, payload, signature);
};

/** The valid token signed in another way. */
export const withSignature = (header: Fields, signer: (input: string) => string): string => {
  const input = `${encode(changed(validHeader(), header))}.${encode(validClaims())}`;
  return `${input}.${signer(input)}`;
};

/** A text of nested lists, so many levels deep. */
export const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** A claim or header member whose value is a JSON text, taken as it is. */
export const withMember = (name: string, value: string) => (jsonText: string) =>
  `${JSON.stringify(changed(JSON.parse(jsonText) as Fields, { [name]: undefined })).slice(0, -1)},"${name}":${value}}`;

const SIGNATURE_LENGTH = 342;

/** A valid token of exactly so many characters. */
export function tokenOfLength(length: number): string {
  const claims = validClaims();
  const bare = JSON.stringify({ ...claims, pad: '' }).length;
  // Three headers, because a base64url text has never one character more than a multiple of four.
  for (const x of ['', 'y', 'yz']) {
    const header = { ...validHeader(), x };
    const payload = length - encode(header).length - SIGNATURE_LENGTH - 2;
    if (payload % 4 !== 1) return signed(header, { ...claims, pad: 'x'.repeat(Math.floor((payload * 3) / 4) - bare) });
  }
  throw new Error(`no token has ${length} characters`);
}

/** A public key as a key set shows it. */
export function publicJwk({ publicKey }: Pair, change: Fields = {}): Fields {
  const { n, ...rest } = publicKey.export({ format: 'jwk' });
  const modulus =
    typeof n === 'string' ? { n: encode(Buffer.concat([Buffer.alloc(1), Buffer.from(n, 'base64url')])) } : {};
  const value = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  return changed({ ...rest, ...modulus, use: 'sig', alg: 'RS256', value }, change);
}

/** Acme's key set: the genuine key among entries of every bad kind. */
function acmeKeys(): unknown[] {
  return [
    null,
    'key-id-4',
    publicJwk(KEYS.decoy, { kid: undefined }),
    publicJwk(KEYS.decoy, { kid: 7 }),
    publicJwk(KEYS.decoy, { kid: 'key-id-1' }),
    publicJwk(KEYS.decoy, { kid: 'key-enc', use: 'enc' }),
    publicJwk(KEYS.decoy, { kid: 'key-rs512', alg: 'RS512' }),
    publicJwk(KEYS.decoy, { kid: 'key-ps256', alg: 'PS256' }),
    publicJwk(KEYS.decoy, { kid: 'key-twice' }),
    publicJwk(KEYS.attacker, { kid: 'key-twice' }),
    publicJwk(KEYS.decoy, { kid: 'key-no-n', n: undefined }),
    publicJwk(KEYS.decoy, { kid: 'key-bad-n', n: '***' }),
    publicJwk(KEYS.weak, { kid: 'key-weak' }),
    publicJwk(KEYS.ec, { kid: 'key-ec', alg: 'ES256' }),
    publicJwk(KEYS.ec, { kid: 'key-ec-rs256' }),
    publicJwk(KEYS.ed, { kid: 'key-ed', alg: 'EdDSA' }),
    { kty: 'oct', kid: 'key-oct', k: encode('a shared secret'), alg: 'HS256', use: 'sig' },
    { kty: 'RSA', kid: '', n: 'AQ', e: 'AQAB' },
    publicJwk(KEYS.genuine, { kid: KEY_ID }),
  ];
}

/**
 * Whether a token may be of a key that was published a moment ago, as far as anybody can know: then it may be undecided (503)
 * until the next read. It names a key that the set of `core`, which is asked first, lacks, and no held key has signed it.
 */
export function mayBeOfNewKey(token: string): boolean {
  const [header = '', , signature = ''] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const isOfOurs = [KEYS.genuine, KEYS.decoy, KEYS.platform].some(({ publicKey }) => {
    try {
      return publicDecrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, bytes).length > 0;
    } catch {
      return false;
    }
  });
  try {
    const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as Fields;
    return alg === 'RS256' && kid !== KEY_ID && bytes.length >= 256 && !isOfOurs;
  } catch {
    return false;
  }
}

/** Servers of tenants acme and globex, and of nobody else; `core` has keys of its own. */
export async function startForgedPlatform(): Promise<StubPlatform> {
  const platform = await StubPlatform.start();
  const sets = new Map<string, unknown[]>([
    ['acme', acmeKeys()],
    ['globex', [publicJwk(KEYS.globex, { kid: KEY_ID }), publicJwk(KEYS.globex, { kid: 'key-globex' })]],
    ['core', [publicJwk(KEYS.platform, { kid: KEY_ID })]],
  ]);
  platform.keys.always((exchange) => {
    const tenant = /^\/piam\/([^/]+)\/token_keys$/.exec(exchange.request.url)?.[1] ?? '';
    const keys = sets.get(tenant);
    return json(keys === undefined ? { error: 'not_found' } : { keys }, keys === undefined ? 404 : 200)(exchange);
  });
  platform.app.always(platform.token({ claims: { iss: issuerOf('host1') } }));
  return platform;
}

/** Options of an application at that platform that believes the real platform's issuers. */
export function forgedOptions(
  platform: StubPlatform,
  change: MindsphereCredentialsModuleOptions = {},
): MindsphereCredentialsModuleOptions {
  const { userTenant: _unused, ...app } = APP;
  return {
    ...platform.urls,
    app,
    tenant: false,
    request: { timeoutMs: 3_000, deadlineMs: 3_000, retries: 0 },
    ...change,
    verification: { issuerUrl: ISSUER_URL, ...change.verification },
  };
}

/** An attacker's server that offers keys, and counts who asks. */
export class Trap {
  visits = 0;
  readonly #server: Server;

  private constructor(keys: unknown[]) {
    this.#server = createServer((_incoming, response) => {
      this.visits += 1;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));
    });
  }

  static async start(): Promise<Trap> {
    const trap = new Trap([publicJwk(KEYS.attacker, { kid: KEY_ID })]);
    await new Promise<void>((resolve) => trap.#server.listen(0, '127.0.0.1', resolve));
    return trap;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Bytes nobody could guess, as base64url. */
export const noise = (bytes: number): string => randomBytes(bytes).toString('base64url');

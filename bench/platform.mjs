import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

const KEY_ID = 'key-id-1';
const TOKEN_PATH = '/api/technicaltokenmanager/v3/oauth/token';
let pair;
/** Made when first needed: it takes a while. */
const keys = () => (pair ??= generateKeyPairSync('rsa', { modulusLength: 2048 }));

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A signed token. Issued for nobody in particular, so one may stand for all tenants. */
export function signedToken(claims = {}) {
  const iat = Math.floor(Date.now() / 1_000);
  const head = part({ alg: 'RS256', kid: KEY_ID, typ: 'JWT' });
  const input = `${head}.${part({ iat, exp: iat + 1_800, cid: 'bench', ...claims })}`;
  return `${input}.${sign('RSA-SHA256', Buffer.from(input), keys().privateKey).toString('base64url')}`;
}

/** Claims with 100 scopes that make a token of about 4 kB. */
export const LARGE = { scope: Array.from({ length: 100 }, (_, at) => `application.scope.${at}`.padEnd(25, '-')) };

/**
 * A platform that answers at once: the Token Manager, and the key set where the vendor's client looks for it when its
 * gateway has no host name. It counts what is asked.
 */
export async function startPlatform(token = () => signedToken()) {
  const counts = { tokens: 0, keySets: 0 };
  const keySet = JSON.stringify({ keys: [keyEntry()] });
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.setHeader('Content-Type', 'application/json');
      if (request.url !== TOKEN_PATH) {
        counts.keySets += 1;
        return response.end(keySet);
      }
      counts.tokens += 1;
      const body = { access_token: token(), token_type: 'bearer', expires_in: 1_799, timestamp: Date.now() };
      return response.end(JSON.stringify(body));
    });
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
  await once(server, 'listening');
  const gatewayUrl = `http://127.0.0.1:${server.address().port}`;
  return { counts, gatewayUrl, close: () => new Promise((done) => server.closeAllConnections() ?? server.close(done)) };
}

/** What an application needs to be told to ask it. */
export function optionsFor({ gatewayUrl }) {
  return { gatewayUrl, oauthUrl: `${gatewayUrl}/piam/{tenant}`, app: APP, tenant: false };
}

export const APP = {
  keyStoreClientId: 'operator-bench-1.0.0',
  keyStoreClientSecret: 'bench-secret',
  appName: 'bench',
  appVersion: '1.0.0',
  hostTenant: 'operator',
  userTenant: 'customer',
};

function keyEntry() {
  const { n, e } = keys().publicKey.export({ format: 'jwk' });
  const value = keys().publicKey.export({ format: 'pem', type: 'spki' });
  return { kty: 'RSA', e, n, use: 'sig', kid: KEY_ID, alg: 'RS256', value };
}

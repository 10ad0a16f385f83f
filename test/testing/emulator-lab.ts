import { decodeJwt, type JWK } from 'jose';
import { MindsphereEmulator, type MindsphereEmulatorOptions } from 'nestjs-mindsphere-credentials/testing';
import { afterEach, vi } from 'vitest';

export const TOKEN_MANAGER = '/api/technicaltokenmanager/v3/oauth/token';
export const IMPERSONATION = 'iam-action=client_credentials.subtenant-impersonation';

interface Change {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** One emulator per test, closed after it, and the requests that the tests make of it. */
export function useEmulator() {
  const lab = { emulator: undefined as MindsphereEmulator | undefined };

  afterEach(async () => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
    await lab.emulator?.close();
    lab.emulator = undefined;
  });

  function started(): MindsphereEmulator {
    if (!lab.emulator) throw new Error('start() has not been called');
    return lab.emulator;
  }

  /** In strict mode unless the test says otherwise. */
  async function start(options: MindsphereEmulatorOptions = {}): Promise<void> {
    lab.emulator = await MindsphereEmulator.start({ strict: true, ...options });
  }

  function ask(path: string, { method = 'GET', headers = {}, body }: Change = {}): Promise<Response> {
    return fetch(`${started().origin}${path}`, { method, headers, body: method === 'GET' ? undefined : body });
  }

  function askAppToken(fields: object = {}, change: Change = {}): Promise<Response> {
    const { keyStoreClientId, keyStoreClientSecret, ...app } = started().moduleOptions.app;
    const { appName, appVersion, hostTenant, userTenant } = app;
    const headers = {
      'content-type': 'application/json',
      'x-space-auth-key': basic(keyStoreClientId, keyStoreClientSecret),
      ...change.headers,
    };
    const body = change.body ?? JSON.stringify({ appName, appVersion, hostTenant, userTenant, ...fields });
    return ask(TOKEN_MANAGER, { method: 'POST', headers, body });
  }

  function askTenantToken(
    body = 'grant_type=client_credentials',
    change: Change = {},
    tenant = 'customer',
  ): Promise<Response> {
    const { clientId, clientSecret } = started().moduleOptions.tenant;
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: basic(clientId, clientSecret),
      ...change.headers,
    };
    return ask(`/piam/${tenant}/oauth/token`, { method: 'POST', headers, body });
  }

  function askApi(token: string, path = '/api/assetmanagement/v3/assets?size=1'): Promise<Response> {
    return ask(path, { headers: { authorization: `Bearer ${token}` } });
  }

  async function keySet(tenant = 'customer'): Promise<{ keys: (JWK & { value?: string })[] }> {
    const response = await ask(`/piam/${tenant}/token_keys`);
    return JSON.parse(await response.text());
  }

  return {
    get emulator() {
      return started();
    },
    start,
    ask,
    askAppToken,
    askTenantToken,
    askApi,
    keySet,
  };
}

export function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

export function basic(id: string, secret: string): string {
  return `Basic ${encode(`${id}:${secret}`)}`;
}

export async function objectOf(response: Response): Promise<Record<string, unknown>> {
  return JSON.parse(await response.text());
}

export function issuerIn(text: string): unknown {
  const body: { access_token: string } = JSON.parse(text);
  return decodeJwt(body.access_token).iss;
}

export function withPayloadOf(token: string, change: object): string {
  const payload = Buffer.from(JSON.stringify({ ...decodeJwt(token), ...change })).toString('base64url');
  return token.replace(/\.[^.]+\./, `.${payload}.`);
}

/** Waits, without timers, which a test may have faked. */
export async function untilTrue(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

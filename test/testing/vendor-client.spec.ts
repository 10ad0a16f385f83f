import dns from 'node:dns';
import { CredentialAuth, TokenManagerAuth } from '@mindconnect/mindconnect-nodejs';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const HALF_AN_HOUR_MS = 1_800_000;

describe('the vendor client against the emulator', () => {
  let emulator: MindsphereEmulator;

  beforeEach(async () => {
    for (const name of ['http_proxy', 'HTTP_PROXY']) vi.stubEnv(name, undefined);
    vi.spyOn(dns, 'lookup').mockImplementation(lookupLoopback);
    emulator = await MindsphereEmulator.start();
  });

  afterEach(async () => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    await emulator.close();
  });

  const gateway = () => `http://gateway.emulator.test:${emulator.port}`;

  function appAuth(): TokenManagerAuth {
    const { app } = emulator.moduleOptions;
    const basic = basicOf(app.keyStoreClientId, app.keyStoreClientSecret);
    return new TokenManagerAuth(gateway(), basic, app.hostTenant, app.userTenant, app.appName, app.appVersion);
  }

  function tenantAuth(): CredentialAuth {
    const { tenant } = emulator.moduleOptions;
    return new CredentialAuth(gateway(), basicOf(tenant.clientId, tenant.clientSecret), tenant.tenant);
  }

  const clients = [
    { name: 'TokenManagerAuth', endpoint: 'app-token', create: appAuth, issuerTenant: 'operator' },
    { name: 'CredentialAuth', endpoint: 'tenant-token', create: tenantAuth, issuerTenant: 'customer' },
  ] as const;

  describe.each(clients)('$name', ({ endpoint, create, issuerTenant }) => {
    it('gets a token and finds it valid', async () => {
      const token = await create().GetToken();

      expect(claimsOf(token)).toMatchObject({
        ten: 'customer',
        iss: `http://${issuerTenant}.piam.emulator.test:${emulator.port}/oauth/token`,
      });
      expect(emulator.requests(endpoint)).toHaveLength(1);
      expect(emulator.requests('token-keys')).toHaveLength(1);
    });

    it('keeps finding its token valid after the keys have rotated', async () => {
      const client = create();
      const token = await client.GetToken();
      emulator.rotateKeys();

      expect(await client.GetToken()).toBe(token);
      expect(emulator.requests(endpoint)).toHaveLength(1);
    });

    it('gets a token of the new key once its own has expired', async () => {
      const client = create();
      const first = await client.GetToken();
      emulator.rotateKeys();
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HALF_AN_HOUR_MS + 1_000 });

      const second = await client.GetToken();

      expect(kidOf(second)).not.toBe(kidOf(first));
      expect(emulator.requests(endpoint)).toHaveLength(2);
      expect(emulator.requests('token-keys')).toHaveLength(2);
    });

    it('gets a token of the new key once its own was dropped', async () => {
      const client = create();
      const first = await client.GetToken();
      emulator.rotateKeys();
      Reflect.set(client, '_accessToken', undefined);

      expect(kidOf(await client.GetToken())).not.toBe(kidOf(first));
    });

    it('gets and validates a token as a new client after the keys have rotated', async () => {
      emulator.rotateKeys();
      emulator.rotateKeys();

      expect(claimsOf(await create().GetToken())).toMatchObject({ ten: 'customer' });
    });

    it('cannot validate where the signing key is not the first: it looks at no other', async () => {
      await emulator.close();
      emulator = await MindsphereEmulator.start({ signingKeyPosition: 1 });

      await expect(create().GetToken()).rejects.toThrow(/can't find certificate for key-id-\d+/);
    });
  });

  it('is refused with a wrong secret', async () => {
    const client = new CredentialAuth(gateway(), basicOf('customer-technicaluser', 'wrong'), 'customer');

    await expect(client.GetToken()).rejects.toThrow('Bad credentials');
  });
});

function lookupLoopback(_name: string, ...rest: unknown[]): void {
  const [options, callback = options] = rest;
  if (typeof callback !== 'function') return;
  const wantsAll = typeof options === 'object' && options !== null && 'all' in options && options.all === true;
  if (wantsAll) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
}

function basicOf(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

function claimsOf(token: string): unknown {
  return decode(token, 1);
}

function kidOf(token: string): unknown {
  const header = decode(token, 0);
  return typeof header === 'object' && header !== null && 'kid' in header ? header.kid : undefined;
}

function decode(token: string, part: number): unknown {
  return JSON.parse(Buffer.from(token.split('.')[part] ?? '', 'base64url').toString());
}

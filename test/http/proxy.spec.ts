import { Agent } from 'node:https';
import {
  AppCredentials,
  MindsphereCredentialsFactory,
  MindsphereHttpService,
  TenantCredentials,
  TokenVerifier,
  type RequestOptions,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { proxySecrets } from '../../lib/transport/own-axios.js';
import { APP, failureOf, ONE_TRY, startPlatform, startWith, TENANT } from '../support/application.js';
import { CERTIFICATE, startConnectProxy, startTls } from '../support/connect-proxy.js';
import { leaksOf, partsOf, spellings } from '../support/leaks.js';
import { json } from '../support/stub-platform.js';
import { ASSETS, bearerOf, errorOf } from './lab.js';

const HOST = 'gateway.eu1.platform.test';
const PASSWORD = 'geheim-proxy';
const CREDENTIALS = `ann:${PASSWORD}`;
const NAMES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);

/** A platform behind TLS, a proxy that leads to it, and an application that trusts the certificate. */
async function startBehindProxy({ gateway, wanted }: { gateway?: string; wanted?: string } = {}) {
  const platform = await startPlatform();
  platform.elsewhere.always(json({ found: true }));
  const tlsPort = await startTls(Number(new URL(platform.origin).port));
  const proxy = await startConnectProxy(tlsPort, wanted);
  const gatewayUrl = gateway ?? `https://${HOST}`;
  const start = async (axios: RequestOptions['axios'] = {}) => {
    const httpsAgent = new Agent({ ca: CERTIFICATE, keepAlive: false });
    onTestFinished(() => httpsAgent.destroy());
    const module = await startWith({
      gatewayUrl: gatewayUrl.replace('PORT', String(tlsPort)),
      oauthUrl: `${gatewayUrl.replace('PORT', String(tlsPort))}/piam/{tenant}`,
      verification: { issuerUrl: `${platform.oauthUrl}/oauth/token` },
      app: APP,
      tenant: TENANT,
      request: { ...ONE_TRY, axios: { httpsAgent, ...axios } },
    });
    return {
      app: module.get(AppCredentials),
      tenant: module.get(TenantCredentials),
      factory: module.get(MindsphereCredentialsFactory),
      http: module.get(MindsphereHttpService),
    };
  };
  return { platform, proxy, start };
}

describe('a proxy', () => {
  beforeEach(() => {
    for (const name of NAMES) vi.stubEnv(name, undefined);
    onTestFinished(() => void vi.unstubAllEnvs());
  });

  it.each<[string, (port: number) => RequestOptions['axios'], string?]>([
    ['HTTPS_PROXY', (port) => (vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${port}`), {})],
    [
      'HTTPS_PROXY with a password',
      (port) => (vi.stubEnv('HTTPS_PROXY', `http://${CREDENTIALS}@127.0.0.1:${port}`), {}),
      CREDENTIALS,
    ],
    ['request.axios.proxy', (port) => ({ proxy: { protocol: 'http', host: '127.0.0.1', port } })],
    [
      'request.axios.proxy with a password',
      (port) => ({
        proxy: { protocol: 'http', host: '127.0.0.1', port, auth: { username: 'ann', password: PASSWORD } },
      }),
      CREDENTIALS,
    ],
  ])('by %s sees nothing but CONNECT', async (_, set, wanted) => {
    const { platform, proxy, start } = await startBehindProxy({ wanted });
    const { app, tenant, http } = await start(set(proxy.port));
    expect((await firstValueFrom(http.as(app).post(ASSETS, { a: 'the body' }))).data).toEqual({ found: true });
    expect((await firstValueFrom(http.as(tenant).get(ASSETS))).data).toEqual({ found: true });

    expect([platform.app.count, platform.tenant.count, platform.elsewhere.count]).toEqual([1, 1, 2]);
    expect(proxy.seen).toHaveLength(4);
    const tokens = platform.elsewhere.requests.map(bearerOf);
    const secrets = [
      ...tokens.flatMap(partsOf),
      ...spellings(APP.keyStoreClientId, APP.keyStoreClientSecret),
      ...spellings(TENANT.clientId, TENANT.clientSecret),
      ASSETS,
      'the body',
      'oauth',
    ];
    for (const { head, rest } of proxy.seen) {
      expect(head.split('\r\n')[0]).toBe(`CONNECT ${HOST}:443 HTTP/1.1`);
      const bytes = Buffer.concat(rest).toString('latin1');
      expect(bytes.length).toBeGreaterThan(0);
      expect(secrets.filter((secret) => head.includes(secret) || bytes.includes(secret))).toEqual([]);
    }
  });

  it.each(['HTTP_PROXY', 'http_proxy', 'ALL_PROXY'])(
    'by %s gets nothing that goes to this machine in clear',
    async (name) => {
      const platform = await startPlatform();
      platform.elsewhere.always(json({ found: true }));
      const proxy = await startConnectProxy(1);
      vi.stubEnv(name, `http://127.0.0.1:${proxy.port}`);
      const module = await startWith({ ...platform.urls, app: APP, tenant: TENANT, request: ONE_TRY });
      const http = module.get(MindsphereHttpService);
      await firstValueFrom(http.as(module.get(AppCredentials)).get(ASSETS));
      await firstValueFrom(http.as(module.get(TenantCredentials)).get(ASSETS));
      await firstValueFrom(module.get(TokenVerifier).verify(platform.userToken()));
      expect(platform.elsewhere.count).toBe(2);
      expect(proxy.seen).toEqual([]);
    },
  );

  it('by request.axios.proxy gets it all the same: that was asked for', async () => {
    const platform = await startPlatform();
    const axios = { proxy: { protocol: 'http', host: '127.0.0.1', port: 1 } };
    const module = await startWith({ ...platform.urls, app: APP, tenant: false, request: { ...ONE_TRY, axios } });
    expect(await failureOf(module.get(AppCredentials).getToken())).toMatchObject({ message: /ECONNREFUSED/ });
    expect(platform.count).toBe(0);
  });

  it('is passed by for what NO_PROXY names', async () => {
    const { platform, proxy, start } = await startBehindProxy({ gateway: 'https://127.0.0.1:PORT' });
    vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${proxy.port}`);
    vi.stubEnv('NO_PROXY', 'localhost,127.0.0.1');
    const { app, http } = await start();
    await firstValueFrom(http.as(app).get(ASSETS));
    expect(platform.elsewhere.count).toBe(1);
    expect(proxy.seen).toEqual([]);
  });

  it('that refuses is reported without its password, which it repeats', async () => {
    const { platform, proxy, start } = await startBehindProxy({ wanted: 'bob:other' });
    vi.stubEnv('HTTPS_PROXY', `http://ann:geheim%25proxy@127.0.0.1:${proxy.port}`);
    const { app, http, factory } = await start();
    const jwt = platform.userToken();
    const failures = [await failureOf(app.getToken()), await errorOf(http.as(factory.userToken(jwt)).get(ASSETS))];
    expect(failures[0]).toMatchObject({ code: 'token_request_failed', status: 407 });
    expect(failures[1]).toMatchObject({
      response: { status: 407, data: expect.stringContaining('Proxy-Authorization') },
    });
    // Axios sends it as it stands in the URL.
    const secrets = ['geheim%25proxy', 'geheim%proxy'].flatMap((password) => spellings('ann', password));
    expect(leaksOf(failures, [...secrets, ...partsOf(jwt)])).toEqual([]);
    expect(platform.count).toBe(0);
  });

  it.each(['ann:geheim@proxy:3128', 'https://ann:geheim@proxy:3128'])('has a password to hide: %s', (url) => {
    vi.stubEnv('HTTPS_PROXY', url);
    expect(proxySecrets({})).toContain('geheim');
  });

  it('cannot be put between by a server with another certificate', async () => {
    const { platform, proxy, start } = await startBehindProxy();
    const { app, http } = await start({
      proxy: { protocol: 'http', host: '127.0.0.1', port: proxy.port },
      httpsAgent: undefined,
    });
    expect((await failureOf(http.as(app).get(ASSETS))).code).toBe('token_request_failed');
    expect(platform.count).toBe(0);
  });
});

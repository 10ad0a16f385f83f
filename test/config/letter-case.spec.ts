import {
  AppCredentials,
  MindsphereCredentialsFactory,
  TenantCredentials,
  TokenVerifier,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { completeFromEnvironment } from '../../lib/config/environment.js';
import { resolveOptions } from '../../lib/config/resolve-options.js';
import { APP, startPlatform, startWith, TENANT, tokenOf } from '../support/application.js';

/* Host labels have no letter case (RFC 4343): what ends up in a host, an `iss` or a comparison with a claim is lowered. */

const UPPER_APP = { ...APP, hostTenant: 'HOST1', userTenant: 'Acme' };
const UPPER_TENANT = { ...TENANT, tenant: 'ACME' };

describe('capitals in an option', () => {
  it.each([
    [{ region: 'EU1' }, 'https://gateway.eu1.mindsphere.io', 'https://{tenant}.piam.eu1.mindsphere.io/oauth/token'],
    [
      { region: 'CN1' },
      'https://gateway.cn1.mindsphere-in.cn',
      'https://{tenant}.piam.cn1.mindsphere-in.cn/oauth/token',
    ],
    [
      { baseDomain: 'Example.COM' },
      'https://gateway.eu1.example.com',
      'https://{tenant}.piam.eu1.example.com/oauth/token',
    ],
    [
      { gatewayUrl: 'https://GATEWAY.X.io/Path' },
      'https://gateway.x.io/Path',
      'https://{tenant}.piam.x.io/Path/oauth/token',
    ],
    [
      { oauthUrl: 'HTTPS://X.io/Piam/{tenant}' },
      'https://gateway.eu1.mindsphere.io',
      'https://x.io/Piam/{tenant}/oauth/token',
    ],
    [
      { verification: { issuerUrl: 'https://{tenant}.PIAM.x.io:443/Path' } },
      'https://gateway.eu1.mindsphere.io',
      'https://{tenant}.piam.x.io:443/Path',
    ],
  ])('%o name the host in lower case', (options, gatewayUrl, issuerUrl) => {
    const [platform] = resolveOptions(options).platforms;
    expect([platform.gatewayUrl, String(platform.issuerUrls[0])]).toEqual([gatewayUrl, issuerUrl]);
  });

  it('are lowered in lists and single tenants', () => {
    const { platforms, verification } = resolveOptions({
      app: UPPER_APP,
      tenant: { ...UPPER_TENANT, subTenant: 'Plant1' },
      verification: { keySetTenant: 'CORE', issuers: ['ACME'], allowedTenants: ['Acme', 'GLOBEX'] },
    });
    expect(platforms[0]).toMatchObject({
      app: { hostTenant: 'host1', userTenant: 'acme' },
      tenant: { tenant: 'acme', subTenant: 'plant1' },
      users: { keySetTenant: 'core', issuers: ['acme'], clientIds: ['myapp-host1'] },
    });
    expect(verification.allowedTenants).toEqual(['acme', 'globex']);
  });

  it('are lowered in variables, and do not contradict VCAP_APPLICATION', () => {
    const VCAP_APPLICATION = JSON.stringify({ cf_api: 'https://api.cf.eu2.private.example' });
    const environment = { HOST_ENVIRONMENT: 'EU2', VCAP_APPLICATION, MDSP_HOST_TENANT: 'HOST1' };
    const { platforms } = resolveOptions(completeFromEnvironment({}, environment));
    expect(platforms[0].gatewayUrl).toBe('https://gateway.eu2.private.example');
  });
});

describe('capitals at run time', () => {
  it('ask for the same token and the same server', async () => {
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, app: UPPER_APP, tenant: UPPER_TENANT });
    const [app, tenant] = [module.get(AppCredentials), module.get(TenantCredentials)];
    expect(app.forUserTenant('GLOBEX')).toBe(app.forUserTenant('globex'));
    expect(app.forUserTenant('Globex', 'HOST2')).toBe(app.forUserTenant('globex', 'host2'));
    expect(tenant.forSubtenant('PLANT1')).toBe(tenant.forSubtenant('plant1'));
    expect((await tokenOf(app.forUserTenant('GLOBEX'))).tenant).toBe('globex');
    expect(JSON.parse(platform.app.only.body.toString())).toMatchObject({ hostTenant: 'host1', userTenant: 'globex' });
    expect((await tokenOf(tenant.forSubtenant('PLANT1'))).subtenant).toBe('plant1');
    expect(platform.tenant.only.url).toBe('/piam/acme/oauth/token');
  });

  it('count for nothing in the factory', async () => {
    const platform = await startPlatform();
    const factory = (await startWith({ ...platform.urls })).get(MindsphereCredentialsFactory);
    await tokenOf(factory.app(UPPER_APP));
    await tokenOf(factory.app(APP));
    await tokenOf(factory.tenant(UPPER_TENANT));
    await tokenOf(factory.tenant(TENANT));
    expect([platform.app.count, platform.tenant.count]).toEqual([1, 1]);
  });

  it('do not keep a user out', async () => {
    const platform = await startPlatform();
    const verification = { allowedTenants: ['ACME'], issuers: ['Acme'] };
    const module = await startWith({ ...platform.urls, app: UPPER_APP, verification });
    const user = await firstValueFrom(module.get(TokenVerifier).verify(platform.userToken()));
    expect(user.tenant).toBe('acme');
  });
});

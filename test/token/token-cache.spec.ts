import {
  AppCredentials,
  MindsphereCredentialsFactory,
  type MindsphereCredentials,
  TenantCredentials,
} from 'nestjs-mindsphere-credentials';
import { describe, expect, it } from 'vitest';
import { APP, failureOf, startPlatform, startWith, TENANT, tokenOf } from '../support/application.js';

async function factoryOf(options: Partial<Parameters<typeof startWith>[0]> = {}) {
  const platform = await startPlatform();
  const module = await startWith({ ...platform.urls, app: APP, tenant: TENANT, request: { retries: 0 }, ...options });
  return { platform, module, factory: module.get(MindsphereCredentialsFactory) };
}

async function valuesOf(credentials: MindsphereCredentials[]): Promise<Set<string>> {
  const tokens = await Promise.all(credentials.map(tokenOf));
  return new Set(tokens.map(({ value }) => value));
}

describe('credentials that are equal in everything', () => {
  it('share one token, however they were made', async () => {
    const { platform, module, factory } = await factoryOf();
    const app = module.get(AppCredentials);
    const same = [app, app.forUserTenant('acme'), app.forUserTenant('acme', 'host1'), factory.app({ ...APP })];
    expect((await valuesOf(same)).size).toBe(1);
    expect(platform.count).toBe(1);
  });

  it('are the same object where they are derived for the same tenant', async () => {
    const { module } = await factoryOf();
    const app = module.get(AppCredentials);
    expect(app.forUserTenant('globex')).toBe(app.forUserTenant('globex'));
    expect(app.forUserTenant('globex')).toBe(app.forUserTenant('acme').forUserTenant('globex'));
    const tenant = module.get(TenantCredentials);
    expect(tenant.forSubtenant('sub1')).toBe(tenant.forSubtenant('sub1'));
  });
});

describe('credentials that differ in anything', () => {
  it('never share a token: app credentials', async () => {
    const { platform, factory } = await factoryOf();
    const different = [
      APP,
      { ...APP, keyStoreClientId: 'other-id' },
      { ...APP, keyStoreClientSecret: 'other-secret' },
      { ...APP, keyStoreClientSecret: () => APP.keyStoreClientSecret },
      { ...APP, authKeyScheme: 'Bearer' as const },
      { ...APP, appName: 'otherapp' },
      { ...APP, appVersion: '1.0.1' },
      { ...APP, hostTenant: 'host2' },
      { ...APP, userTenant: 'globex' },
    ];
    expect((await valuesOf(different.map((options) => factory.app(options)))).size).toBe(different.length);
    expect(platform.app.count).toBe(different.length);
  });

  it('never share a token: tenant credentials', async () => {
    const { platform, factory } = await factoryOf();
    const different = [
      TENANT,
      { ...TENANT, clientId: 'other-id' },
      { ...TENANT, clientSecret: 'other-secret' },
      { ...TENANT, tenant: 'globex' },
      { ...TENANT, subTenant: 'sub1' },
      { ...TENANT, subTenant: 'sub2' },
    ];
    expect((await valuesOf(different.map((options) => factory.tenant(options)))).size).toBe(different.length);
    expect(platform.tenant.count).toBe(different.length);
  });

  it('never share a token: registrations with other URLs', async () => {
    const one = await factoryOf();
    const other = await factoryOf();
    const both = [one, other].map(({ module }) => module.get(AppCredentials));
    expect((await valuesOf(both)).size).toBe(2);
    expect([one.platform.app.count, other.platform.app.count]).toEqual([1, 1]);
  });
});

describe('the number of tokens held', () => {
  it('is bounded: the one used longest ago is forgotten', async () => {
    const { platform, module } = await factoryOf({ cache: { maxTokens: 2 } });
    const app = module.get(AppCredentials);
    const ask = (tenant: string) => tokenOf(app.forUserTenant(tenant));
    await ask('t1');
    await ask('t2');
    await ask('t1');
    await ask('t3');
    expect(platform.app.count).toBe(3);
    await ask('t1');
    expect(platform.app.count).toBe(3);
    await ask('t2');
    expect(platform.app.count).toBe(4);
  });

  it('never costs a token that somebody listens to', async () => {
    const { platform, module } = await factoryOf({ cache: { maxTokens: 1 } });
    const app = module.get(AppCredentials);
    const listened = app.forUserTenant('t1');
    listened.token$.subscribe();
    const first = await tokenOf(listened);
    await tokenOf(app.forUserTenant('t2'));
    await tokenOf(app.forUserTenant('t3'));
    expect((await tokenOf(listened)).value).toBe(first.value);
    expect(platform.app.count).toBe(3);
  });

  it('never costs a request in flight', async () => {
    const { platform, module } = await factoryOf({ cache: { maxTokens: 1 } });
    const app = module.get(AppCredentials);
    const release = platform.app.hold();
    const tenants = ['t1', 't2', 't3', 't1', 't2', 't3'];
    const tokens = tenants.map((tenant) => tokenOf(app.forUserTenant(tenant)));
    await platform.app.arrived(3);
    release();
    await Promise.all(tokens);
    expect(platform.app.count).toBe(3);
  });
});

describe('module destroy', () => {
  it('aborts requests and fails who waits, and every later call', async () => {
    const { platform, module } = await factoryOf();
    platform.app.hold();
    const app = module.get(AppCredentials);
    const waiting = failureOf(app.getToken());
    await platform.app.arrived();
    await module.close();
    expect((await waiting).code).toBe('module_destroyed');
    await platform.app.only.over;
    expect((await failureOf(app.getToken())).code).toBe('module_destroyed');
    expect((await failureOf(app.token$)).code).toBe('module_destroyed');
    expect((await failureOf(app.forUserTenant('t2').getAuthorization())).code).toBe('module_destroyed');
    expect(platform.count).toBe(1);
  });
});

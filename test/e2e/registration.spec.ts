import { Agent } from 'node:https';
import { runInNewContext } from 'node:vm';
import { Inject, Injectable, Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import {
  AppCredentials,
  type AppCredentialsOptions,
  getCredentialsToken,
  InjectCredentials,
  MindsphereCredentials,
  MindsphereCredentialsFactory,
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  type MindsphereCredentialsOptionsFactory,
  mindsphereOptionsFromConfig,
  TenantCredentials,
  type TenantCredentialsOptions,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  APP,
  type Environment,
  failureOf,
  forbidden,
  ONE_TRY,
  setEnvironment,
  start,
  startPlatform,
  startWith,
  TENANT,
  tokenOf,
} from '../support/application.js';
import { headerOf, type RecordedRequest, type StubEndpoint, type StubPlatform } from '../support/stub-platform.js';

type Options = MindsphereCredentialsModuleOptions;

const APP_VARIABLES = {
  MDSP_OS_VM_APP_NAME: 'envapp',
  MDSP_OS_VM_APP_VERSION: '2.0.0',
  MDSP_KEY_STORE_CLIENT_ID: 'env-app-id',
  MDSP_KEY_STORE_CLIENT_SECRET: 'env-app-s3cr3t',
  MDSP_HOST_TENANT: 'envhost',
  MDSP_USER_TENANT: 'envuser',
};
const TENANT_VARIABLES = {
  MINDSPHERE_CLIENT_ID: 'env-tenant-id',
  MINDSPHERE_CLIENT_SECRET: 'env-tenant-s3cr3t',
  MINDSPHERE_TENANT: 'envtenant',
};

let platform: StubPlatform;
beforeEach(async () => {
  setEnvironment({});
  platform = await startPlatform();
});

/** What the URLs of the stub and the options given make of one another. */
const at = (options: Options = {}): Options => ({ ...platform.urls, request: ONE_TRY, ...options });

const basicOf = (request: RecordedRequest, header: string) =>
  Buffer.from(headerOf(request, header).replace('Basic ', ''), 'base64').toString();
const appCaller = ({ only }: StubEndpoint) => basicOf(only, 'X-SPACE-AUTH-KEY');
const tenantCaller = ({ only }: StubEndpoint) => basicOf(only, 'Authorization');
const bodyOf = ({ only }: StubEndpoint): unknown => JSON.parse(only.body.toString());

/** The fault of an application that must not start. */
async function faultOf(options: unknown): Promise<string> {
  const error = await failureOf(() => startWith(forbidden(options)));
  expect(error.code).toBe('options_invalid');
  expect(platform.count).toBe(0);
  return error.message;
}

describe('forRoot with the environment', () => {
  it('takes app credentials from it', async () => {
    setEnvironment(APP_VARIABLES);
    const module = await startWith(at());
    await tokenOf(module.get(AppCredentials));
    expect(appCaller(platform.app)).toBe('env-app-id:env-app-s3cr3t');
    expect(bodyOf(platform.app)).toEqual({
      appName: 'envapp',
      appVersion: '2.0.0',
      hostTenant: 'envhost',
      userTenant: 'envuser',
    });
  });

  it('takes tenant credentials from it', async () => {
    setEnvironment(TENANT_VARIABLES);
    const module = await startWith(at());
    await tokenOf(module.get(TenantCredentials));
    expect(tenantCaller(platform.tenant)).toBe('env-tenant-id:env-tenant-s3cr3t');
    expect(platform.tenant.only.url).toBe('/piam/envtenant/oauth/token');
  });

  it('takes the subtenant from it', async () => {
    setEnvironment({ ...TENANT_VARIABLES, MINDSPHERE_SUB_TENANT: 'plant-7' });
    const module = await startWith(at());
    expect(await tokenOf(module.get(TenantCredentials))).toMatchObject({ subtenant: 'plant-7' });
    expect(platform.tenant.only.body.toString()).toContain('subtenant=plant-7');
  });

  it('takes the user tenant for the tenant where that is absent', async () => {
    const { MINDSPHERE_TENANT: _, ...rest } = TENANT_VARIABLES;
    setEnvironment({ ...rest, MDSP_USER_TENANT: 'envuser' });
    const module = await startWith(at());
    await tokenOf(module.get(TenantCredentials));
    expect(platform.tenant.only.url).toBe('/piam/envuser/oauth/token');
  });

  it('reads it for no options at all, when it is called', async () => {
    setEnvironment(APP_VARIABLES);
    const registration = MindsphereCredentialsModule.forRoot();
    expect((await start([registration])).get(AppCredentials)).toBeInstanceOf(AppCredentials);
  });

  it('completes a group in code only by app name, version and tenants', async () => {
    setEnvironment({ ...APP_VARIABLES, ...TENANT_VARIABLES });
    const module = await startWith(
      at({
        app: { keyStoreClientId: 'code-id', keyStoreClientSecret: 'code-s3cr3t' },
        tenant: { clientId: 'code-tenant-id', clientSecret: 'code-tenant-s3cr3t' },
      }),
    );
    await tokenOf(module.get(AppCredentials));
    await tokenOf(module.get(TenantCredentials));
    expect(appCaller(platform.app)).toBe('code-id:code-s3cr3t');
    expect(bodyOf(platform.app)).toEqual({
      appName: 'envapp',
      appVersion: '2.0.0',
      hostTenant: 'envhost',
      userTenant: 'envuser',
    });
    expect(tenantCaller(platform.tenant)).toBe('code-tenant-id:code-tenant-s3cr3t');
    expect(platform.tenant.only.url).toBe('/piam/envtenant/oauth/token');
  });

  it('lets what is given in code win', async () => {
    setEnvironment({ ...APP_VARIABLES, ...TENANT_VARIABLES });
    const module = await startWith(at({ app: APP, tenant: TENANT }));
    await tokenOf(module.get(AppCredentials));
    await tokenOf(module.get(TenantCredentials));
    expect(appCaller(platform.app)).toBe('host1-myapp-1.0.0:app-s3cr3t');
    expect(bodyOf(platform.app)).toEqual({
      appName: 'myapp',
      appVersion: '1.0.0',
      hostTenant: 'host1',
      userTenant: 'acme',
    });
    expect(platform.tenant.only.url).toBe('/piam/acme/oauth/token');
  });

  it.each<[string, unknown, string, string]>([
    [
      'app id',
      { app: { ...APP, keyStoreClientSecret: undefined } },
      'app.keyStoreClientSecret',
      'MDSP_KEY_STORE_CLIENT_SECRET',
    ],
    [
      'app secret',
      { app: { ...APP, keyStoreClientId: undefined } },
      'app.keyStoreClientId',
      'MDSP_KEY_STORE_CLIENT_ID',
    ],
    [
      'tenant id',
      { tenant: { ...TENANT, clientSecret: undefined } },
      'tenant.clientSecret',
      'MINDSPHERE_CLIENT_SECRET',
    ],
    ['tenant secret', { tenant: { ...TENANT, clientId: undefined } }, 'tenant.clientId', 'MINDSPHERE_CLIENT_ID'],
  ])('never pairs one from code with the other from it: %s in code', async (_, options, path, variable) => {
    setEnvironment({ ...APP_VARIABLES, ...TENANT_VARIABLES });
    const message = await faultOf({ ...at(), ...Object(options) });
    expect(message).toContain(path);
    expect(message).toContain(variable);
  });

  it.each<[string, Environment, string[]]>([
    [
      'app id',
      { MDSP_KEY_STORE_CLIENT_ID: 'x' },
      ['MDSP_KEY_STORE_CLIENT_SECRET', 'MDSP_OS_VM_APP_NAME', 'MDSP_OS_VM_APP_VERSION'],
    ],
    ['app secret', { MDSP_KEY_STORE_CLIENT_SECRET: 'x' }, ['MDSP_KEY_STORE_CLIENT_ID', 'MDSP_OS_VM_APP_NAME']],
    ['tenant id', { MINDSPHERE_CLIENT_ID: 'x' }, ['MINDSPHERE_CLIENT_SECRET', 'MINDSPHERE_TENANT']],
    ['tenant secret', { MINDSPHERE_CLIENT_SECRET: 'x' }, ['MINDSPHERE_CLIENT_ID', 'MINDSPHERE_TENANT']],
  ])('demands the rest of a group of which there is only the %s', async (_, environment, variables) => {
    setEnvironment(environment);
    const message = await faultOf(at());
    for (const variable of variables) expect(message).toContain(variable);
  });

  it('does not need the tenants of app credentials to start', async () => {
    const { MDSP_HOST_TENANT: _, MDSP_USER_TENANT: __, ...rest } = APP_VARIABLES;
    setEnvironment(rest);
    const module = await startWith(at());
    const error = await failureOf(module.get(AppCredentials).getToken());
    expect(error.code).toBe('credentials_missing');
    expect(error.message).toContain('MDSP_USER_TENANT');
    await tokenOf(module.get(AppCredentials).forUserTenant('globex', 'host9'));
    expect(bodyOf(platform.app)).toMatchObject({ hostTenant: 'host9', userTenant: 'globex' });
  });

  it('takes empty variables for absent ones', async () => {
    setEnvironment({ MDSP_KEY_STORE_CLIENT_ID: '', MDSP_KEY_STORE_CLIENT_SECRET: '', HOST_ENVIRONMENT: '' });
    const module = await startWith(at());
    expect((await failureOf(module.get(AppCredentials).getToken())).code).toBe('credentials_missing');
  });

  it('is not asked for a group that is false', async () => {
    setEnvironment({ MDSP_KEY_STORE_CLIENT_ID: 'incomplete', ...TENANT_VARIABLES });
    const module = await startWith(at({ app: false }));
    expect((await failureOf(module.get(AppCredentials).getToken())).code).toBe('credentials_missing');
    await tokenOf(module.get(TenantCredentials));
    expect(platform.count).toBe(1);
  });
});

describe('MindsphereCredentials, the default', () => {
  const ENVIRONMENT = { ...APP_VARIABLES, ...TENANT_VARIABLES };

  it.each<[string, Options, Environment, 'app' | 'tenant']>([
    ['app before tenant in the environment', {}, ENVIRONMENT, 'app'],
    ['app before tenant in code', { app: APP, tenant: TENANT }, {}, 'app'],
    ['the tenant in code before the app in the environment', { tenant: TENANT }, APP_VARIABLES, 'tenant'],
    ['the app in code before the tenant in the environment', { app: APP }, TENANT_VARIABLES, 'app'],
    ['the only one in code', { tenant: TENANT }, {}, 'tenant'],
    ['the only one in the environment', {}, TENANT_VARIABLES, 'tenant'],
    ['the one that is left where the app is false', { app: false }, ENVIRONMENT, 'tenant'],
    ['the one that is left where the tenant is false', { tenant: false }, ENVIRONMENT, 'app'],
  ])('is %s', async (_, options, environment, expected) => {
    setEnvironment(environment);
    const module = await startWith(at(options));
    await tokenOf(module.get(MindsphereCredentials));
    expect([platform.app.count, platform.tenant.count]).toEqual(expected === 'app' ? [1, 0] : [0, 1]);
  });

  it('shares its token with the credentials it stands for', async () => {
    const module = await startWith(at({ app: APP }));
    const token = await tokenOf(module.get(MindsphereCredentials));
    expect((await tokenOf(module.get(AppCredentials))).value).toBe(token.value);
    expect(platform.count).toBe(1);
  });
});

describe('credentials that are not configured', () => {
  it('let the application start and name the variables at first use', async () => {
    const module = await startWith(at());
    const app = await failureOf(module.get(AppCredentials).getToken());
    const tenant = await failureOf(module.get(TenantCredentials).getToken());
    const either = await failureOf(module.get(MindsphereCredentials).getToken());
    expect([app.code, tenant.code, either.code]).toEqual(Array(3).fill('credentials_missing'));
    for (const name of ['MDSP_KEY_STORE_CLIENT_ID', 'MDSP_KEY_STORE_CLIENT_SECRET'])
      expect(app.message).toContain(name);
    for (const name of ['MINDSPHERE_CLIENT_ID', 'MINDSPHERE_CLIENT_SECRET']) expect(tenant.message).toContain(name);
    for (const name of ['MDSP_KEY_STORE_CLIENT_ID', 'MINDSPHERE_CLIENT_ID']) expect(either.message).toContain(name);
    expect(platform.count).toBe(0);
  });

  it('fail in the same way through every use', async () => {
    const credentials = (await startWith(at())).get(AppCredentials);
    for (const use of [
      () => credentials.getAuthorization(),
      () => credentials.token$,
      () => credentials.forUserTenant('acme').getToken(),
    ])
      expect((await failureOf(use)).code).toBe('credentials_missing');
  });
});

describe('forRootAsync', () => {
  it('takes useFactory, with what it injects', async () => {
    const values = { ...APP_VARIABLES, ...TENANT_VARIABLES };
    const module = await start([
      MindsphereCredentialsModule.forRootAsync({
        imports: [ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => values] })],
        inject: [ConfigService],
        useFactory: (config: ConfigService) => ({ ...mindsphereOptionsFromConfig(config), ...at() }),
      }),
    ]);
    await tokenOf(module.get(AppCredentials));
    await tokenOf(module.get(TenantCredentials));
    expect(appCaller(platform.app)).toBe('env-app-id:env-app-s3cr3t');
    expect(bodyOf(platform.app)).toMatchObject({ hostTenant: 'envhost', userTenant: 'envuser' });
    expect(tenantCaller(platform.tenant)).toBe('env-tenant-id:env-tenant-s3cr3t');
  });

  it('takes what a factory promises', async () => {
    const options = Promise.resolve(at({ app: APP }));
    const module = await start([MindsphereCredentialsModule.forRootAsync({ useFactory: () => options })]);
    await tokenOf(module.get(AppCredentials));
    expect(platform.app.count).toBe(1);
  });

  it('takes a prefix for the variables', async () => {
    const values: Record<string, string> = {};
    for (const [name, value] of Object.entries(APP_VARIABLES)) values[`PLANT_${name}`] = value;
    const config = { get: (key: string) => values[key] };
    const useFactory = () => ({ ...mindsphereOptionsFromConfig(config, { prefix: 'PLANT_' }), ...at() });
    const module = await start([MindsphereCredentialsModule.forRootAsync({ useFactory })]);
    await tokenOf(module.get(AppCredentials));
    expect(appCaller(platform.app)).toBe('env-app-id:env-app-s3cr3t');
  });

  it('takes useClass and useExisting', async () => {
    @Injectable()
    class Options implements MindsphereCredentialsOptionsFactory {
      static made = 0;
      constructor() {
        Options.made += 1;
      }
      createMindsphereCredentialsOptions() {
        return at({ tenant: TENANT });
      }
    }
    @Module({ providers: [Options], exports: [Options] })
    class OptionsModule {}

    for (const registration of [
      MindsphereCredentialsModule.forRootAsync({ useClass: Options }),
      MindsphereCredentialsModule.forRootAsync({ imports: [OptionsModule], useExisting: Options }),
    ]) {
      const before = platform.tenant.count;
      await tokenOf((await start([registration])).get(TenantCredentials));
      expect(platform.tenant.count).toBe(before + 1);
    }
    expect(Options.made).toBe(2);
  });

  it('reads only what its factory returns', async () => {
    setEnvironment({ ...APP_VARIABLES, ...TENANT_VARIABLES });
    const module = await start([MindsphereCredentialsModule.forRootAsync({ useFactory: () => at() })]);
    expect((await failureOf(module.get(AppCredentials).getToken())).code).toBe('credentials_missing');
    expect((await failureOf(module.get(TenantCredentials).getToken())).code).toBe('credentials_missing');
  });

  it('does not complete a group from the environment', async () => {
    setEnvironment(TENANT_VARIABLES);
    const tenant = { clientId: 'code-id', clientSecret: 'code-s3cr3t' };
    const error = await failureOf(() =>
      start([MindsphereCredentialsModule.forRootAsync({ useFactory: () => at({ tenant }) })]),
    );
    expect(error.code).toBe('options_invalid');
    expect(error.message).toContain('tenant.tenant');
  });

  it('stops the start where its options are at fault', async () => {
    const options = at({ tenant: { ...TENANT, tenant: 'a.b' } });
    const registration = MindsphereCredentialsModule.forRootAsync({ useFactory: () => options });
    const error = await failureOf(() => start([registration]));
    expect(error.code).toBe('options_invalid');
    expect(error.message).toContain('tenant.tenant');
  });
});

describe('isGlobal', () => {
  @Injectable()
  class Consumer {
    constructor(@Inject(AppCredentials) readonly credentials: AppCredentials) {}
  }
  @Module({ providers: [Consumer] })
  class Feature {}

  it('lets a module inject credentials that it did not import', async () => {
    for (const registration of [
      MindsphereCredentialsModule.forRoot({ ...at({ app: APP }), isGlobal: true }),
      MindsphereCredentialsModule.forRootAsync({ isGlobal: true, useFactory: () => at({ app: APP }) }),
    ]) {
      const module = await start([registration, Feature]);
      expect(module.get(Consumer, { strict: false }).credentials).toBe(module.get(AppCredentials));
    }
  });

  it('is false unless given', async () => {
    await expect(start([MindsphereCredentialsModule.forRoot(at({ app: APP })), Feature])).rejects.toThrow(/Consumer/);
  });
});

describe('registrations side by side', () => {
  const other = { ...APP, keyStoreClientId: 'other-id', keyStoreClientSecret: 'other-s3cr3t' };

  it('are distinguished by name', async () => {
    @Injectable()
    class Consumer {
      constructor(
        readonly unnamed: AppCredentials,
        @InjectCredentials(AppCredentials, 'plant') readonly plant: AppCredentials,
        @InjectCredentials(MindsphereCredentials, 'office') readonly office: MindsphereCredentials,
      ) {}
    }
    const module = await start(
      [
        MindsphereCredentialsModule.forRoot(at({ app: APP })),
        MindsphereCredentialsModule.forRoot({ ...at({ app: other }), name: 'plant' }),
        MindsphereCredentialsModule.forRootAsync({ name: 'office', useFactory: () => at({ tenant: TENANT }) }),
      ],
      { providers: [Consumer] },
    );
    const { unnamed, plant, office } = module.get(Consumer);
    expect(module.get(getCredentialsToken(AppCredentials, 'plant'), { strict: false })).toBe(plant);
    for (const credentials of [unnamed, plant, office]) await tokenOf(credentials);
    expect(platform.app.requests.map((request) => basicOf(request, 'X-SPACE-AUTH-KEY'))).toEqual([
      'host1-myapp-1.0.0:app-s3cr3t',
      'other-id:other-s3cr3t',
    ]);
    expect(platform.tenant.count).toBe(1);
  });

  async function tokensOfBoth(first: Options, second: Options): Promise<string[]> {
    const module = await start([
      MindsphereCredentialsModule.forRoot({ ...at(first), name: 'first' }),
      MindsphereCredentialsModule.forRoot({ ...at(second), name: 'second' }),
    ]);
    const values: string[] = [];
    for (const name of ['first', 'second']) {
      const credentials = module.get<MindsphereCredentials>(getCredentialsToken(MindsphereCredentials, name), {
        strict: false,
      });
      values.push((await tokenOf(credentials)).value);
    }
    return values;
  }

  it.each<[string, Options, Options]>([
    ['secret', { app: APP }, { app: { ...APP, keyStoreClientSecret: 'other' } }],
    ['client id', { app: APP }, { app: { ...APP, keyStoreClientId: 'other' } }],
    ['scheme', { app: APP }, { app: { ...APP, authKeyScheme: 'Bearer' } }],
    ['app name', { app: APP }, { app: { ...APP, appName: 'other' } }],
    ['app version', { app: APP }, { app: { ...APP, appVersion: '9' } }],
    ['host tenant', { app: APP }, { app: { ...APP, hostTenant: 'other' } }],
    ['user tenant', { app: APP }, { app: { ...APP, userTenant: 'other' } }],
    ['subtenant', { tenant: TENANT }, { tenant: { ...TENANT, subTenant: 'plant-7' } }],
    [
      'secret function',
      { app: { ...APP, keyStoreClientSecret: () => 'a' } },
      { app: { ...APP, keyStoreClientSecret: () => 'b' } },
    ],
    ['kind', { app: APP }, { tenant: TENANT }],
  ])('share no token where they differ in the %s', async (_, first, second) => {
    const [a, b] = await tokensOfBoth(first, second);
    expect(a).not.toBe(b);
    expect(platform.count).toBe(2);
  });

  it('share no token where only the URL differs', async () => {
    const elsewhere = await startPlatform();
    const [a, b] = await tokensOfBoth({ app: APP }, { app: APP, ...elsewhere.urls });
    expect(a).not.toBe(b);
    expect([platform.count, elsewhere.count]).toEqual([1, 1]);
  });

  const ofApp = (...changes: Partial<AppCredentialsOptions>[]) => changes.map((change) => ({ ...APP, ...change }));
  const ofTenant = (...changes: Partial<TenantCredentialsOptions>[]) =>
    changes.map((change) => ({ ...TENANT, ...change }));

  it.each<[string, (AppCredentialsOptions | TenantCredentialsOptions)[]]>([
    ['client id', ofApp({}, { keyStoreClientId: 'other' })],
    ['secret', ofApp({}, { keyStoreClientSecret: 'other' })],
    ['secret function', ofApp({ keyStoreClientSecret: () => 'a' }, { keyStoreClientSecret: () => 'b' })],
    ['scheme', ofApp({}, { authKeyScheme: 'Bearer' })],
    ['app name', ofApp({}, { appName: 'other' })],
    ['app version', ofApp({}, { appVersion: '9' })],
    ['border of app name and version', ofApp({ appName: 'a-b', appVersion: 'c' }, { appName: 'a', appVersion: 'b-c' })],
    ['host tenant', ofApp({}, { hostTenant: 'other' })],
    ['user tenant', ofApp({}, { userTenant: 'other' })],
    ['order of the tenants', ofApp({ hostTenant: 'a', userTenant: 'b' }, { hostTenant: 'b', userTenant: 'a' })],
    ['tenant client id', ofTenant({}, { clientId: 'other' })],
    ['tenant secret', ofTenant({}, { clientSecret: 'other' })],
    ['tenant secret function', ofTenant({ clientSecret: () => 'a' }, { clientSecret: () => 'b' })],
    ['tenant', ofTenant({}, { tenant: 'other' })],
    ['subtenant or none', ofTenant({}, { subTenant: 'plant-7' })],
    ['subtenant', ofTenant({ subTenant: 'plant-8' }, { subTenant: 'plant-7' })],
  ])('nor do credentials of one factory that differ in the %s', async (_, options) => {
    const factory = (await startWith(at())).get(MindsphereCredentialsFactory);
    const values: string[] = [];
    for (const one of options) {
      const credentials = 'clientId' in one ? factory.tenant(one) : factory.app(one);
      values.push((await tokenOf(credentials)).value);
    }
    expect(values[0]).not.toBe(values[1]);
    expect(platform.count).toBe(2);
  });

  it('but derived credentials for the same tenant do', async () => {
    const app = (await startWith(at({ app: APP }))).get(AppCredentials);
    const first = await tokenOf(app.forUserTenant('globex'));
    expect((await tokenOf(app.forUserTenant('globex'))).value).toBe(first.value);
    expect((await tokenOf(app.forUserTenant('initech').forUserTenant('globex'))).value).toBe(first.value);
    expect(platform.count).toBe(1);
  });
});

describe('a secret function', () => {
  it.each(['at once', 'later'])('that answers %s is called once per token request', async (when) => {
    let calls = 0;
    const now = () => `secret-${(calls += 1)}`;
    const later = () => new Promise<string>((resolve) => setTimeout(() => resolve(now()), 5));
    const keyStoreClientSecret = when === 'later' ? later : now;
    const credentials = (await startWith(at({ app: { ...APP, keyStoreClientSecret } }))).get(AppCredentials);
    expect(calls).toBe(0);

    await Promise.all(Array.from({ length: 50 }, () => tokenOf(credentials)));
    await tokenOf(credentials);
    expect(calls).toBe(1);
    credentials.invalidate();
    await tokenOf(credentials);
    expect(calls).toBe(2);
    expect(platform.app.requests.map((request) => basicOf(request, 'X-SPACE-AUTH-KEY'))).toEqual([
      'host1-myapp-1.0.0:secret-1',
      'host1-myapp-1.0.0:secret-2',
    ]);
  });

  it('may promise in another realm, as node:fs does within Jest', async () => {
    const foreign: PromiseConstructor = runInNewContext('Promise');
    const keyStoreClientSecret = () => foreign.resolve('secret');
    expect(keyStoreClientSecret()).not.toBeInstanceOf(Promise);
    const credentials = (await startWith(at({ app: { ...APP, keyStoreClientSecret } }))).get(AppCredentials);
    await tokenOf(credentials);
    expect(appCaller(platform.app)).toBe('host1-myapp-1.0.0:secret');
  });

  it('serves tenant and subtenant', async () => {
    let calls = 0;
    const clientSecret = async () => `secret-${(calls += 1)}`;
    const credentials = (await startWith(at({ tenant: { ...TENANT, clientSecret } }))).get(TenantCredentials);
    await tokenOf(credentials);
    await tokenOf(credentials.forSubtenant('plant-7'));
    expect(platform.tenant.requests.map((request) => basicOf(request, 'Authorization'))).toEqual([
      'acme-techuser:secret-1',
      'acme-techuser:secret-2',
    ]);
  });
});

describe('faults', () => {
  it('are all told in one error, by option path and variable, without a secret', async () => {
    const message = await faultOf({
      region: 'eu1.evil',
      baseDomain: 'evil.com/x',
      app: { ...APP, appName: 'a/b', appVersion: 'a b', hostTenant: 'a.b', userTenant: 'a/b', keyStoreClientId: 'a:b' },
      tenant: { ...TENANT, clientSecret: 'S3CRET\n', tenant: 'A@b', subTenant: '-' },
      refresh: { aheadMs: -1, minValidityMs: Number.NaN },
      request: {
        timeoutMs: 0,
        deadlineMs: '1',
        retries: 1.5,
        retryDelayMs: -1,
        maxRetryAfterMs: Number.POSITIVE_INFINITY,
      },
      cache: { maxTokens: 0 },
    });
    const expected: Record<string, string> = {
      region: 'HOST_ENVIRONMENT',
      baseDomain: 'HOST_BASEDOMAIN',
      'app.appName': 'MDSP_OS_VM_APP_NAME',
      'app.appVersion': 'MDSP_OS_VM_APP_VERSION',
      'app.hostTenant': 'MDSP_HOST_TENANT',
      'app.userTenant': 'MDSP_USER_TENANT',
      'app.keyStoreClientId': 'MDSP_KEY_STORE_CLIENT_ID',
      'tenant.clientSecret': 'MINDSPHERE_CLIENT_SECRET',
      'tenant.tenant': 'MINDSPHERE_TENANT',
      'tenant.subTenant': 'MINDSPHERE_SUB_TENANT',
      'refresh.aheadMs': '',
      'refresh.minValidityMs': '',
      'request.timeoutMs': '',
      'request.deadlineMs': '',
      'request.retries': '',
      'request.retryDelayMs': '',
      'request.maxRetryAfterMs': '',
      'cache.maxTokens': '',
    };
    for (const [path, variable] of Object.entries(expected)) {
      expect(message).toContain(path);
      expect(message).toContain(variable);
    }
    expect(message).not.toContain('S3CRET');
    expect(message).not.toContain(APP.keyStoreClientSecret);
  });

  it('of the environment are reported in the same way', async () => {
    setEnvironment({
      ...APP_VARIABLES,
      MDSP_HOST_TENANT: 'a.b',
      MDSP_OS_VM_APP_NAME: 'a/b',
      HOST_ENVIRONMENT: 'eu1/x',
    });
    const message = await faultOf({});
    for (const name of ['MDSP_HOST_TENANT', 'MDSP_OS_VM_APP_NAME', 'HOST_ENVIRONMENT']) expect(message).toContain(name);
    expect(message).not.toContain('env-app-s3cr3t');
  });

  it.each<[string, unknown]>([
    ['app.keyStoreClientId', { app: { ...APP, keyStoreClientId: 42 } }],
    ['app.keyStoreClientId', { app: { ...APP, keyStoreClientId: 'a\r\nb' } }],
    ['app.keyStoreClientSecret', { app: { ...APP, keyStoreClientSecret: '' } }],
    ['app.keyStoreClientSecret', { app: { ...APP, keyStoreClientSecret: 42 } }],
    ['app.authKeyScheme', { app: { ...APP, authKeyScheme: 'Digest' } }],
    ['app.authKeyScheme', { app: { ...APP, authKeyScheme: 'Basic\r\nX-Evil: 1' } }],
    ['app.allowSubtenantUsers', { app: { ...APP, allowSubtenantUsers: 'false' } }],
    ['app', { app: 'yes' }],
    ['app', { app: true }],
    ['tenant', { tenant: [] }],
    ['allowInsecureHttp', { allowInsecureHttp: 'true' }],
    ['userToken.extract', { userToken: { extract: 'x' } }],
    ['request', { request: 5 }],
    ['region', { region: 42 }],
    ['verification.issuerUrl', { verification: { issuerUrl: 'https://issuer.example/oauth/token' } }],
    ['verification.keySetTenant', { verification: { keySetTenant: 'a.b' } }],
  ])('in %s stop the start', async (path, options) => {
    expect(await faultOf({ ...at(), ...Object(options) })).toContain(path);
  });
});

const NO_LABELS = [
  'a.b',
  'a/b',
  'a\\b',
  'a b',
  ' a',
  'a\n',
  'a\r\nHost: evil',
  'a?b',
  'a#b',
  'a@b',
  'a:80',
  'a%2fb',
  '..',
  '{tenant}',
  'ä',
  'a&subtenant=b',
  'a"b',
  '-a',
  'a-',
  'a'.repeat(64),
  '\0',
];

describe.each(NO_LABELS)('the tenant %j', (label) => {
  it('is refused at start', async () => {
    expect(await faultOf(at({ app: { ...APP, hostTenant: label } }))).toContain('app.hostTenant');
    expect(await faultOf(at({ app: { ...APP, userTenant: label } }))).toContain('app.userTenant');
    expect(await faultOf(at({ tenant: { ...TENANT, tenant: label } }))).toContain('tenant.tenant');
    expect(await faultOf(at({ tenant: { ...TENANT, subTenant: label } }))).toContain('tenant.subTenant');
  });

  it('is refused by forUserTenant and forSubtenant', async () => {
    const module = await startWith(at({ app: APP, tenant: TENANT }));
    const app = module.get(AppCredentials);
    for (const make of [
      () => app.forUserTenant(label),
      () => app.forUserTenant('acme', label),
      () => module.get(TenantCredentials).forSubtenant(label),
    ])
      expect((await failureOf(() => make().getToken())).code).toBe('options_invalid');
    expect(platform.count).toBe(0);
  });

  it('is refused by the factory', async () => {
    const factory = (await startWith(at())).get(MindsphereCredentialsFactory);
    for (const make of [
      () => factory.app({ ...APP, userTenant: label }),
      () => factory.tenant({ ...TENANT, tenant: label }),
      () => factory.tenant({ ...TENANT, subTenant: label }),
    ])
      expect((await failureOf(() => make().getToken())).code).toBe('options_invalid');
    expect(platform.count).toBe(0);
  });
});

it.each(['', undefined, null, 42, ['acme']])('forUserTenant and forSubtenant refuse %j', async (label) => {
  const module = await startWith(at({ app: APP, tenant: TENANT }));
  for (const make of [
    () => module.get(AppCredentials).forUserTenant(forbidden<string>(label)),
    () => module.get(TenantCredentials).forSubtenant(forbidden<string>(label)),
  ])
    expect((await failureOf(() => make().getToken())).code).toBe('options_invalid');
  expect(platform.count).toBe(0);
});

it.each(['a/b', 'a b', 'a"b', 'a\n', 'a?b', 'a&b', '{}', 'ä', ''])(
  'the app name and version %j are refused',
  async (text) => {
    expect(await faultOf(at({ app: { ...APP, appName: text } }))).toContain('app.appName');
    expect(await faultOf(at({ app: { ...APP, appVersion: text } }))).toContain('app.appVersion');
  },
);

const vcap = (api: string): Environment => ({ VCAP_APPLICATION: JSON.stringify({ cf_api: api, name: 'x' }) });

describe('URLs', () => {
  const OAUTH = 'https://{tenant}.piam.example.com';
  const GATEWAY = 'https://gateway.example.com';

  it.each([
    'http://gateway.example.com',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'http://127.0.0.1@evil.example',
    'https://user@gateway.example.com',
    'https://user:pw@gateway.example.com',
    'https://gateway.example.com/?a=b',
    'https://gateway.example.com?',
    'https://gateway.example.com/#a',
    'https://gateway.example.com#',
    'ftp://gateway.example.com',
    'ws://gateway.example.com',
    'javascript:alert(1)',
    'gateway.example.com',
    '//gateway.example.com',
    'https://',
    'https://gateway.example.com\r\n',
    'https://gateway example.com',
  ])('as gatewayUrl, %j is refused', async (gatewayUrl) => {
    expect(await faultOf({ gatewayUrl, oauthUrl: OAUTH })).toContain('gatewayUrl');
  });

  it.each([
    'https://piam.example.com',
    'https://{tenant}.{tenant}.example.com',
    'https://{tenant}.example.com/{tenant}',
    'https://x{tenant}.example.com',
    'https://{tenant}x.example.com',
    'https://example.com/x{tenant}',
    'https://example.com/{tenant}x',
    'https://example.com/?t={tenant}',
    'https://example.com/#{tenant}',
    'https://{tenant}@example.com',
    'https://example.com:{tenant}',
    'https://user:pw@{tenant}.example.com',
    'https://{tenant}.example.com/?a=b',
    'https://{tenant}.example.com#a',
    'https://{TENANT}.example.com',
    'https://{tenant.example.com',
    '{tenant}.example.com',
    '{tenant}',
    'http://{tenant}.example.com',
    'http://example.com/{tenant}',
    'ftp://{tenant}.example.com',
  ])('as oauthUrl, %j is refused', async (oauthUrl) => {
    expect(await faultOf({ gatewayUrl: GATEWAY, oauthUrl })).toContain('oauthUrl');
  });

  it.each<[string, Options]>([
    ['https', { gatewayUrl: GATEWAY, oauthUrl: OAUTH }],
    ['a tenant in the path', { gatewayUrl: GATEWAY, oauthUrl: 'https://example.com/piam/{tenant}' }],
    ['a tenant in the middle of the path', { gatewayUrl: GATEWAY, oauthUrl: 'https://example.com/{tenant}/piam' }],
    ['http to 127.0.0.1', { gatewayUrl: 'http://127.0.0.1:8080', oauthUrl: 'http://127.0.0.1:8080/{tenant}' }],
    ['http to localhost', { gatewayUrl: 'http://localhost:8080', oauthUrl: 'http://localhost:8080/{tenant}' }],
    ['http to ::1', { gatewayUrl: 'http://[::1]:8080', oauthUrl: 'http://[::1]:8080/{tenant}' }],
    [
      'http where it is allowed',
      { gatewayUrl: 'http://a.example', oauthUrl: 'http://{tenant}.example', allowInsecureHttp: true },
    ],
  ])('%s is taken', async (_, options) => {
    await expect(startWith({ ...options, app: APP, tenant: TENANT })).resolves.toBeDefined();
  });

  describe('made from region and base domain', () => {
    /** The hosts that an application asks for by name; nothing is ever connected. */
    async function hostsAsked(options: Options, environment: Environment = {}): Promise<string[]> {
      setEnvironment(environment);
      const hosts: string[] = [];
      const httpsAgent = new Agent({
        lookup: (host, _, callback) => {
          hosts.push(host);
          callback(Object.assign(new Error('no network in tests'), { code: 'ENOTFOUND' }), '', 0);
        },
      });
      const request = { ...ONE_TRY, axios: { httpsAgent, proxy: false as const } };
      const module = await startWith({ ...options, app: APP, tenant: TENANT, request });
      for (const type of [AppCredentials, TenantCredentials])
        expect((await failureOf(module.get<MindsphereCredentials>(type).getToken())).code).toBe('token_request_failed');
      return hosts;
    }

    it.each<[string, Options, Environment, string]>([
      ['default', {}, {}, 'eu1.mindsphere.io'],
      ['region', { region: 'eu2' }, {}, 'eu2.mindsphere.io'],
      ['region of China', { region: 'cn1' }, {}, 'cn1.mindsphere-in.cn'],
      ['environment suffix', { region: 'eu1-int' }, {}, 'eu1-int.mindsphere.io'],
      ['base domain', { baseDomain: 'example.com' }, {}, 'eu1.example.com'],
      ['both', { region: 'cn1', baseDomain: 'example.com' }, {}, 'cn1.example.com'],
      ['environment', {}, { HOST_ENVIRONMENT: 'eu2', HOST_BASEDOMAIN: 'example.com' }, 'eu2.example.com'],
      ['code before environment', { region: 'eu1' }, { HOST_ENVIRONMENT: 'eu2' }, 'eu1.mindsphere.io'],
      ['VCAP_APPLICATION', {}, vcap('https://api.cf.eu2.mindsphere.io'), 'eu2.mindsphere.io'],
      ['VCAP_APPLICATION of China', {}, vcap('https://api.cf.cn1.mindsphere-in.cn'), 'cn1.mindsphere-in.cn'],
      [
        'HOST_ENVIRONMENT before VCAP_APPLICATION',
        {},
        { HOST_ENVIRONMENT: 'eu1', ...vcap('https://api.cf.eu2.mindsphere.io') },
        'eu1.mindsphere.io',
      ],
      ['VCAP_APPLICATION that is no JSON', {}, { VCAP_APPLICATION: '{' }, 'eu1.mindsphere.io'],
      ['VCAP_APPLICATION of another cloud', {}, vcap('https://api.example.com'), 'eu1.mindsphere.io'],
    ])('are right: %s', async (_, options, environment, domain) => {
      expect(await hostsAsked(options, environment)).toEqual([`gateway.${domain}`, `acme.piam.${domain}`]);
    });

    it('lets gatewayUrl win, and derives the OAuth server from it', async () => {
      const options = { gatewayUrl: 'https://gateway.private.example', region: 'eu2', baseDomain: 'example.com' };
      expect(await hostsAsked(options)).toEqual(['gateway.private.example', 'acme.piam.private.example']);
    });

    it('lets oauthUrl win', async () => {
      const hosts = await hostsAsked({ oauthUrl: 'https://{tenant}.login.example' });
      expect(hosts).toEqual(['gateway.eu1.mindsphere.io', 'acme.login.example']);
    });
  });
});

it('a bare import of the module says what to do', async () => {
  await expect(start([MindsphereCredentialsModule])).rejects.toThrow(/forRoot/);
});

it('getAuthorization is the token behind the word Bearer', async () => {
  const credentials = (await startWith(at({ app: APP }))).get(AppCredentials);
  const { value } = await tokenOf(credentials);
  expect(await firstValueFrom(credentials.getAuthorization())).toBe(`Bearer ${value}`);
  expect(platform.count).toBe(1);
});

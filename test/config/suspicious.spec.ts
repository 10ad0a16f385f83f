import type { LoggerService } from '@nestjs/common';
import {
  AppCredentials,
  MindsphereCredentialsFactory,
  MindsphereCredentialsModule,
  MindsphereHttpService,
  mindsphereOptionsFromConfig,
} from 'nestjs-mindsphere-credentials';
import { describe, expect, it } from 'vitest';
import { completeFromEnvironment } from '../../lib/config/environment.js';
import { resolveOptions } from '../../lib/config/resolve-options.js';
import { APP, failureOf, forbidden, start, startPlatform, startWith, TENANT, tokenOf } from '../support/application.js';

/* Settings that cannot be meant: what the log at start, or the error, says of them. */

const warningsOf = (options: unknown) => resolveOptions(forbidden(options)).warnings;
const faultsOf = async (options: unknown) => (await failureOf(() => resolveOptions(forbidden(options)))).message;
const withSecret = (keyStoreClientSecret: string) => ({ app: { ...APP, keyStoreClientSecret } });

describe('a secret or id that nobody means to set', () => {
  it.each([
    ['blanks before it', ' s3cr3t', 'has blanks around it'],
    ['blanks behind it', 's3cr3t  ', 'has blanks around it'],
    ['a no-break space', 's3cr3t\u00a0', 'has blanks around it'],
    ['a byte order mark', '\ufeffs3cr3t', 'byte order mark'],
    ['a zero-width space', 's3cr\u200b3t', 'zero-width character'],
    ['a word joiner', 's3cr\u20603t', 'zero-width character'],
    ['double quotes', '"s3cr3t"', 'has quotes around it'],
    ['single quotes', "'s3cr3t'", 'has quotes around it'],
    ['curly quotes', '\u201cs3cr3t\u201d', 'has quotes around it'],
  ])('is warned of by option and variable, never by value: %s', (_, secret, what) => {
    const [warning, ...more] = warningsOf(withSecret(secret));
    expect(warning).toContain('app.keyStoreClientSecret (MDSP_KEY_STORE_CLIENT_SECRET)');
    expect(warning).toContain(what);
    expect(warning).not.toMatch(/s3cr/);
    expect(more).toEqual([]);
  });

  it.each(['s3cr3t', "it's", '"', 'a b', 'x"y"', 'pass"'])('is not warned of: %s', (secret) => {
    expect(warningsOf(withSecret(secret))).toEqual([]);
  });

  it('is warned of for every id, secret and list of client ids', () => {
    const warnings = warningsOf({
      app: { ...APP, keyStoreClientId: ' id ' },
      tenant: { ...TENANT, clientId: "'id'", clientSecret: 's ' },
      xcelerator: { tenant: { clientId: ' id', clientSecret: '"s"', tenant: '1' }, clientIds: ['a', ' b'] },
      verification: { clientIds: ['"a"'] },
    });
    expect(new Set(warnings.map((warning) => warning.split(' ')[0]))).toEqual(
      new Set([
        'app.keyStoreClientId',
        'tenant.clientId',
        'tenant.clientSecret',
        'verification.clientIds',
        'xcelerator.clientIds',
        'xcelerator.tenant.clientId',
        'xcelerator.tenant.clientSecret',
      ]),
    );
  });

  it('names the variable with its prefix', () => {
    const values: Record<string, string> = {
      PLANT_MDSP_KEY_STORE_CLIENT_ID: 'id',
      PLANT_MDSP_KEY_STORE_CLIENT_SECRET: ' s',
      PLANT_MDSP_OS_VM_APP_NAME: 'myapp',
      PLANT_MDSP_OS_VM_APP_VERSION: '1.0.0',
      PLANT_HOST_ENVIRONMENT: 'eu1',
    };
    const found = mindsphereOptionsFromConfig({ get: (name) => values[name] }, { prefix: 'PLANT_' });
    expect(warningsOf({ ...found })).toEqual([expect.stringContaining('(PLANT_MDSP_KEY_STORE_CLIENT_SECRET)')]);
  });

  it('names a host variable with its prefix, also of options that were spread', async () => {
    const values: Record<string, string> = { PLANT_HOST_ENVIRONMENT: 'a.b', PLANT_MINDSPHERE_TENANT: 'acme' };
    const found = mindsphereOptionsFromConfig({ get: (name) => values[name] }, { prefix: 'PLANT_' });
    expect(await faultsOf(found)).toContain('region (PLANT_HOST_ENVIRONMENT)');
    expect(await faultsOf({ ...found })).toContain('region (PLANT_HOST_ENVIRONMENT)');
  });

  it('is logged at start', async () => {
    const lines: string[] = [];
    const note = (line: unknown) => void lines.push(String(line));
    const logger: LoggerService = { log: note, error: note, warn: note };
    await startWith({ tenant: false, ...withSecret(' s3cr3t') }, { logger });
    expect(lines.filter((line) => line.includes('has blanks around it'))).toHaveLength(1);
    expect(lines.join('\n')).not.toContain('s3cr3t');
  });

  it.each([
    ['app.hostTenant', { app: { ...APP, hostTenant: ' host1' } }, 'it has blanks around it'],
    ['app.keyStoreClientId', { app: { ...APP, keyStoreClientId: '\ufeffid' } }, 'byte order mark'],
    ['region', { region: '"eu1"' }, 'it has quotes around it'],
  ])('is a fault that says why where it does not fit: %s', async (path, options, why) => {
    const message = await faultsOf(options);
    expect(message).toContain(path);
    expect(message).toContain(why);
  });
});

describe('a URL that nobody means to set', () => {
  it.each(['https://gateway.eu1.mindsphere.io/api', 'https://gateway.eu1.mindsphere.io/api/'])(
    'is warned of: a gateway %s, behind which the paths of calls say /api again',
    (gatewayUrl) => {
      expect(warningsOf({ gatewayUrl })).toEqual([
        'gatewayUrl (MINDSPHERE_GATEWAY_URL) ends in /api: is that intended?',
      ]);
    },
  );

  it.each([
    'https://gateway.eu1.mindsphere.io',
    'https://proxy.example/plant',
    'https://api',
    'https://proxy.example/myapi',
  ])('is not warned of: a gateway %s', (gatewayUrl) => {
    expect(warningsOf({ gatewayUrl, oauthUrl: 'https://{tenant}.id.example' })).toEqual([]);
  });

  it('is not also missing: an oauthUrl that does not fit', async () => {
    const oauthUrl = 'https://acme.piam.eu1.mindsphere.io';
    const message = await faultsOf({ gatewayUrl: 'https://proxy.example', oauthUrl, tenant: TENANT });
    expect(message).toContain('oauthUrl (MINDSPHERE_OAUTH_URL) must be');
    expect(message).not.toContain('oauthUrl is missing');
  });
});

describe('HTTP Basic credentials', () => {
  it.each(['a+b', '100%', '%41'])('with %s are warned of, with the option that helps', (clientSecret) => {
    expect(warningsOf({ tenant: { ...TENANT, clientSecret } })).toEqual([
      "tenant.clientSecret (MINDSPHERE_CLIENT_SECRET) holds '+' or '%', which the OAuth server may decode: set " +
        "tenant.clientAuthentication to 'form'",
    ]);
    expect(warningsOf({ tenant: { ...TENANT, clientId: clientSecret } })).toHaveLength(1);
    expect(warningsOf({ tenant: { ...TENANT, clientSecret, clientAuthentication: 'form' } })).toEqual([]);
    expect(warningsOf({ xcelerator: { tenant: { ...TENANT, clientSecret } } })).toEqual([
      expect.stringContaining('xcelerator.tenant.clientAuthentication (XCELERATOR_CLIENT_AUTHENTICATION)'),
    ]);
  });

  it.each(['a-b_c.d', 'a/b=c', 'a b'])('with %s are not', (clientSecret) => {
    expect(warningsOf({ tenant: { ...TENANT, clientSecret } })).toEqual([]);
  });
});

describe('a value that YAML or JSON made a number', () => {
  it.each([
    ['app.appVersion (MDSP_OS_VM_APP_VERSION)', { app: { ...APP, appVersion: 1.1 } }],
    ['tenant.tenant (MINDSPHERE_TENANT)', { tenant: { ...TENANT, tenant: 1_000_000_351 } }],
    ['xcelerator.coreTenant (XCELERATOR_CORE_TENANT)', { xcelerator: { coreTenant: 1_000_001_700 } }],
  ])('is a fault that says so: %s', async (place, options) => {
    const message = await faultsOf(options);
    expect(message).toContain(place);
    expect(message).toContain('it is a number: in YAML and JSON, write it in quotes');
  });
});

describe('a call that cannot be meant', () => {
  const messageOf = async (call: () => unknown) => {
    const { code, message } = await failureOf(call);
    expect(code).toBe('options_invalid');
    return message;
  };

  it.each([undefined, null, 'x', {}])('mindsphereOptionsFromConfig(%o) says what to inject', async (config) => {
    expect(await messageOf(() => mindsphereOptionsFromConfig(forbidden(config)))).toContain('inject: [ConfigService]');
  });

  it.each([[null], [[]], ['x'], [() => ({})], [Promise.resolve({})]])(
    'forRoot(%o) says what belongs to forRootAsync',
    async (options) => {
      const message = await messageOf(() => MindsphereCredentialsModule.forRoot(forbidden(options)));
      expect(message).toContain('awaited or injected belong to forRootAsync');
    },
  );

  it('the error for a section that is a promise says so', async () => {
    expect(await faultsOf({ app: Promise.resolve(APP) })).toContain('app must be an object; it is a promise: await it');
  });

  it.each(['useClass', 'useExisting'])('a class of %s without the method is named, with the method', async (name) => {
    class PlantOptions {}
    const message = await messageOf(() =>
      MindsphereCredentialsModule.forRootAsync(forbidden({ [name]: PlantOptions })),
    );
    expect(message).toBe(
      `${name}: PlantOptions needs a method createMindsphereCredentialsOptions(), which returns the options or a promise of them.`,
    );
  });

  it.each([
    [undefined, 'undefined'],
    [{ tenant: 'acme' }, 'an object'],
    [7, 'a number'],
  ])('forUserTenant(%o) says what it was given', async (tenant, what) => {
    const credentials = (await startWith({ app: APP })).get(AppCredentials);
    expect(await messageOf(() => credentials.forUserTenant(forbidden(tenant)))).toContain(`and was given ${what}.`);
  });

  it.each([undefined, {}, { app: APP }, { imports: [] }])('forRootAsync(%o) says what it needs', async (options) => {
    const message = await messageOf(() => MindsphereCredentialsModule.forRootAsync(forbidden(options)));
    expect(message).toContain('needs useFactory, useClass or useExisting');
  });

  it.each([undefined, null, 'x'])('the error for a factory that returns %o says what to return', async (nothing) => {
    const useFactory = () => forbidden<object>(nothing);
    const message = await messageOf(() => start([MindsphereCredentialsModule.forRootAsync({ useFactory })]));
    expect(message).toContain('write what useFactory returns');
  });

  it.each(['isGlobal', 'name'])(
    'the error for %s inside what a factory returns says where it belongs',
    async (extra) => {
      const useFactory = () => forbidden<object>({ [extra]: 'plant' });
      const message = await messageOf(() => start([MindsphereCredentialsModule.forRootAsync({ useFactory })]));
      expect(message).toContain(`${extra} is no option here: write it beside useFactory`);
    },
  );

  it.each([undefined, null, {}, 'token'])('as(%o) says what to pass', async (credentials) => {
    const http = (await startWith({})).get(MindsphereHttpService);
    expect(await messageOf(() => http.as(forbidden(credentials)))).toContain('pass an injected AppCredentials');
  });
});

describe('hosts in variables', () => {
  const URLS = { MINDSPHERE_GATEWAY_URL: 'https://gw.example', MINDSPHERE_OAUTH_URL: 'https://{tenant}.id.example' };
  const hostsOf = (given: object, more: object = {}) => {
    const [{ gatewayUrl, oauthUrl }] = resolveOptions(completeFromEnvironment(given, { ...URLS, ...more })).platforms;
    return [gatewayUrl, String(oauthUrl)];
  };
  const OF_URLS = ['https://gw.example', 'https://{tenant}.id.example'];

  it.each([
    [{}, {}, OF_URLS],
    [{}, { HOST_ENVIRONMENT: 'eu2' }, OF_URLS],
    [{ region: 'eu2' }, { HOST_ENVIRONMENT: 'eu2' }, OF_URLS],
    [{ gatewayUrl: 'https://other.example' }, {}, ['https://other.example', OF_URLS[1]]],
    [{ oauthUrl: 'https://{tenant}.other.example' }, {}, [OF_URLS[0], 'https://{tenant}.other.example']],
    [{ region: 'eu2' }, {}, ['https://gateway.eu2.mindsphere.io', 'https://{tenant}.piam.eu2.mindsphere.io']],
    [{ baseDomain: 'x.io' }, {}, ['https://gateway.eu1.x.io', 'https://{tenant}.piam.eu1.x.io']],
  ])('beside %o in code and %o', (given, more, hosts) => {
    expect(hostsOf(given, more)).toEqual(hosts);
  });
});

describe('a secret function at run time', () => {
  it('meets the cache by the key beside it', async () => {
    const platform = await startPlatform();
    const factory = (await startWith({ ...platform.urls, app: APP })).get(MindsphereCredentialsFactory);
    const asked: string[] = [];
    const make = (key?: string) => {
      const keyStoreClientSecret = () => (asked.push(key ?? 'none'), 's3cr3t');
      return factory.app({ ...APP, keyStoreClientSecret, key });
    };
    await tokenOf(make('plant'));
    await tokenOf(make('plant'));
    expect([platform.app.count, asked]).toEqual([1, ['plant']]);
    await tokenOf(make('office'));
    await tokenOf(make());
    await tokenOf(make());
    expect([platform.app.count, asked]).toEqual([4, ['plant', 'office', 'none', 'none']]);
  });

  it('is not confused with a key that spells another function or secret', async () => {
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, app: APP });
    const factory = module.get(MindsphereCredentialsFactory);
    await tokenOf(module.get(AppCredentials));
    await tokenOf(factory.app({ ...APP, key: 'x' }));
    expect(platform.app.count).toBe(1);
    for (const key of [APP.keyStoreClientSecret, '1', 'function:1']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await tokenOf(factory.app({ ...APP, keyStoreClientSecret: () => APP.keyStoreClientSecret, key }));
    }
    expect(platform.app.count).toBe(4);
  });

  it.each(['', 7])('refuses the key %o', async (key) => {
    const factory = (await startWith({})).get(MindsphereCredentialsFactory);
    expect((await failureOf(() => factory.tenant({ ...TENANT, key: forbidden(key) }))).message).toContain(
      'key must be',
    );
  });
});

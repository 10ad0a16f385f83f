import {
  MindsphereCredentials,
  MindsphereCredentialsModule,
  mindsphereOptionsFromConfig,
} from 'nestjs-mindsphere-credentials';
import type { MindsphereCredentialsModuleOptions } from 'nestjs-mindsphere-credentials';
import { describe, expect, it } from 'vitest';
import {
  APP,
  APP_VARIABLES,
  setEnvironment,
  start,
  startPlatform,
  startWith,
  TENANT,
  TENANT_VARIABLES,
  tokenOf,
} from '../support/application.js';

/* Credentials given in code come before those from the environment: which ones are, the options say by themselves. */

type Options = MindsphereCredentialsModuleOptions;

const VARIABLES: Record<string, string> = { ...APP_VARIABLES, ...TENANT_VARIABLES };
const read = (prefix = '') =>
  mindsphereOptionsFromConfig({ get: (name) => VARIABLES[name.slice(prefix.length)] }, { prefix });

describe('options read from a ConfigService', () => {
  it.each<[string, (options: Options) => Options, 'app' | 'tenant']>([
    ['as they are', (options) => options, 'app'],
    ['spread', (options) => ({ ...options }), 'app'],
    [
      'with a tenant that is spread',
      ({ tenant, ...rest }) => ({ ...rest, tenant: { ...(tenant as object) } }) as Options,
      'app',
    ],
    [
      'with a tenant that is spread and changed',
      ({ tenant, ...rest }) => ({ ...rest, tenant: { ...(tenant as object), subTenant: 'plant-7' } }) as Options,
      'app',
    ],
    ['with an app that is spread', ({ app, ...rest }) => ({ ...rest, app: { ...(app as object) } }) as Options, 'app'],
    ['with a tenant in code', (options) => ({ ...options, tenant: TENANT }), 'tenant'],
    ['with an app in code', (options) => ({ ...options, app: APP }), 'app'],
    ['with both in code', (options) => ({ ...options, app: APP, tenant: TENANT }), 'app'],
  ])('%s, given to forRoot and forRootAsync', async (_, change, expected) => {
    setEnvironment({});
    const ways = [
      (options: Options) => startWith(options),
      (options: Options) => start([MindsphereCredentialsModule.forRootAsync({ useFactory: () => options })]),
    ];
    for (const way of ways) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const platform = await startPlatform();
      // oxlint-disable-next-line no-await-in-loop
      const module = await way(change({ ...read(), ...platform.urls }));
      // oxlint-disable-next-line no-await-in-loop
      await tokenOf(module.get(MindsphereCredentials));
      expect([platform.app.count, platform.tenant.count]).toEqual(expected === 'app' ? [1, 0] : [0, 1]);
    }
  });

  it('hold nothing more by name, and nothing more in JSON', () => {
    const { app, tenant, ...rest } = read();
    expect(Object.keys(rest)).toEqual([]);
    expect(JSON.parse(JSON.stringify({ app, tenant }))).toEqual({ app: APP, tenant: TENANT });
    expect({ app, tenant }).toMatchObject({ app: APP, tenant: TENANT });
  });

  it('are named by their variables in messages, spread or not', async () => {
    const { tenant } = read('PLANT_');
    const options = { tenant: { ...(tenant as object), tenant: 'a.b' } } as Options;
    await expect(startWith(options)).rejects.toThrow(/PLANT_MINDSPHERE_TENANT/);
  });
});

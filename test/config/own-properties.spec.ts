import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import {
  AppCredentials,
  CurrentUser,
  MindsphereCredentialsFactory,
  MindsphereCredentialsModule,
  MindsphereHttpService,
  type MindsphereCredentialsModuleOptions,
  mindsphereOptionsFromConfig,
  TenantCredentials,
  TokenVerifier,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import ts from 'typescript';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { resolveOptions } from '../../lib/config/resolve-options.js';
import {
  APP,
  APP_VARIABLES,
  failureOf,
  forbidden,
  setEnvironment,
  start,
  startPlatform,
  startWith,
  TENANT,
  TENANT_VARIABLES,
  tokenOf,
} from '../support/application.js';
import { ADAPTERS, type Adapter, startGuardedApp } from '../support/guarded-app.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { verifierLab } from '../support/key-server-verifier.js';
import { isFullLength } from '../support/length.js';
import { MemoryStore } from '../support/memory-store.js';
import type { StubPlatform } from '../support/stub-platform.js';

/*
 * Code that can pollute `Object.prototype` (another dependency's merge of a request's JSON, say) must not decide for this
 * library. The first test finds every read in lib/ that falls through to it; the others play what an attacker would set.
 */

const LIB = join(import.meta.dirname, '..', '..', 'lib');
const KEY = testKey('key-id-1', 0);
const STORE_KEY = 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQABEiM0RVZnc=';
const CLAIMS = ['ten', 'cid', 'client_id', 'user_id', 'user_name', 'email', 'subtenant', 'zid', 'grant_type'];
/** What Nest, the language and property descriptors themselves read. Polluted, they break any program. */
const OF_OTHERS = new Set(
  ['get', 'set', 'value', 'writable', 'enumerable', 'configurable', 'then', 'toJSON', 'next', 'done', 'return', 'throw']
    .concat(['useFactory', 'useValue', 'useClass', 'useExisting', 'inject', 'provide', 'metatype', 'durable'])
    .concat(['imports', 'exports', 'providers', 'global', 'length']),
);

/** Of every object. */
const ANCESTOR: object = Object.prototype;

let polluted: string[] = [];
afterEach(() => {
  for (const name of polluted.splice(0)) Reflect.deleteProperty(ANCESTOR, name);
});

function pollute(name: string, descriptor: PropertyDescriptor): void {
  polluted.push(name);
  const ofValue = 'value' in descriptor ? { writable: true } : {};
  Object.defineProperty(ANCESTOR, name, { configurable: true, enumerable: false, ...ofValue, ...descriptor });
}

/** Every name by which code of lib/ reads something. */
function namesRead(): string[] {
  const names = new Set(CLAIMS);
  const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' });
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node)) names.add(node.name.text);
    if (ts.isPropertySignature(node)) names.add(node.name.getText());
    if (ts.isBindingElement(node)) names.add((node.propertyName ?? node.name).getText());
    if (ts.isElementAccessExpression(node)) names.add(node.argumentExpression.getText().replaceAll("'", ''));
    ts.forEachChild(node, visit);
  };
  for (const file of files.filter((name) => name.endsWith('.ts') && !/^(?:testing|cli)\//.test(name))) {
    visit(ts.createSourceFile(file, readFileSync(join(LIB, file), 'utf8'), ts.ScriptTarget.Latest, true));
  }
  return [...names].filter((name) => /^[a-z_]\w*$/i.test(name) && !(name in {}) && !OF_OTHERS.has(name));
}

/** The function and file that read a property, without the source maps of the runner, which read polluted names, too. */
function callerOfGetter(): string {
  const usual = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  Error.prepareStackTrace = (_, sites) => sites;
  const [, , caller] = new Error('where').stack as unknown as NodeJS.CallSite[];
  Object.defineProperty(Error, 'prepareStackTrace', usual ?? { configurable: true, writable: true, value: undefined });
  return `${caller?.getFunctionName()} of ${caller?.getFileName()}`;
}

/** Sees to it that each read of these names that nobody's own property answers is noted, with its place in lib/. */
function watch(names: readonly string[]): Set<string> {
  const seen = new Set<string>();
  for (const name of names) {
    pollute(name, {
      get() {
        const caller = callerOfGetter();
        if (caller.includes(`${LIB}/`)) seen.add(`${name} in ${caller}`);
        return undefined;
      },
      set(this: object, value: unknown) {
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
      },
    });
  }
  return seen;
}

/** One of everything that an application does. */
async function useEverything(platform: StubPlatform): Promise<void> {
  mindsphereOptionsFromConfig({ get: () => undefined });
  const cache = { store: new MemoryStore(), encryptionKeys: [STORE_KEY] };
  const options = { ...platform.urls, app: APP, tenant: TENANT, request: { retries: 0 }, cache };
  const module = await startWith(options);
  const app = module.get(AppCredentials);
  await tokenOf(app.forUserTenant('globex'));
  await tokenOf(module.get(TenantCredentials));
  await tokenOf(module.get(TenantCredentials).forSubtenant('plant1'));
  await firstValueFrom(app.userTenants(), { defaultValue: '' }).catch(() => undefined);
  const user = await firstValueFrom(module.get(TokenVerifier).verify(platform.userToken()));
  await tokenOf(app.forUser(user));
  const factory = module.get(MindsphereCredentialsFactory);
  JSON.stringify([user, user.claims, app, factory.userToken(`Bearer ${platform.userToken()}`)]);
  factory.app(APP);
  factory.tenant(TENANT);
  const http = module.get(MindsphereHttpService).as(user);
  await firstValueFrom(http.get('/api/assetmanagement/v3/assets')).catch(() => undefined);
  expect(module.get(CurrentUser).inRequest).toBe(false);
}

describe('Object.prototype', () => {
  // Short: the names are read from the whole of lib/.
  it.runIf(isFullLength)('is asked for nothing by code of lib/', async () => {
    const platform = await startPlatform();
    await useEverything(platform);
    const seen = watch(namesRead());
    await useEverything(platform);
    expect([...seen]).toEqual([]);
    expect(polluted.length).toBeGreaterThan(300);
  });

  it('decides about no option', () => {
    const usual = resolveOptions({ xcelerator: {}, app: APP });
    pollute('clientIds', { value: 'any' });
    pollute('allowInsecureHttp', { value: true });
    pollute('gatewayUrl', { value: 'http://evil.example' });
    pollute('issuers', { value: ['evil'] });
    pollute('allowSubtenantUsers', { value: true });
    const now = resolveOptions({ xcelerator: {}, app: APP });
    expect(now.platforms.map(({ users, gatewayUrl, app }) => [users, gatewayUrl, app?.allowSubtenantUsers])).toEqual(
      usual.platforms.map(({ users, gatewayUrl, app }) => [users, gatewayUrl, app?.allowSubtenantUsers]),
    );
  });

  it('verifies no user', async () => {
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, app: APP });
    const user = module.get(MindsphereCredentialsFactory).userToken(`Bearer ${platform.userToken()}`);
    pollute('verified', { value: { claims: { ten: 'evil', scope: ['admin'] }, issuedAt: 0, expiresAt: 9e12 } });
    pollute('ten', { value: 'evil' });
    pollute('scope', { value: 'admin' });
    expect([user.verified, user.tenant, user.scopes, user.hasScopes('admin')]).toEqual([false, undefined, [], false]);
  });

  it.each(['ten', 'cid', 'user_id', 'iss', 'exp'])('is no source of the claim %s', async (claim) => {
    const { server, verifier, verify } = await verifierLab([KEY]);
    const genuine = await verify(server.token(KEY));
    const without = server.token(KEY, { [claim]: undefined, ...(claim === 'user_id' && { user_name: undefined }) });
    pollute(claim, { value: genuine.claims[claim] });
    expect((await failureOf(verifier.verify(without))).code).toMatch(/^token_/);
  });

  it('is no source of scopes', async () => {
    const { server, verify } = await verifierLab([KEY]);
    const without = server.token(KEY, { scope: undefined });
    pollute('scope', { value: ['admin'] });
    expect((await verify(without)).scopes).toEqual([]);
  });

  it('limits no token to a subtenant', async () => {
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, tenant: TENANT, app: false });
    const ofNobody = { subtenant: undefined };
    platform.tenant.always(platform.token({ body: ofNobody, claims: ofNobody }));
    pollute('subtenant', { value: 'plant1' });
    const limited = module.get(TenantCredentials).forSubtenant('plant1');
    expect(await failureOf(limited.getToken())).toMatchObject({ code: 'token_response_invalid' });
  });
});

describe.each(ADAPTERS)('the guard on %s', (adapter: Adapter) => {
  it('takes no token from Object.prototype', async () => {
    const server = await KeyServer.start(KEY);
    const app = await startGuardedApp(adapter, { ...server.platform.urls, app: APP });
    onTestFinished(() => app.close());
    pollute('authorization', { value: `Bearer ${server.token(KEY)}` });
    pollute('auth', { value: { token: server.token(KEY) } });
    expect((await app.send('/guarded')).status).toBe(401);
  });
});

const INHERITED = 'is inherited: only properties of the options object itself are read';

const XCELERATOR_VARIABLES = {
  XCELERATOR_CORE_TENANT: '1000001700',
  XCELERATOR_USER_TENANT: '1000000351',
  XCELERATOR_TENANT: '1000000351',
};

/** Options of a class, of which none is an own property. */
class Options {
  get verification() {
    return { allowedTenants: ['acme'] };
  }
}

describe('options that are inherited', () => {
  const inherit = <T extends object>(base: T, own: object = {}): T =>
    Object.create(base, Object.getOwnPropertyDescriptors(own)) as T;
  const allowed = { verification: { allowedTenants: ['acme'] } };

  it.each<[string, () => object, string]>([
    ['options by Object.create', () => inherit(allowed), 'verification'],
    ['options of a class with getters', () => new Options(), 'verification'],
    [
      'a limit beside other options',
      () => ({ verification: inherit(allowed.verification) }),
      'verification.allowedTenants',
    ],
    ['a group', () => ({ app: inherit({ allowSubtenantUsers: false }, APP) }), 'app.allowSubtenantUsers'],
    ['a tenant', () => ({ tenant: inherit({ subTenant: 'plant1' }, TENANT) }), 'tenant.subTenant'],
    ['a platform', () => ({ xcelerator: inherit({ clientIds: ['app'] }) }), 'xcelerator.clientIds'],
    ['its app', () => ({ xcelerator: { app: inherit({ userTenant: 'acme' }) } }), 'xcelerator.app.userTenant'],
    ['its tenant', () => ({ xcelerator: { tenant: inherit({ tenant: '4711' }) } }), 'xcelerator.tenant.tenant'],
    ['the name of the registration', () => inherit({ name: 'plant' }), 'name'],
    ['that it is global', () => inherit({ isGlobal: true }), 'isGlobal'],
  ])(
    '%s: are refused by forRoot and by each form of forRootAsync, they would protect nobody',
    async (_, given, option) => {
      const make = () => forbidden<MindsphereCredentialsModuleOptions>(given());
      setEnvironment({ ...APP_VARIABLES, ...TENANT_VARIABLES });
      for (const [name, value] of Object.entries(XCELERATOR_VARIABLES)) vi.stubEnv(name, value);
      @Injectable()
      class Factory {
        createMindsphereCredentialsOptions() {
          return make();
        }
      }
      const imports = [{ module: class Factories {}, providers: [Factory], exports: [Factory] }];
      const registered = [
        MindsphereCredentialsModule.forRoot(make()),
        MindsphereCredentialsModule.forRootAsync({ useFactory: make }),
        MindsphereCredentialsModule.forRootAsync({ useClass: Factory }),
        MindsphereCredentialsModule.forRootAsync({ useExisting: Factory, imports }),
      ];
      const failures = await Promise.all(registered.map((module) => failureOf(start([module]))));
      for (const { code, message } of failures) {
        expect(code).toBe('options_invalid');
        expect(message).toContain(`${option} ${INHERITED}`);
      }
    },
  );

  it.each(['name', 'isGlobal'])('%s beside useFactory is refused', async (name) => {
    const options = inherit({ [name]: 'plant' }, { useFactory: () => ({}) });
    const failure = await failureOf(() => MindsphereCredentialsModule.forRootAsync(forbidden(options)));
    expect(failure).toMatchObject({
      code: 'options_invalid',
      message: expect.stringContaining(`${name} ${INHERITED}`),
    });
  });

  it.each([
    ['subTenant', { subTenant: 'plant1' }, 'tenant.subTenant'],
    ['key', { key: 'plant' }, 'key'],
    ['platform', { platform: 'xcelerator' }, 'platform'],
  ])('%s: are refused at run time', async (_, base, option) => {
    const platform = await startPlatform();
    const factory = (await startWith({ ...platform.urls, xcelerator: {} })).get(MindsphereCredentialsFactory);
    const failure = await failureOf(() => factory.tenant(forbidden(inherit(base, TENANT))));
    expect(failure).toMatchObject({
      code: 'options_invalid',
      message: expect.stringContaining(`${option} ${INHERITED}`),
    });
  });

  it('a prefix of variables is refused', async () => {
    const failure = await failureOf(() =>
      mindsphereOptionsFromConfig({ get: () => undefined }, inherit({ prefix: 'PLANT_' })),
    );
    expect(failure).toMatchObject({ code: 'options_invalid', message: expect.stringContaining(`prefix ${INHERITED}`) });
  });

  it('an agent is refused', async () => {
    const failure = await failureOf(() => resolveOptions({ request: { axios: inherit({ proxy: false as const }) } }));
    expect(failure).toMatchObject({ code: 'options_invalid', message: expect.stringContaining('request.axios') });
  });
});

describe('own options', () => {
  it.each([
    ['frozen', () => Object.freeze({ region: 'eu2', app: Object.freeze({ ...APP, userTenant: undefined }) })],
    ['of a class without getters', () => Object.assign(new (class Fields {})(), { region: 'eu2', app: APP })],
    ['without a prototype', () => Object.assign(Object.create(null) as object, { region: 'eu2', app: APP })],
    ['that are not enumerable', () => Object.defineProperty({ app: APP }, 'region', { value: 'eu2' })],
  ])('count, also those %s', async (_, make) => {
    setEnvironment({ MDSP_USER_TENANT: 'acme' });
    const module = await startWith(make());
    expect(module.get(MindsphereHttpService).gatewayUrl()).toContain('eu2');
    expect(module.get(AppCredentials).toJSON()).toMatchObject({ userTenant: 'acme' });
  });
});

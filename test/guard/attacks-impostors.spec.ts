import type { TestingModule } from '@nestjs/testing';
import {
  AccessToken,
  AppCredentials,
  MindsphereCredentialsError,
  MindsphereCredentialsFactory,
  MindsphereCredentialsModule,
  getCredentialsToken,
  TokenVerifier,
  UserToken,
} from 'nestjs-mindsphere-credentials';
import { fakeUserToken } from 'nestjs-mindsphere-credentials/testing';
import { firstValueFrom } from 'rxjs';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { failureOf, forbidden, start, tokenOf } from '../support/application.js';
import {
  forgedOptions,
  KEYS,
  mayBeOfNewKey,
  startForgedPlatform,
  validToken,
  withClaims,
  withHeader,
  withParts,
} from '../support/forge.js';
import { ATTACKS } from '../support/forge-attacks.js';
import type { StubPlatform } from '../support/stub-platform.js';

/*
 * `forUser` and the verifier, called with what the types forbid and with objects that lie: nobody gets a technical token
 * for a tenant that is merely named, and every failure is one of the library's own.
 */

let platform: StubPlatform;
let module: TestingModule;
let app: AppCredentials;
let verifier: TokenVerifier;
/** Of a registration that lets in clients of any app. */
let laxVerifier: TokenVerifier;

beforeEach(async () => {
  platform = await startForgedPlatform();
  onTestFinished(() => platform.close());
  module = await start([
    MindsphereCredentialsModule.forRootAsync({ useFactory: () => forgedOptions(platform) }),
    MindsphereCredentialsModule.forRootAsync({
      name: 'lax',
      useFactory: () => forgedOptions(platform, { verification: { clientIds: 'any', clockToleranceMs: 60_000 } }),
    }),
  ]);
  app = module.get(AppCredentials);
  verifier = module.get(TokenVerifier);
  laxVerifier = module.get<TokenVerifier>(getCredentialsToken(TokenVerifier, 'lax'));
});

const verified = (token: string): Promise<UserToken> => firstValueFrom(verifier.verify(token));

class NamesAnother extends UserToken {
  override get tenant(): string {
    return 'globex';
  }
  override get verified(): boolean {
    return true;
  }
  override get claims(): Readonly<Record<string, unknown>> {
    return { ten: 'globex', cid: 'myapp-host1' };
  }
}

const lying = (value: unknown): object => ({
  value,
  verified: true,
  tenant: 'globex',
  hostTenant: 'host1',
  clientId: 'myapp-host1',
  claims: { ten: 'globex' },
});

const FORGED = (): string => withHeader({}, KEYS.attacker);

type Impostor = readonly [name: string, make: () => unknown];

/** Their token is forged, or there is none. */
const IMPOSTORS: readonly Impostor[] = [
  ['a plain object with a forged token', () => lying(FORGED())],
  ['a plain object without a token', () => lying(undefined)],
  ['a plain object whose token is a number', () => lying(4)],
  ['a plain object whose token is null', () => lying(null)],
  ['a plain object whose token is a list', () => lying([validToken()])],
  ['a plain object whose token is a boxed text', () => lying(Object(validToken()))],
  ['a plain object whose token is a promise', () => lying(Promise.resolve(validToken()))],
  ['a plain object whose token is empty', () => lying('')],
  ['a plain object whose token has its scheme', () => lying(`Bearer ${validToken()}`)],
  [
    'an object whose token throws',
    () => ({
      get value(): string {
        throw new Error('no token today');
      },
    }),
  ],
  [
    'an object whose token throws nothing',
    () => ({
      get value(): string {
        throw undefined;
      },
    }),
  ],
  ['an empty object', () => ({})],
  ['null', () => null],
  ['undefined', () => undefined],
  ['a text', () => validToken()],
  ['a number', () => 4],
  ['a function', () => () => validToken()],
  ['an object of the class that was never constructed', () => Object.create(UserToken.prototype)],
  [
    'a subclass with getters of its own',
    () => {
      const value = FORGED();
      return new NamesAnother(() => ({ value, verified: { claims: { ten: 'globex' }, issuedAt: 0, expiresAt: 8e15 } }));
    },
  ],
  [
    'an object made by the internal constructor',
    () => {
      const content = { value: FORGED(), verified: { claims: { ten: 'globex' }, issuedAt: 0, expiresAt: 8e15 } };
      return new UserToken(() => content);
    },
  ],
  ['a double for tests', () => fakeUserToken({ tenant: 'globex', appName: 'myapp', hostTenant: 'host1' })],
  ['a double for tests with a forged token', () => fakeUserToken({ tenant: 'globex', value: FORGED() })],
  [
    'a user of the factory with a forged token',
    () => module.get(MindsphereCredentialsFactory).userToken(`Bearer ${FORGED()}`),
  ],
  [
    'a proxy of a forged token',
    () => {
      const forged = lying(FORGED());
      return new Proxy(forged, { getPrototypeOf: () => UserToken.prototype });
    },
  ],
];

/** Their token is good for tenant acme, whatever they say. */
const LIARS: readonly Impostor[] = [
  ['a plain object', () => lying(validToken())],
  [
    'a subclass with getters of its own',
    () => {
      const value = validToken();
      return new NamesAnother(() => ({ value }));
    },
  ],
  ['an object that inherits from a plain one', () => Object.create(lying(validToken()))],
  ['a double for tests', () => fakeUserToken({ tenant: 'globex', value: validToken() })],
];

describe('forUser', () => {
  it.each([...IMPOSTORS])('gives nothing to %s', async (_, make) => {
    expect((await tokenOf(app.forUser(await verified(validToken())))).tenant).toBe('acme');
    const asked = platform.app.count;

    const failure = await failureOf(() => app.forUser(forbidden<UserToken>(make())).getToken());

    expect(failure.code).toMatch(/^token_(malformed|algorithm|type|signature|missing)$/);
    expect(platform.app.count).toBe(asked);
  });

  it.each([...LIARS])('acts for the tenant in the token, not for the one that is named by %s', async (_, make) => {
    const token = await tokenOf(app.forUser(forbidden<UserToken>(make())));

    expect(token.tenant).toBe('acme');
    expect(JSON.parse(platform.app.only.body.toString())).toMatchObject({ userTenant: 'acme' });
  });

  it.each<[string, (user: UserToken) => unknown]>([
    ['an object that inherits from it', (user) => Object.create(user)],
    [
      'an object that inherits from it and names another',
      (user) => Object.create(user, { tenant: { value: 'globex' }, claims: { value: { ten: 'globex' } } }),
    ],
    [
      'a proxy of it that names another',
      (user) =>
        new Proxy(user, { get: (target, name) => (name === 'tenant' ? 'globex' : Reflect.get(target, name, target)) }),
    ],
    ['a proxy of it', (user) => new Proxy(user, {})],
    ['a copy of it', (user) => Object.assign({ tenant: 'globex' }, user)],
    [
      'it, with properties of its own',
      (user) => {
        for (const [name, value] of Object.entries(lying(user.value))) Reflect.defineProperty(user, name, { value });
        return user;
      },
    ],
  ])('never acts for another tenant than a verified user, given %s', async (_, disguise) => {
    const disguised = forbidden<UserToken>(disguise(await verified(validToken())));

    const got: unknown = await firstValueFrom(app.forUser(disguised).getToken()).catch((error: unknown) => error);

    const own = got instanceof AccessToken || got instanceof MindsphereCredentialsError;
    expect(own ? 'a token, or an error of our own' : String(got)).toBe('a token, or an error of our own');
    const tenants = platform.app.requests.map(
      ({ body }) => (JSON.parse(body.toString()) as { userTenant: unknown }).userTenant,
    );
    expect(tenants.filter((tenant) => tenant !== 'acme')).toEqual([]);
  });

  it('reads the token once, so that a changing one cannot get through', async () => {
    const values = [FORGED(), validToken(), validToken()];
    const credentials = app.forUser(
      forbidden<UserToken>({
        get value() {
          return values.shift();
        },
      }),
    );

    for (let at = 0; at < 3; at += 1) expect((await failureOf(credentials.getToken())).code).toBe('token_signature');
    expect(platform.app.count).toBe(0);
  });

  it.each<[string, () => string, string]>([
    ["another app's", () => withClaims({ cid: 'otherapp-evil', client_id: 'otherapp-evil' }), 'token_client'],
    ['a barely expired', () => withClaims({ exp: Math.floor(Date.now() / 1_000) - 45 }), 'token_expired'],
  ])('does not believe %s token that a laxer registration has verified', async (_, make, code) => {
    const user = await firstValueFrom(laxVerifier.verify(make()));
    expect(user).toMatchObject({ verified: true, tenant: 'acme' });

    expect((await failureOf(app.forUser(user).getToken())).code).toBe(code);
    expect(platform.app.count).toBe(0);
  });

  it('takes no host tenant out of a client id that any client could have', async () => {
    const lax = module.get<AppCredentials>(getCredentialsToken(AppCredentials, 'lax'));
    const user = await firstValueFrom(
      laxVerifier.verify(withClaims({ cid: 'otherapp-evil', client_id: 'otherapp-evil' })),
    );

    await tokenOf(lax.forUser(user));

    expect(JSON.parse(platform.app.only.body.toString())).toMatchObject({ hostTenant: 'host1', userTenant: 'acme' });
  });

  it('makes no request when the token of a forged user is invalidated', () => {
    for (const [, make] of IMPOSTORS) app.forUser(forbidden<UserToken>(make())).invalidate();
    expect(platform.count).toBe(0);
  });
});

describe('TokenVerifier', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a number', 4],
    ['true', true],
    ['an object', {}],
    ['a list', [validToken()]],
    ['a boxed text', Object(validToken())],
    ['a buffer', Buffer.from(validToken())],
    ['a symbol', Symbol('token')],
    ['a function', () => validToken()],
    ['an object with the methods of a text', { length: 3, slice: () => 'x', split: () => ['a', 'b', 'c'] }],
    ['an empty text', ''],
    ['a token with its scheme', `Bearer ${validToken()}`],
    ['a token with a line break behind', `${validToken()}\n`],
    ['a token with a line break inside', withParts((header, payload, part) => `${header}.\n${payload}.${part}`)],
    ['a token with a NUL behind', `${validToken()}\0`],
    ['a token after a byte order mark', `\ufeff${validToken()}`],
    ['a token with letters of another width', validToken().replace('e', '\uff45')],
    ['ten megabytes', 'a'.repeat(10_000_000)],
    ['a million dots', '.'.repeat(1_000_000)],
  ])('refuses %s as malformed, at once', async (_, given) => {
    const began = performance.now();
    const failure = await failureOf(() => verifier.verify(forbidden<string>(given)));

    expect(failure.code).toBe('token_malformed');
    expect(performance.now() - began).toBeLessThan(500);
    expect(platform.count).toBe(0);
  });

  it('fails with an error of its own for every forged token', async () => {
    const attacks = Object.values(ATTACKS).flat();
    const others: string[] = [];
    for (const [name, forge] of attacks) {
      const forged = forge('http://127.0.0.1:9/keys');
      const error: unknown = await firstValueFrom(verifier.verify(forged)).catch((reason: unknown) => reason);
      const codes = mayBeOfNewKey(forged) ? /^token_|^key_set_unavailable$/ : /^token_/;
      const own = error instanceof MindsphereCredentialsError && codes.test(error.code);
      if (!own) others.push(`${name}: ${error instanceof UserToken ? 'verified' : String(error)}`);
    }
    expect(others).toEqual([]);
  });

  it('does not take two tokens for the same that end alike', async () => {
    const good = validToken();
    const user = await verified(good);
    const [, , signature = ''] = good.split('.');
    const alike = withClaims({ user_name: 'eve@example.com' }).split('.').slice(0, 2).concat(signature).join('.');

    expect((await failureOf(verifier.verify(alike))).code).toBe('token_signature');
    expect((await failureOf(verifier.verify(signature.slice(-43)))).code).toBe('token_malformed');
    expect(await verified(good)).toBe(user);
  });

  it('hands out claims that nobody can change', async () => {
    const token = withClaims({ deep: { list: [{ x: 1 }] }, aud: ['a'] });
    const { claims } = await verified(token);
    const { deep, aud } = claims as { deep: { list: { x: number }[] }; aud: string[] };
    const changes = [
      () => Object.assign(claims, { ten: 'globex' }),
      () => Object.assign(deep.list[0] ?? {}, { x: 2 }),
      () => deep.list.push({ x: 2 }),
      () => aud.push('b'),
      () => Object.setPrototypeOf(claims, { ten: 'globex' }) as object,
    ];
    for (const change of changes) expect(change).toThrow(TypeError);
    expect(Reflect.deleteProperty(claims, 'ten')).toBe(false);
    expect((await verified(token)).tenant).toBe('acme');
  });
});

import { type MindsphereCredentialsModuleOptions, type TokenVerifier, UserToken } from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { failureOf } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { verdictOf, verifierAt } from '../support/key-server-verifier.js';

/*
 * Users of both platforms in one registration. Each platform has key servers of its own, with other keys under the same
 * ids; each answers for its own tenants and counts who asks.
 */

type Fields = Record<string, unknown>;

const KEY_ID = 'key-id-1';
const MINDSPHERE_KEY = testKey(KEY_ID, 0);
const XCELERATOR_KEY = testKey(KEY_ID, 1);
const CORE = '1000001700';
const CUSTOMER = '1000000351';
const CLIENT = '1000000350-myapp-v1_1';

let mindsphere: KeyServer;
let xcelerator: KeyServer;
beforeEach(async () => {
  [mindsphere, xcelerator] = await Promise.all([KeyServer.start(MINDSPHERE_KEY), KeyServer.start(XCELERATOR_KEY)]);
});

const verifier = (
  xceleratorOptions: Fields = { clientIds: [CLIENT] },
  options: MindsphereCredentialsModuleOptions = {},
): Promise<TokenVerifier> =>
  verifierAt(mindsphere, { xcelerator: { ...xcelerator.platform.urls, ...xceleratorOptions }, ...options });

/** Claims of a user of `siemens.app`. */
const claimsThere = (change: Fields = {}): Fields => ({
  iss: xcelerator.platform.issuerOf(CORE),
  ten: undefined,
  'sws.samauth.ten': CUSTOMER,
  'sws.samauth.ten.name': 'acme',
  'sws.samauth.ten.user': 'user-1',
  user_id: undefined,
  cid: CLIENT,
  client_id: CLIENT,
  ...change,
});
const tokenThere = (change: Fields = {}, key = XCELERATOR_KEY) => xcelerator.token(key, claimsThere(change));
const tokenHere = (change: Fields = {}, key = MINDSPHERE_KEY) => mindsphere.token(key, change);
const verify = async (jwt: string, options?: Fields, more?: MindsphereCredentialsModuleOptions): Promise<UserToken> =>
  firstValueFrom((await verifier(options, more)).verify(jwt));

describe('a user of mindsphere.io', () => {
  it('is verified by the rules of mindsphere.io, beside the other platform', async () => {
    const user = await verify(tokenHere({ subtenant: 'north' }));
    expect(user).toMatchObject({ platform: 'mindsphere', tenant: 'acme', subtenant: 'north', hostTenant: 'host1' });
    expect(xcelerator.platform.count).toBe(0);
  });
});

describe('a user of siemens.app', () => {
  it('is verified by the rules of siemens.app', async () => {
    const user = await verify(tokenThere());
    expect(user).toMatchObject({ platform: 'xcelerator', tenant: CUSTOMER, userId: 'user-1', clientId: CLIENT });
    expect([user.subtenant, user.hostTenant]).toEqual([undefined, undefined]);
    expect(user.scopes).toEqual(['myapp.user']);
    expect(xcelerator.asked).toEqual([CORE]);
    expect(mindsphere.platform.count).toBe(0);
  });

  it.each<[string, Fields, Fields]>([
    ['a tenant as a whole number', { 'sws.samauth.ten': Number(CUSTOMER) }, { tenant: CUSTOMER }],
    ['a tenant that is no number', { 'sws.samauth.ten': 'plant1' }, { tenant: 'plant1' }],
    ['both ten and its own claim', { ten: 'globex' }, { tenant: CUSTOMER }],
    ['user_id alone', { 'sws.samauth.ten.user': undefined, user_id: 'u2' }, { userId: 'u2' }],
    ['an empty id and user_id', { 'sws.samauth.ten.user': '', user_id: 'u2' }, { userId: 'u2' }],
    ['both ids', { user_id: 'u2' }, { userId: 'user-1' }],
    ['scopes as a string', { scope: 'myapp.user myapp.admin' }, { scopes: ['myapp.user', 'myapp.admin'] }],
    ['null in optional claims', { email: null, scope: null, nbf: null, client_id: null }, { scopes: [] }],
  ])('may have %s', async (_, claims, expected) => {
    expect(await verify(tokenThere(claims))).toMatchObject({ platform: 'xcelerator', ...expected });
  });

  it.each<[string, Fields, string]>([
    ['no tenant claim', { 'sws.samauth.ten': undefined }, 'token_tenant'],
    ['only ten', { 'sws.samauth.ten': undefined, ten: 'acme' }, 'token_tenant'],
    ['null as tenant', { 'sws.samauth.ten': null }, 'token_tenant'],
    ['a fraction as tenant', { 'sws.samauth.ten': 1.5 }, 'token_tenant'],
    ['a negative number as tenant', { 'sws.samauth.ten': -1 }, 'token_tenant'],
    ['a number beyond what is exact', { 'sws.samauth.ten': 2 ** 53 }, 'token_tenant'],
    ['two labels as tenant', { 'sws.samauth.ten': 'a.b' }, 'token_tenant'],
    ['a list as tenant', { 'sws.samauth.ten': [CUSTOMER] }, 'token_tenant'],
    ['no id of a user', { 'sws.samauth.ten.user': undefined }, 'token_type'],
    ['an id that is a number', { 'sws.samauth.ten.user': 7 }, 'token_malformed'],
    ['a technical grant', { grant_type: 'client_credentials' }, 'token_type'],
    ['the client of another app', { cid: 'other', client_id: 'other' }, 'token_client'],
    ['a client of mindsphere.io', { cid: 'myapp-host1', client_id: 'myapp-host1' }, 'token_client'],
    ['two clients', { client_id: 'other' }, 'token_client'],
  ])('with %s is refused', async (_, claims, code) => {
    expect((await failureOf((await verifier()).verify(tokenThere(claims)))).code).toBe(code);
    expect(xcelerator.platform.count).toBe(0);
  });

  it('is accepted from listed issuers only, each by its own key set', async () => {
    const iss = xcelerator.platform.issuerOf(CUSTOMER);
    expect(await verdictOf(await verifier(), tokenThere({ iss }))).toBe('token_issuer');
    expect(xcelerator.platform.count).toBe(0);
    const listed = await verifier({ clientIds: [CLIENT], issuers: [CUSTOMER] });
    expect(await verdictOf(listed, tokenThere({ iss }))).toBe('ok');
    expect(await verdictOf(listed, tokenThere())).toBe('token_issuer');
    expect(xcelerator.asked).toEqual([CUSTOMER]);
  });

  it('is refused where no client ids are set, and the reason says what came and what to set', async () => {
    const failure = await failureOf((await verifier({})).verify(tokenThere()));
    expect(failure.code).toBe('token_client');
    expect(failure.message).toContain(`"${CLIENT}"`);
    expect(failure.message).toContain('xcelerator.clientIds');
    expect(failure.message).toContain('XCELERATOR_CLIENT_IDS');
  });

  it('is refused where the platform is not switched on', async () => {
    const here = await verifierAt(mindsphere);
    expect(await verdictOf(here, tokenThere())).toBe('token_issuer');
    expect(xcelerator.platform.count).toBe(0);
  });
});

describe('an application of siemens.app alone', () => {
  it('refuses users of mindsphere.io', async () => {
    const there = await verifier({ clientIds: [CLIENT] }, { mindsphere: false, app: false });
    expect(await verdictOf(there, tokenThere())).toBe('ok');
    expect(await verdictOf(there, tokenHere())).toBe('token_issuer');
    expect(mindsphere.platform.count).toBe(0);
  });
});

describe('no token crosses', () => {
  const crossed: [string, () => string, string][] = [
    ["mindsphere.io's key under an issuer of siemens.app", () => tokenThere({}, MINDSPHERE_KEY), 'token_signature'],
    ["siemens.app's key under an issuer of mindsphere.io", () => tokenHere({}, XCELERATOR_KEY), 'token_signature'],
    [
      "an issuer of mindsphere.io with siemens.app's tenant claim alone",
      () => tokenHere({ ten: undefined, 'sws.samauth.ten': 'acme', iss: mindsphere.platform.issuerOf('acme') }),
      'token_tenant',
    ],
    [
      "an issuer of mindsphere.io with siemens.app's client",
      () => tokenHere({ cid: CLIENT, client_id: CLIENT }),
      'token_client',
    ],
    [
      'an issuer of mindsphere.io named like the core tenant',
      () => tokenHere({ ten: 'acme', iss: mindsphere.platform.issuerOf(CORE) }),
      'token_issuer',
    ],
    [
      'an issuer of siemens.app named like a tenant of mindsphere.io',
      () => tokenThere({ iss: xcelerator.platform.issuerOf('acme') }),
      'token_issuer',
    ],
    [
      "an issuer of siemens.app named like the host tenant of mindsphere.io's app",
      () => tokenThere({ iss: xcelerator.platform.issuerOf('host1') }),
      'token_issuer',
    ],
  ];

  it.each(crossed)('%s', async (_, forge, code) => {
    const both = await verifier();
    // Either way round: the keys of both are held.
    expect([await verdictOf(both, tokenHere()), await verdictOf(both, tokenThere())]).toEqual(['ok', 'ok']);
    expect(await verdictOf(both, forge())).toBe(code);
  });

  it('options of mindsphere.io do not count on siemens.app', async () => {
    const options = { verification: { keySetTenant: 'acme', issuers: ['acme', CUSTOMER], clientIds: 'any' as const } };
    const both = await verifier({ clientIds: [CLIENT] }, options);
    expect(await verdictOf(both, tokenThere())).toBe('ok');
    expect(xcelerator.asked).toEqual([CORE]);
    expect(await verdictOf(both, tokenThere({ iss: xcelerator.platform.issuerOf(CUSTOMER) }))).toBe('token_issuer');
    expect(await verdictOf(both, tokenThere({ cid: 'other', client_id: 'other' }))).toBe('token_client');
  });
});

describe('allowedTenants binds both platforms', () => {
  it('as a list of ids of both', async () => {
    const both = await verifier({ clientIds: [CLIENT] }, { verification: { allowedTenants: ['acme', CUSTOMER] } });
    expect([await verdictOf(both, tokenHere()), await verdictOf(both, tokenThere())]).toEqual(['ok', 'ok']);
    expect(await verdictOf(both, tokenHere({ ten: 'globex' }))).toBe('token_tenant');
    expect(await verdictOf(both, tokenThere({ 'sws.samauth.ten': '1000000352' }))).toBe('token_tenant');
  });

  it('as a function of tenant and platform', async () => {
    const asked: unknown[] = [];
    const allowedTenants = (...given: unknown[]) => asked.push(given) > 0;
    const both = await verifier({ clientIds: [CLIENT] }, { verification: { allowedTenants } });
    expect([await verdictOf(both, tokenHere()), await verdictOf(both, tokenThere())]).toEqual(['ok', 'ok']);
    expect(asked).toEqual([
      ['acme', 'mindsphere'],
      [CUSTOMER, 'xcelerator'],
    ]);
  });
});

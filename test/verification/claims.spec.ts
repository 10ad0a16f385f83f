import { describe, expect, it } from 'vitest';
import { APP, failureOf } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { verdictOf, verifierAt, verifierLab } from '../support/key-server-verifier.js';

const KEY = testKey('key-id-1', 0);
const seconds = () => Math.floor(Date.now() / 1_000);

describe('the server that may sign for a user of tenant customer', () => {
  const noHost = { app: { ...APP, hostTenant: undefined } };
  const issuers = { verification: { issuers: ['provider', 'other'] } };
  const cid = (client: string) => ({ cid: client, client_id: client });

  it.each<[string, string, object, object, string]>([
    ["is that of the user's tenant", 'customer', {}, {}, 'ok'],
    ['is that of the configured host tenant', 'host1', {}, {}, 'ok'],
    ['is that of the host tenant in an accepted cid', 'provider', noHost, cid('myapp-provider'), 'ok'],
    [
      'is that of the host tenant in a listed cid',
      'provider',
      { verification: { clientIds: ['a-provider'] } },
      cid('a-provider'),
      'ok',
    ],
    ['is that of a listed issuer', 'provider', issuers, {}, 'ok'],
    ['is that of the tenant in capitals', 'customer', {}, { ten: 'CUSTOMER' }, 'ok'],
    ["is not another tenant's", 'provider', {}, {}, 'token_issuer'],
    ['is not that of a host tenant in another cid', 'provider', noHost, cid('myapp-other'), 'token_issuer'],
    [
      'is not that of the host tenant in a cid that anybody may have',
      'provider',
      { ...noHost, verification: { clientIds: 'any' } },
      cid('x-provider'),
      'token_issuer',
    ],
    ["is not that of the user's tenant where issuers are listed", 'customer', issuers, {}, 'token_issuer'],
    ['is not that of the configured user tenant, which is for technical tokens', 'acme', {}, {}, 'token_issuer'],
    ['is not the platform itself', 'core', {}, {}, 'token_issuer'],
  ])('%s', async (_, issuer, options, claims, expected) => {
    const { server, verdict } = await verifierLab([KEY], options);
    const iss = server.platform.issuerOf(issuer);
    expect(await verdict(server.token(KEY, { ten: 'customer', iss, ...claims }))).toBe(expected);
    expect(server.count()).toBe(expected === 'ok' ? 1 : 0);
  });
});

describe('iss, where oauthUrl has a path behind the tenant', () => {
  async function china(isNarrow = false) {
    const server = await KeyServer.start(KEY);
    const { origin } = server.platform;
    // The stub answers below /piam/{tenant}; the path of oauthUrl is dropped by the test's own answer.
    const oauthUrl = `${origin}/piam/{tenant}/uaa`;
    const issuerUrl = isNarrow ? `${oauthUrl}/oauth/token` : undefined;
    const verifier = await verifierAt(server, { oauthUrl, verification: { issuerUrl } });
    const issued = (path: string) => server.token(KEY, { iss: `${origin}/piam/acme${path}/oauth/token` });
    return { server, verifier, issued };
  }

  it.each(['/uaa', ''])('may have the path "%s"', async (path) => {
    const { server, verifier, issued } = await china();
    // Its keys are asked for below the path of oauthUrl alone.
    expect((await failureOf(verifier.verify(issued(path)))).code).toBe('key_set_unavailable');
    expect(server.platform.elsewhere.requests.map(({ url }) => url)).toEqual(['/piam/acme/uaa/token_keys']);
  });

  it.each(['/other', '/uaa/uaa', '/uaa/', '/UAA'])('may not have the path "%s"', async (path) => {
    const { verifier, issued } = await china();
    expect(await verdictOf(verifier, issued(path))).toBe('token_issuer');
  });

  it('is narrowed by issuerUrl', async () => {
    const { verifier, issued } = await china(true);
    expect([await verdictOf(verifier, issued('/uaa')), await verdictOf(verifier, issued(''))]).toEqual([
      'key_set_unavailable',
      'token_issuer',
    ]);
  });
});

describe('null in a claim', () => {
  const optional = ['nbf', 'iat', 'client_id', 'user_name', 'email', 'grant_type', 'zid', 'subtenant', 'scope'];
  it.each(optional)('%s means that it is absent', async (claim) => {
    const { server, verify } = await verifierLab([KEY]);
    const user = await verify(server.token(KEY, { [claim]: null }));
    expect([user.tenant, user.subtenant]).toEqual(['acme', undefined]);
    expect(user.claims[claim]).toBeNull();
  });

  it.each([
    ['exp', 'token_malformed'],
    ['iss', 'token_issuer'],
    ['ten', 'token_tenant'],
    ['cid', 'token_client'],
  ])('%s is refused: it is not optional', async (claim, code) => {
    const { server, verdict } = await verifierLab([KEY]);
    expect(await verdict(server.token(KEY, { [claim]: null, ...(claim === 'cid' && { client_id: null }) }))).toBe(code);
  });
});

describe('a user', () => {
  it.each<[string, object, object]>([
    ['user_name empty', { user_name: '' }, { userName: undefined, userId: expect.any(String) as string }],
    ['user_id empty', { user_id: '' }, { userName: 'ann@acme', userId: undefined }],
    ['user_name null', { user_name: null }, { userName: undefined, userId: expect.any(String) as string }],
    ['user_id null', { user_id: null }, { userName: 'ann@acme', userId: undefined }],
  ])('may have %s', async (_, claims, expected) => {
    const { server, verify } = await verifierLab([KEY]);
    expect(await verify(server.token(KEY, { ...claims }))).toMatchObject(expected);
  });

  it.each([
    { user_name: '', user_id: '' },
    { user_name: null, user_id: '' },
    { user_name: null, user_id: null },
  ])('has one of the two: %o', async (claims) => {
    const { server, verdict } = await verifierLab([KEY]);
    expect(await verdict(server.token(KEY, claims))).toBe('token_type');
  });
});

describe('app names have no case', () => {
  it.each(['MyApp-host1', 'MYAPP-HOST1', 'myapp-Host1'])('cid %s', async (cid) => {
    const { server, verify } = await verifierLab([KEY], { app: { ...APP, appName: 'MyAPP' } });
    expect((await verify(server.token(KEY, { cid, client_id: cid }))).clientId).toBe(cid);
  });
});

describe('the reason of a refusal says', () => {
  const refusalOf = async (claims: object, options = {}) => {
    const { server, verifier } = await verifierLab([KEY], options);
    return (await failureOf(verifier.verify(server.token(KEY, { ...claims })))).message;
  };
  const other = { cid: 'other-host1', client_id: 'other-host1' };

  it('when a token has expired', async () => {
    const exp = seconds() - 3_600;
    const date = new Date(exp * 1_000).toISOString();
    expect(await refusalOf({ exp })).toBe(`The user's token is refused: its exp, ${exp} (${date}), has passed.`);
  });

  it('from when a token is valid', async () => {
    const nbf = seconds() + 3_600;
    expect(await refusalOf({ nbf })).toContain(`${nbf} (${new Date(nbf * 1_000).toISOString()}), lies in the future`);
  });

  it.each<[string, object, string]>([
    ['the client id of our app', {}, 'accepted: "myapp-host1"'],
    ['the name of our app', { app: { ...APP, hostTenant: undefined } }, 'accepted: "myapp-" and a tenant'],
    ['listed client ids', { verification: { clientIds: ['a-b', 'c-d'] } }, 'accepted: "a-b", "c-d"'],
    ['some of many', { verification: { clientIds: ['1', '2', '3', '4', '5', '6', '7'] } }, '"5" and 2 more'],
  ])('which clients are accepted: %s', async (_, options, accepted) => {
    const reason = await refusalOf(other, options);
    expect(reason).toContain('it was issued for the client "other-host1"');
    expect(reason).toContain(accepted);
  });

  it('what to set where no client is accepted', async () => {
    const reason = await refusalOf(other, { app: false });
    expect(reason).toContain('none is accepted until you set verification.clientIds');
    expect(reason).toContain('MDSP_OS_VM_APP_NAME');
  });

  it('which server may not sign for whom', async () => {
    const { server, verifier } = await verifierLab([KEY]);
    const failure = await failureOf(verifier.verify(server.token(KEY, { iss: server.platform.issuerOf('evil') })));
    expect(failure.message).toContain('the server of tenant "evil" may not issue tokens for users of tenant "acme"');
  });
});

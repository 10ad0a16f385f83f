import {
  AppCredentials,
  type AppCredentialsOptions,
  TenantCredentials,
  type TenantCredentialsOptions,
} from 'nestjs-mindsphere-credentials';
import { describe, expect, it } from 'vitest';
import { APP, startPlatform, startWith, TENANT, tokenOf } from '../support/application.js';
import { headerNames, headerOf, type RecordedRequest, type StubPlatform } from '../support/stub-platform.js';

async function appRequest(
  change: Partial<AppCredentialsOptions> = {},
  from = (credentials: AppCredentials) => credentials,
): Promise<{ request: RecordedRequest; platform: StubPlatform }> {
  const platform = await startPlatform();
  const module = await startWith({ ...platform.urls, app: { ...APP, ...change } });
  await tokenOf(from(module.get(AppCredentials)));
  expect(platform.count).toBe(1);
  return { request: platform.app.only, platform };
}

async function tenantRequest(
  change: Partial<TenantCredentialsOptions> = {},
  from = (credentials: TenantCredentials) => credentials,
): Promise<{ request: RecordedRequest; platform: StubPlatform }> {
  const platform = await startPlatform();
  const module = await startWith({ ...platform.urls, tenant: { ...TENANT, ...change } });
  await tokenOf(from(module.get(TenantCredentials)));
  expect(platform.count).toBe(1);
  return { request: platform.tenant.only, platform };
}

const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');
const names = (request: RecordedRequest) => headerNames(request).map((name) => name.toLowerCase());

// What the Base64 text must decode to, written out once by hand so that no helper can be wrong twice.
const SECRETS: [what: string, secret: string, basicOfAbc: string][] = [
  ['plain', 'secret', 'YWJjOnNlY3JldA=='],
  ['colons', 'a:b:c', 'YWJjOmE6Yjpj'],
  ['what a form would encode', 'a+b/c=d&e%20f g?#', 'YWJjOmErYi9jPWQmZSUyMGYgZz8j'],
  ['quotes and backslashes', `"'\\`, 'YWJjOiInXA=='],
  ['Latin letters beyond ASCII, as UTF-8', 'pässwörd', 'YWJjOnDDpHNzd8O2cmQ='],
  ['beyond Latin, as UTF-8', '秘密🔑', 'YWJjOuenmOWvhvCflJE='],
];

describe('request for an app token', () => {
  it('is a POST to the Token Manager of the gateway', async () => {
    const { request } = await appRequest();
    expect(request.method).toBe('POST');
    expect(request.url).toBe('/api/technicaltokenmanager/v3/oauth/token');
    expect(request.fault).toBeUndefined();
  });

  it('carries the four fields as JSON, byte for byte', async () => {
    const { request } = await appRequest();
    expect(headerOf(request, 'content-type')).toBe('application/json');
    expect(request.body.toString('latin1')).toBe(
      '{"appName":"myapp","appVersion":"1.0.0","hostTenant":"host1","userTenant":"acme"}',
    );
    expect(headerOf(request, 'content-length')).toBe(String(request.body.length));
  });

  it.each([undefined, 'Basic', 'Bearer'] as const)('authenticates in X-SPACE-AUTH-KEY, scheme %s', async (scheme) => {
    const { request } = await appRequest({ authKeyScheme: scheme });
    expect(headerNames(request)).toContain('X-SPACE-AUTH-KEY');
    expect(headerOf(request, 'X-SPACE-AUTH-KEY')).toBe(
      `${scheme ?? 'Basic'} aG9zdDEtbXlhcHAtMS4wLjA6YXBwLXMzY3IzdA==`, // host1-myapp-1.0.0:app-s3cr3t
    );
    expect(names(request)).not.toContain('authorization');
  });

  it.each(SECRETS)('encodes secrets with %s', async (_, keyStoreClientSecret, basic) => {
    const { request } = await appRequest({ keyStoreClientId: 'abc', keyStoreClientSecret });
    expect(headerOf(request, 'X-SPACE-AUTH-KEY')).toBe(`Basic ${basic}`);
  });

  it('is made for the tenants of forUserTenant', async () => {
    const { request } = await appRequest({}, (app) => app.forUserTenant('globex'));
    expect(request.body.toString()).toContain('"hostTenant":"host1","userTenant":"globex"');
  });

  it('is made for both tenants of forUserTenant', async () => {
    const { request } = await appRequest({}, (app) => app.forUserTenant('globex', 'host2'));
    expect(request.body.toString()).toContain('"hostTenant":"host2","userTenant":"globex"');
  });

  it('takes every character an app name and version may hold as it is', async () => {
    const { request } = await appRequest({ appName: 'my.app_a~b+c-d', appVersion: '1.0.0-rc.1+7' });
    expect(request.body.toString()).toContain('{"appName":"my.app_a~b+c-d","appVersion":"1.0.0-rc.1+7",');
  });

  it('goes below the path of the gateway, with or without a slash at its end', async () => {
    const platform = await startPlatform();
    for (const gatewayUrl of [`${platform.origin}/`, platform.origin]) {
      const module = await startWith({ gatewayUrl, oauthUrl: platform.oauthUrl, app: APP });
      await tokenOf(module.get(AppCredentials));
    }
    expect(platform.app.requests.map(({ url }) => url)).toEqual(
      Array(2).fill('/api/technicaltokenmanager/v3/oauth/token'),
    );
  });
});

describe('request for a tenant token', () => {
  it("is a POST to the tenant's OAuth server", async () => {
    const { request } = await tenantRequest();
    expect(request.method).toBe('POST');
    expect(request.url).toBe('/piam/acme/oauth/token');
    expect(request.fault).toBeUndefined();
  });

  it('carries the grant type as a form, byte for byte', async () => {
    const { request } = await tenantRequest();
    expect(headerOf(request, 'content-type')).toBe('application/x-www-form-urlencoded');
    expect(request.body.toString('latin1')).toBe('grant_type=client_credentials');
    expect(headerOf(request, 'content-length')).toBe(String(request.body.length));
  });

  it('authenticates with Basic', async () => {
    const { request } = await tenantRequest();
    expect(headerOf(request, 'Authorization')).toBe('Basic YWNtZS10ZWNodXNlcjp0ZW5hbnQtczNjcjN0'); // acme-techuser:tenant-s3cr3t
    expect(names(request)).not.toContain('x-space-auth-key');
  });

  it.each(SECRETS)('encodes secrets with %s', async (_, clientSecret, basic) => {
    const { request } = await tenantRequest({ clientId: 'abc', clientSecret });
    expect(headerOf(request, 'Authorization')).toBe(`Basic ${basic}`);
  });

  it.each(['a/b+c=d', 'a&b?c#d%20', `a"b'c\\d`, 'a b'])('encodes the client id %s as it is', async (clientId) => {
    const { request } = await tenantRequest({ clientId });
    expect(headerOf(request, 'Authorization')).toBe(`Basic ${base64(`${clientId}:${TENANT.clientSecret}`)}`);
  });
});

describe('request for a subtenant token', () => {
  const FORM =
    'grant_type=client_credentials&iam-action=client_credentials.subtenant-impersonation&subtenant=plant-7' as const;

  it.each([
    ['configured', { subTenant: 'plant-7' }, undefined],
    ['of forSubtenant', {}, (tenant: TenantCredentials) => tenant.forSubtenant('plant-7')],
    ['of forSubtenant over the configured', { subTenant: 'x' }, (t: TenantCredentials) => t.forSubtenant('plant-7')],
  ])('adds the impersonation fields to the form: %s', async (_, change, from) => {
    const { request } = await tenantRequest(change, from);
    expect(request.body.toString('latin1')).toBe(FORM);
    expect(headerOf(request, 'content-type')).toBe('application/x-www-form-urlencoded');
  });

  it('asks the server of the tenant, as the client of the tenant', async () => {
    const { request } = await tenantRequest({ subTenant: 'plant-7' });
    expect(request.method).toBe('POST');
    expect(request.url).toBe('/piam/acme/oauth/token');
    expect(headerOf(request, 'Authorization')).toBe(`Basic ${base64('acme-techuser:tenant-s3cr3t')}`);
    expect(request.fault).toBeUndefined();
  });
});

describe('a token', () => {
  it('is what the Token Manager answered', async () => {
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, app: APP });
    const jwt = await answeredBy(platform, 'app', () => tokenOf(module.get(AppCredentials)));
    expect(jwt.token.value).toBe(jwt.sent);
    expect(jwt.token.authorization).toBe(`Bearer ${jwt.sent}`);
    expect(jwt.token).toMatchObject({ tenant: 'acme', subtenant: undefined, scopes: ['dep.down', 'tm.t.r'] });
    expect(jwt.token.claims).toMatchObject({ cid: 'host1-myapp-1.0.0', grant_type: 'client_credentials' });
  });

  it('is what the OAuth server answered', async () => {
    const platform = await startPlatform();
    const module = await startWith({ ...platform.urls, tenant: { ...TENANT, subTenant: 'plant-7' } });
    const jwt = await answeredBy(platform, 'tenant', () => tokenOf(module.get(TenantCredentials)));
    expect(jwt.token.value).toBe(jwt.sent);
    expect(jwt.token).toMatchObject({ tenant: 'acme', subtenant: 'plant-7' });
  });

  it('says for whom it was requested where its claims do not', async () => {
    const platform = await startPlatform();
    platform.tenant.always(platform.token({ claims: { ten: undefined, subtenant: undefined } }));
    const module = await startWith({ ...platform.urls, tenant: { ...TENANT, subTenant: 'plant-7' } });
    expect(await tokenOf(module.get(TenantCredentials))).toMatchObject({ tenant: 'acme', subtenant: 'plant-7' });
  });
});

async function answeredBy<T>(platform: StubPlatform, endpoint: 'app' | 'tenant', ask: () => Promise<T>) {
  let sent = '';
  platform[endpoint].next(
    platform.token({
      body: (body) => {
        sent = String(body.access_token);
        return body;
      },
    }),
  );
  const token = await ask();
  return { token, sent };
}

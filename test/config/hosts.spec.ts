import {
  AppCredentials,
  type MindsphereCredentialsModuleOptions,
  mindsphereOptionsFromConfig,
  TokenVerifier,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { completeFromEnvironment } from '../../lib/config/environment.js';
import { resolveOptions } from '../../lib/config/resolve-options.js';
import { APP, failureOf, forbidden, startPlatform, startWith, TENANT, tokenOf } from '../support/application.js';

const VCAP = JSON.stringify({ cf_api: 'https://api.cf.eu2.private.example', name: 'myapp' });
const fromConfig = (variables: Record<string, string>) =>
  mindsphereOptionsFromConfig({ get: (name) => variables[name] });

describe('VCAP_APPLICATION', () => {
  it.each([
    ['alone', {}, { region: 'eu2', baseDomain: 'private.example' }],
    ['beside the same region', { HOST_ENVIRONMENT: 'eu2' }, { region: 'eu2', baseDomain: 'private.example' }],
    [
      'beside the same domain',
      { HOST_BASEDOMAIN: 'private.example' },
      { region: 'eu2', baseDomain: 'private.example' },
    ],
    ['beside another region', { HOST_ENVIRONMENT: 'eu1' }, { region: 'eu1', baseDomain: undefined }],
    ['beside another domain', { HOST_BASEDOMAIN: 'other.example' }, { region: undefined, baseDomain: 'other.example' }],
  ])('%s tells what is left open of the same platform', (_, variables, { region, baseDomain }) => {
    const found = fromConfig({ ...variables, VCAP_APPLICATION: VCAP });
    expect({ region: found.region, baseDomain: found.baseDomain }).toEqual({ region, baseDomain });
  });

  it.each([
    [{ region: 'eu2' }, 'https://gateway.eu2.private.example'],
    [{ region: 'eu1' }, 'https://gateway.eu1.mindsphere.io'],
  ])('completes %o given in code', (given, gatewayUrl) => {
    expect(resolveOptions(completeFromEnvironment(given, { VCAP_APPLICATION: VCAP })).platforms[0].gatewayUrl).toBe(
      gatewayUrl,
    );
  });
});

describe('a gateway from which no OAuth server follows', () => {
  it('is no reason to send a tenant secret to the public platform', async () => {
    const platform = await startPlatform();
    const failure = await failureOf(startWith({ gatewayUrl: platform.gatewayUrl, app: false, tenant: TENANT }));
    expect(failure).toMatchObject({ code: 'options_invalid', message: expect.stringContaining('oauthUrl is missing') });
  });

  it("yields app tokens, but believes nobody's user tokens", async () => {
    const platform = await startPlatform();
    const module = await startWith({ gatewayUrl: platform.gatewayUrl, app: APP, tenant: false });
    expect((await tokenOf(module.get(AppCredentials))).tenant).toBe('acme');
    const publicUser = platform.userToken({ iss: 'https://acme.piam.eu1.mindsphere.io/oauth/token' });
    expect(await failureOf(module.get(TokenVerifier).verify(publicUser))).toMatchObject({ code: 'token_issuer' });
    expect(platform.keys.count).toBe(0);
  });
});

describe('request.axios', () => {
  it.each<[string, unknown]>([
    ['a URL', 'http://proxy.example:3128'],
    ['an object of URL', new URL('http://ann:geheim@proxy.example:3128')],
    ['a number', 3128],
    ['no host', { port: 3128 }],
    ['a login that is not in auth', { host: 'proxy.example', port: 3128, username: 'ann', password: 'geheim' }],
    ['a login in one string', { host: 'proxy.example', port: 3128, auth: 'ann:geheim' }],
  ])('is invalid where its proxy is %s', async (_, proxy) => {
    const { code, message } = await failureOf(() => resolveOptions(forbidden({ request: { axios: { proxy } } })));
    expect([code, message]).toEqual(['options_invalid', expect.stringContaining('  - request.axios must be')]);
    expect(message).not.toContain('geheim');
  });

  it.each<[string, unknown]>([
    ['no', undefined],
    ['no other', false],
    ['a', { protocol: 'http', host: 'proxy.example', port: 3128, auth: { username: 'ann', password: 'geheim' } }],
  ])('may name %s proxy', (_, proxy) => {
    expect(resolveOptions(forbidden({ request: { axios: { proxy } } })).request.axios().proxy).toBe(proxy);
  });
});

describe('a name of which no URL can be made', () => {
  it.each<[string, MindsphereCredentialsModuleOptions]>([
    ['region', { region: 'xn--a' }],
    ['baseDomain', { baseDomain: '10.0.0.5' }],
    ['baseDomain', { baseDomain: 'xn--a.example' }],
    ['xcelerator.region', { xcelerator: { region: 'xn--a' } }],
    ['xcelerator.coreTenant', { xcelerator: { coreTenant: 'xn--a' } }],
  ])('is a fault of %s: %j', async (path, options) => {
    const { code, message } = await failureOf(() => resolveOptions(options));
    expect([code, message]).toEqual(['options_invalid', expect.stringContaining(`  - ${path} `)]);
  });

  it('is not one that is a number, as tenants are', () => {
    expect(() => resolveOptions({ baseDomain: '1.example', xcelerator: { coreTenant: '1000001700' } })).not.toThrow();
  });
});

describe('a region of another type', () => {
  it('is one of the faults', async () => {
    const given = forbidden<MindsphereCredentialsModuleOptions>({ region: Object.create(null), baseDomain: 7 });
    const { message } = await failureOf(() => resolveOptions(completeFromEnvironment(given, {})));
    expect(message.match(/- (region|baseDomain) /g)).toHaveLength(2);
  });
});

describe('verification.issuerUrl', () => {
  it.each(['https://id.example/{tenant}/', 'https://{tenant}.id.example:443/oauth/token'])(
    'is compared as it was written: %s',
    async (issuerUrl) => {
      const platform = await startPlatform();
      const module = await startWith({ ...platform.urls, app: APP, verification: { issuerUrl } });
      const jwt = platform.userToken({ iss: issuerUrl.replace('{tenant}', 'acme') });
      expect((await firstValueFrom(module.get(TokenVerifier).verify(jwt))).tenant).toBe('acme');
    },
  );
});

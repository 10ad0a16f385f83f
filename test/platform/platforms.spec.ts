import { describe, expect, it } from 'vitest';
import { siteOfCloudFoundry } from '../../lib/platform/mindsphere.js';
import { isPlatform, PLATFORMS } from '../../lib/platform/platforms.js';

const { mindsphere, xcelerator } = PLATFORMS;

describe('hosts', () => {
  const hostsOf = ({ hosts }: typeof mindsphere, region = hosts.defaultRegion) => {
    const site = { region, baseDomain: hosts.baseDomainOf(region) };
    return [hosts.gateway(site), hosts.oauthTemplate(site, hosts.gateway(site))];
  };

  it.each([
    [undefined, 'https://gateway.eu1.mindsphere.io', 'https://{tenant}.piam.eu1.mindsphere.io'],
    ['eu2', 'https://gateway.eu2.mindsphere.io', 'https://{tenant}.piam.eu2.mindsphere.io'],
    ['cn1', 'https://gateway.cn1.mindsphere-in.cn', 'https://{tenant}.piam.cn1.mindsphere-in.cn'],
    ['cn1-cert', 'https://gateway.cn1-cert.mindsphere-in.cn', 'https://{tenant}.piam.cn1-cert.mindsphere-in.cn'],
    ['cn10', 'https://gateway.cn10.mindsphere.io', 'https://{tenant}.piam.cn10.mindsphere.io'],
  ])('of mindsphere.io in region %s are %s and %s', (region, gateway, template) => {
    expect(hostsOf(mindsphere, region)).toEqual([gateway, template]);
  });

  it('of siemens.app are by region', () => {
    expect(hostsOf(xcelerator)).toEqual(['https://api.eu1.siemens.app', 'https://{tenant}.eu1.sws.siemens.com']);
    expect(hostsOf(xcelerator, 'us1')[1]).toBe('https://{tenant}.us1.sws.siemens.com');
  });

  it('of a private gateway of mindsphere.io lead to no OAuth server of the public platform', () => {
    const site = { region: 'eu1', baseDomain: 'mindsphere.io' };
    expect(mindsphere.hosts.oauthTemplate(site, 'https://private.example')).toBeUndefined();
  });

  it('are read from VCAP_APPLICATION', () => {
    const vcap = JSON.stringify({ cf_api: 'https://api.cf.eu2.private.example' });
    expect(siteOfCloudFoundry(vcap)).toEqual({ region: 'eu2', baseDomain: 'private.example' });
    expect(siteOfCloudFoundry('{}')).toBeUndefined();
  });
});

describe('paths', () => {
  it('of the Token Manager name the core tenant on siemens.app', () => {
    expect(mindsphere.tokenManager.tokenPath()).toBe('/api/technicaltokenmanager/v3/oauth/token');
    expect(xcelerator.tokenManager.tokenPath('7')).toBe('/api/technicaltokenmanager-7/v3/oauth/token');
    expect(xcelerator.tokenManager.userTenantsPath()).toBe('/api/technicaltokenmanager-1000001700/v3/userTenants');
  });

  it.each([
    ['/api/iottsaggregates/v4/aggregates?x=/api/y', '/api/iottsaggregates-1000001700/v4/aggregates?x=/api/y'],
    ['/api/iottsaggregates', '/api/iottsaggregates-1000001700'],
    ['/api/assets?size=1', '/api/assets-1000001700?size=1'],
    ['/api/assets-1000001700/v3', '/api/assets-1000001700/v3'],
    ['/api/assets-7', '/api/assets-7'],
    ['/api/assets-v3/x', '/api/assets-v3-1000001700/x'],
    ['/api/', '/api/'],
    ['/apix/assets', '/apix/assets'],
    ['/other/api/assets', '/other/api/assets'],
  ])('%s is %s on siemens.app, and stays on mindsphere.io', (path, expected) => {
    expect(xcelerator.apiPath(path)).toBe(expected);
    expect(mindsphere.apiPath(path)).toBe(path);
  });
});

describe('a tenant', () => {
  it.each([
    ['acme', 'acme', 'acme'],
    ['1000000351', '1000000351', '1000000351'],
    [1000000351, undefined, '1000000351'],
    [0, undefined, '0'],
    [-1, undefined, undefined],
    [1.5, undefined, undefined],
    [1e300, undefined, undefined],
    [2 ** 53, undefined, undefined],
    ['', undefined, undefined],
    ['a.b', undefined, undefined],
    ['a/b', undefined, undefined],
    [null, undefined, undefined],
    [['acme'], undefined, undefined],
  ])('claimed as %j is %j on mindsphere.io, %j on siemens.app', (claim, onMindsphere, onXcelerator) => {
    expect(mindsphere.readTenant(claim)).toBe(onMindsphere);
    expect(xcelerator.readTenant(claim)).toBe(onXcelerator);
  });
});

describe("a user's token", () => {
  it.each([
    [{ user_id: 'u' }, true, true],
    [{ user_name: 'u' }, true, false],
    [{ 'sws.samauth.ten.user': 'u' }, false, true],
    [{ 'sws.samauth.ten.user': '', user_id: 'u' }, true, true],
    [{ user_id: '', user_name: '' }, false, false],
    [{ user_id: 'u', grant_type: 'client_credentials' }, false, false],
    [{ user_id: 'u', zid: 'agentiam' }, false, false],
    [{}, false, false],
  ])('with %j is one on mindsphere.io: %j, on siemens.app: %j', (claims, onMindsphere, onXcelerator) => {
    expect(mindsphere.isUserToken(claims)).toBe(onMindsphere);
    expect(xcelerator.isUserToken(claims)).toBe(onXcelerator);
  });

  it.each([
    ['my-app-acme', { appName: 'my-app', hostTenant: 'acme' }],
    ['acme', undefined],
    ['-acme', undefined],
    ['app-', undefined],
    [7, undefined],
  ])('of client %j names %j on mindsphere.io, and nothing on siemens.app', (clientId, expected) => {
    expect(mindsphere.appAndHost(clientId)).toEqual(expected);
    expect(xcelerator.appAndHost(clientId)).toBeUndefined();
  });
});

it.each([
  ['mindsphere', true],
  ['xcelerator', true],
  ['toString', false],
  ['', false],
  [undefined, false],
])('%j names a platform: %j', (name, expected) => {
  expect(isPlatform(name)).toBe(expected);
});

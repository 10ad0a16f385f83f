import { fakeAccessToken, fakeCredentials, fakeUserToken } from 'nestjs-mindsphere-credentials/testing';
import { describe, expect, it } from 'vitest';

describe('Doubles', () => {
  it('of a user are of mindsphere.io by default', () => {
    const user = fakeUserToken({ tenant: 'acme', subtenant: 'plant1' });
    expect(user).toMatchObject({ platform: 'mindsphere', tenant: 'acme', tenantName: 'acme', subtenant: 'plant1' });
    expect(user).toMatchObject({ userId: 'fake-user-id', userName: 'fake.user@example.com', hostTenant: 'acme' });
  });

  it('of a user are of siemens.app on demand', () => {
    const user = fakeUserToken({ platform: 'xcelerator', tenant: '1000000351', tenantName: 'acme', subtenant: 'x' });
    expect(user).toMatchObject({ platform: 'xcelerator', tenant: '1000000351', tenantName: 'acme' });
    expect(user).toMatchObject({ userId: 'fake-user-id', userName: 'fake.user@example.com' });
    expect([user.subtenant, user.hostTenant]).toEqual([undefined, undefined]);
    expect(user.claims).toMatchObject({ 'sws.samauth.ten': '1000000351', 'sws.samauth.ten.name': 'acme' });
    expect(fakeUserToken({ platform: 'xcelerator' }).tenantName).toBeUndefined();
  });

  it('of credentials have the platform of their token', () => {
    const token = fakeAccessToken({ platform: 'xcelerator', tenant: '1000000351', tenantName: 'acme' });
    expect(token).toMatchObject({ platform: 'xcelerator', tenant: '1000000351' });
    expect(token.claims).toMatchObject({ 'sws.samauth.ten': '1000000351', 'sws.samauth.ten.name': 'acme' });
    expect(fakeCredentials(token).platform).toBe('xcelerator');
    expect(fakeAccessToken()).toMatchObject({ platform: 'mindsphere', tenant: 'fake-tenant' });
  });
});

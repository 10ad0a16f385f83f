import { fakeAccessToken, fakeCredentials } from 'nestjs-mindsphere-credentials/testing';
import { lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { objectOf, useEmulator } from './emulator-lab.js';

const PATH = '/api/technicaltokenmanager/v3/userTenants';

describe('userTenants of the emulator', () => {
  const lab = useEmulator();
  const { ask, askApi, askAppToken, start } = lab;
  const hostToken = async () => String((await objectOf(await askAppToken({ userTenant: 'operator' })))['access_token']);

  it('answers a page in the documented shape', async () => {
    await start({ userTenants: ['a', 'b', 'c', 'a'] });
    const response = await askApi(await hostToken(), `${PATH}?page=1&size=2`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      page: { size: 2, totalElements: 3, totalPages: 2, number: 1 },
      userTenants: [{ id: 'c' }],
    });
  });

  it('lists the user tenant of the app without an option, and nothing behind the last page', async () => {
    await start();
    expect(await (await askApi(await hostToken(), PATH)).json()).toEqual({
      page: { size: 100, totalElements: 1, totalPages: 1, number: 0 },
      userTenants: [{ id: 'customer' }],
    });
    expect(await (await askApi(await hostToken(), `${PATH}?page=7`)).json()).toMatchObject({ userTenants: [] });
  });

  it.each(['page=-1', 'page=x', 'size=0', 'size=501', 'size=', 'page=0&page=1', 'offset=1'])(
    'refuses %s',
    async (query) => {
      await start();
      expect((await askApi(await hostToken(), `${PATH}?${query}`)).status).toBe(400);
    },
  );

  it('wants a token', async () => {
    await start();
    const response = await ask(PATH);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  it('wants the technical token of the host tenant', async () => {
    await start();
    const forCustomer = String((await objectOf(await askAppToken()))['access_token']);
    expect((await askApi(forCustomer, PATH)).status).toBe(403);
    const user = lab.emulator.issueUserToken({ tenant: 'operator' });
    expect((await askApi(user, PATH)).status).toBe(403);
  });

  it('knows GET only', async () => {
    await start();
    const headers = { authorization: `Bearer ${await hostToken()}` };
    expect((await ask(PATH, { method: 'POST', headers })).status).toBe(405);
  });

  it('has a name for faults and requests', async () => {
    await start();
    lab.emulator.failNext('user-tenants', { status: 503 });
    expect((await askApi(await hostToken(), PATH)).status).toBe(503);
    expect(lab.emulator.requests('user-tenants')).toMatchObject([{ method: 'GET', path: PATH }]);
    expect(lab.emulator.requests('api')).toEqual([]);
  });
});

describe('userTenants of the double', () => {
  it('is the tenant of its token', async () => {
    const credentials = fakeCredentials(fakeAccessToken({ tenant: 'customer' }));
    expect(await lastValueFrom(credentials.userTenants().pipe(toArray()))).toEqual(['customer']);
  });
});

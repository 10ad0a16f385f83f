import { ContextIdFactory } from '@nestjs/core';
import { type AccessToken, CurrentAppCredentials } from 'nestjs-mindsphere-credentials';
import { describe, expect, it } from 'vitest';
import { APP, failureOf, startWith, tokenOf, until } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';

const KEY = testKey('key-id-1', 0);

/** The credentials of a request that presents a user's token, on a route that forgot the guard. */
async function currentOf(claims: object, token = (server: KeyServer) => server.token(KEY, { ...claims })) {
  const server = await KeyServer.start(KEY);
  const { userTenant: _, ...app } = APP;
  const module = await startWith({ ...server.platform.urls, app, tenant: false });
  const contextId = ContextIdFactory.create();
  module.registerRequestByContextId(
    { headers: { authorization: `Bearer ${token(server)}` }, rawHeaders: [] },
    contextId,
  );
  return { server, current: await module.resolve(CurrentAppCredentials, contextId) };
}

describe('the app credentials of the current request', () => {
  it("act for the user's tenant, whatever way they are asked", async () => {
    const { server, current } = await currentOf({ ten: 'globex' });
    const heard: AccessToken[] = [];
    const subscription = current.token$.subscribe((token) => heard.push(token));
    const first = await tokenOf(current);
    await until(() => heard.length === 1);
    expect([first.tenant, heard[0]]).toEqual(['globex', first]);
    expect(current.toJSON()).toMatchObject({ userTenant: "the user's", hostTenant: 'host1' });
    current.invalidate(first);
    await until(() => heard.length === 2);
    const second = await tokenOf(current);
    expect(second.value).not.toBe(first.value);
    expect(second).toBe(heard[1]);
    subscription.unsubscribe();
    expect(server.platform.app.count).toBe(2);
  });

  it('fail in every way where the token is not the one of a user', async () => {
    const { server, current } = await currentOf({}, (keys) => keys.forged(KEY.kid, { ten: 'globex' }));
    expect((await failureOf(current.getToken())).code).toBe('token_signature');
    expect((await failureOf(current.token$)).code).toBe('token_signature');
    expect(() => current.invalidate()).not.toThrow();
    expect(server.platform.app.count).toBe(0);
  });

  it('say so where they are resolved outside of a request', async () => {
    const module = await startWith({ app: APP, tenant: false });
    const failure = await failureOf((await module.resolve(CurrentAppCredentials)).getToken());
    expect(failure.code).toBe('token_missing');
    expect(failure.message).toContain('were resolved outside of one');
  });
});

import { TokenVerifier } from 'nestjs-mindsphere-credentials';
import { describe, expect, it } from 'vitest';
import { completeFromEnvironment } from '../../lib/config/environment.js';
import { resolveOptions } from '../../lib/config/resolve-options.js';
import { failureOf, setEnvironment, startWith } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';

/* Whose users' tokens are accepted by default: those of our app, as far as its name is known. */

const KEY = testKey('key-id-1', 0);
const usersOf = (given: object, environment: Record<string, string> = {}) =>
  resolveOptions(completeFromEnvironment(given, environment)).platforms[0].users;
const NAME = { MDSP_OS_VM_APP_NAME: 'myapp' };
const HOST = { MDSP_HOST_TENANT: 'host1' };

describe('clientIds by default', () => {
  it.each([
    ['name and host tenant', { ...NAME, ...HOST }, ['myapp-host1'], 'myapp'],
    ['the name alone', NAME, undefined, 'myapp'],
    ['the host tenant alone', HOST, undefined, undefined],
    ['nothing', {}, undefined, undefined],
  ])('with %s in the environment, without key store credentials', (_, environment, clientIds, appName) => {
    expect(usersOf({}, environment)).toMatchObject({ clientIds, appName });
  });

  it('are what is given, whatever is known', () => {
    const environment = { ...NAME, ...HOST };
    expect(usersOf({ verification: { clientIds: ['x'] } }, environment).clientIds).toEqual(['x']);
    expect(usersOf({ verification: { clientIds: 'any' } }, environment).clientIds).toBe('any');
  });

  it('are nobody where the app is switched off', () => {
    expect(usersOf({ app: false }, { ...NAME, ...HOST })).toMatchObject({ clientIds: undefined, appName: undefined });
  });
});

describe('users of an application without key store credentials', () => {
  const verdictOf = async (environment: Record<string, string>, cid: string) => {
    const server = await KeyServer.start(KEY);
    setEnvironment(environment);
    const verifier = (await startWith({ ...server.platform.urls })).get(TokenVerifier);
    return failureOf(verifier.verify(server.token(KEY, { cid, client_id: cid }))).then(
      ({ code, message }) => `${code}: ${message}`,
      () => 'ok',
    );
  };

  it.each([
    [{ ...NAME, ...HOST }, 'myapp-host1', /^ok$/],
    [{ ...NAME, ...HOST }, 'myapp-host2', /^token_client/],
    [NAME, 'myapp-host2', /^ok$/],
    [NAME, 'otherapp-host1', /^token_client/],
    [{}, 'myapp-host1', /^token_client/],
  ])('with %o: a token of %s is %s', async (environment, cid, verdict) => {
    expect(await verdictOf(environment, cid)).toMatch(verdict);
  });

  it('get an error that says what to set where no app is known', async () => {
    const refusal = await verdictOf({}, 'myapp-host1');
    expect(refusal).toContain('verification.clientIds');
    expect(refusal).toContain('app.appName (MDSP_OS_VM_APP_NAME)');
  });
});

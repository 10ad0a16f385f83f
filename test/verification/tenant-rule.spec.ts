import { AppCredentials, TokenVerifier } from 'nestjs-mindsphere-credentials';
import { EMPTY, firstValueFrom, NEVER, of, throwError } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { APP, failureOf, fakeTime, forbidden, startWith } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { verifierLab } from '../support/key-server-verifier.js';

const KEY = testKey('key-id-1', 0);
const why = (reason: string) =>
  `The user's token is refused: the function verification.allowedTenants ${reason} for tenant "acme".`;

describe("the application's rule for tenants", () => {
  it.each<[string, unknown]>([
    ['true', true],
    ['a promise of it', Promise.resolve(true)],
    ['an Observable of it', of(true, false)],
  ])('lets in by %s, and is asked on every call', async (_, answer) => {
    const asked: string[] = [];
    const allowedTenants = forbidden<() => boolean>((tenant: string) => (asked.push(tenant), answer));
    const { server, verifier, verify } = await verifierLab([KEY], { verification: { allowedTenants } });
    const jwt = server.token(KEY);
    const user = await verify(jwt);
    expect(await verify(jwt)).toBe(user);
    expect(asked).toEqual(['acme', 'acme']);
    expect(verifier.hasTenantRule).toBe(true);
  });

  it.each<[string, () => unknown, string]>([
    ['false', () => false, 'did not return true'],
    ['something true', () => 'yes', 'did not return true'],
    ['an empty Observable', () => EMPTY, 'did not answer'],
    ['an Observable that fails', () => throwError(() => new Error('secret')), 'failed'],
    ['a rejected promise', () => Promise.reject(new Error('secret')), 'failed'],
    ['nothing', () => undefined, 'did not return true'],
  ])('keeps out by %s, and the error says why', async (_, answer, reason) => {
    const allowedTenants = forbidden<() => boolean>(answer);
    const { server, verifier } = await verifierLab([KEY], { verification: { allowedTenants } });
    const jwt = server.token(KEY);
    const failure = { code: 'token_tenant', message: why(reason) };
    expect(await failureOf(verifier.verify(jwt))).toMatchObject(failure);
    // Now the token is remembered, the answer is not.
    expect(await failureOf(verifier.verify(jwt))).toMatchObject(failure);
  });

  it('keeps out by silence, after request.deadlineMs, and the error says why', async () => {
    fakeTime();
    let isAsked = () => {};
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    const allowedTenants = forbidden<() => boolean>(() => (isAsked(), NEVER));
    const { server, verifier } = await verifierLab([KEY], { verification: { allowedTenants } });
    const failure = failureOf(verifier.verify(server.token(KEY)));
    await asked;
    vi.advanceTimersByTime(15_000);
    expect(await failure).toMatchObject({ code: 'token_tenant', message: why('did not answer in time') });
  });

  it('is there only where it is a function', async () => {
    const { verifier } = await verifierLab([KEY], { verification: { allowedTenants: ['acme'] } });
    expect(verifier.hasTenantRule).toBe(false);
  });
});

it('after the module is destroyed no token is verified, and the error says so', async () => {
  const server = await KeyServer.start(KEY);
  const module = await startWith({ ...server.platform.urls, app: APP, tenant: false });
  const verifier = module.get(TokenVerifier);
  const jwt = server.token(KEY);
  await firstValueFrom(verifier.verify(jwt));
  await module.close();
  const failure = await failureOf(verifier.verify(jwt));
  expect(failure).toMatchObject({
    code: 'module_destroyed',
    message: 'The module has been destroyed, so no token is verified any more.',
  });
});

it('a user of a subtenant gets no technical token of the tenant, unless that is allowed', async () => {
  const server = await KeyServer.start(KEY);
  const start = (allowSubtenantUsers: boolean) =>
    startWith({ ...server.platform.urls, app: { ...APP, allowSubtenantUsers }, tenant: false });
  const jwt = server.token(KEY, { subtenant: 'north' });
  const strict = await start(false);
  const user = await firstValueFrom(strict.get(TokenVerifier).verify(jwt));
  expect(await failureOf(strict.get(AppCredentials).forUser(user).getToken())).toMatchObject({
    code: 'token_tenant',
    message: "The user's token is refused: a technical token would show a user of a subtenant the whole tenant.",
  });
  const loose = await start(true);
  const token = await firstValueFrom(loose.get(AppCredentials).forUser(user).getToken());
  expect(token.tenant).toBe('acme');
});

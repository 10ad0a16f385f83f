import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import jwksRsa from 'jwks-rsa';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import * as openid from 'openid-client';
import { Strategy as JwtStrategy } from 'passport-jwt';
import { ClientCredentials } from 'simple-oauth2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/*
 * Public OAuth clients, which nobody here wrote, at the emulator's OAuth servers and its Token Manager: they get tokens and
 * verify them by their own means. What each can do and what not stands in docs/public-clients.md.
 */

const TOKEN_MANAGER = '/api/technicaltokenmanager/v3/oauth/token';

describe.each([
  { mode: 'lenient', strict: false },
  { mode: 'strict', strict: true },
])('at the $mode emulator', ({ strict }) => {
  let emulator: MindsphereEmulator;
  let server: string;
  let issuer: string;
  let keySetUrl: string;

  beforeEach(async () => {
    emulator = await MindsphereEmulator.start({ strict });
    server = `${emulator.origin}/piam/customer`;
    issuer = `${server}/oauth/token`;
    keySetUrl = `${server}/token_keys`;
  });
  afterEach(() => emulator.close());

  const user = () => emulator.moduleOptions.tenant;
  /** A technical token of tenant `customer`, as `jose` reads it by the tenant's key set. */
  const verified = async (jwt: string) =>
    (await jwtVerify(jwt, createRemoteJWKSet(new URL(keySetUrl)), { issuer, algorithms: ['RS256'], typ: 'JWT' }))
      .payload;

  describe('openid-client', () => {
    const metadata = () => ({ issuer, token_endpoint: issuer, jwks_uri: keySetUrl });

    function configured(auth: openid.ClientAuth): openid.Configuration {
      const configuration = new openid.Configuration(metadata(), user().clientId, undefined, auth);
      openid.allowInsecureRequests(configuration);
      return configuration;
    }

    it.each([
      ['Basic', (secret: string) => openid.ClientSecretBasic(secret)],
      ['the form', (secret: string) => openid.ClientSecretPost(secret)],
    ])('gets a token by %s', async (_, auth) => {
      const token = await openid.clientCredentialsGrant(configured(auth(user().clientSecret)));
      expect(token).toMatchObject({ token_type: 'bearer', scope: expect.any(String) });
      expect(token.expiresIn()).toBeGreaterThan(1_700);
      expect(await verified(token.access_token)).toMatchObject({ ten: 'customer', cid: user().clientId });
    });

    it('gets a token for a subtenant by the parameters of the impersonation', async () => {
      const parameters = { 'iam-action': 'client_credentials.subtenant-impersonation', subtenant: 'plant1' };
      const configuration = configured(openid.ClientSecretBasic(user().clientSecret));
      const token = await openid.clientCredentialsGrant(configuration, parameters);
      expect(token['subtenant']).toBe('plant1');
      expect(await verified(token.access_token)).toMatchObject({ subtenant: 'plant1' });
    });

    it('reads the challenge of a wrong secret', async () => {
      const failure = await openid
        .clientCredentialsGrant(configured(openid.ClientSecretBasic('wrong')))
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(openid.WWWAuthenticateChallengeError);
      expect(failure).toMatchObject({
        status: 401,
        cause: [{ scheme: 'basic', parameters: { realm: 'UAA/client', error: 'unauthorized' } }],
      });
    });

    it('reads the error of a request that is not valid', async () => {
      const configuration = configured(openid.ClientSecretBasic(user().clientSecret));
      const parameters = { 'iam-action': 'client_credentials.subtenant-impersonation' };
      const failure = await openid.clientCredentialsGrant(configuration, parameters).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(openid.ResponseBodyError);
      expect(failure).toMatchObject({ status: 400, error: 'invalid_request' });
    });

    const discovered = async () =>
      openid.discovery(new URL(issuer), user().clientId, undefined, openid.ClientSecretBasic(user().clientSecret), {
        execute: [openid.allowInsecureRequests],
      });

    it.skipIf(strict)('finds the configuration below the issuer, and gets a token', async () => {
      const configuration = await discovered();
      expect(configuration.serverMetadata()).toMatchObject(metadata());
      const token = await openid.clientCredentialsGrant(configuration);
      expect(await verified(token.access_token)).toMatchObject({ ten: 'customer' });
    });

    it.runIf(strict)('finds no configuration, for which the library never asks', async () => {
      await expect(discovered()).rejects.toThrow('unexpected HTTP response status code');
    });
  });

  describe('simple-oauth2', () => {
    const client = (authorizationMethod: 'header' | 'body', secret: string = user().clientSecret) =>
      new ClientCredentials({
        client: { id: user().clientId, secret },
        auth: { tokenHost: emulator.origin, tokenPath: '/piam/customer/oauth/token' },
        options: { authorizationMethod },
      });

    it.each(['header', 'body'] as const)('gets a token, its credentials in the %s', async (method) => {
      const accessToken = await client(method).getToken({});
      expect(accessToken.expired()).toBe(false);
      expect(accessToken.token['token_type']).toBe('Bearer');
      expect(await verified(String(accessToken.token['access_token']))).toMatchObject({ ten: 'customer' });
    });

    it.each([
      ['header', { statusCode: 401, error: 'unauthorized' }],
      ['body', { statusCode: 401, error: 'unauthorized' }],
    ] as const)('reads the error of a wrong secret in the %s', async (method, { statusCode, error }) => {
      const failure = await client(method, 'wrong')
        .getToken({})
        .catch((reason: unknown) => reason);
      expect(failure).toMatchObject({
        output: { statusCode },
        data: { payload: { error, error_description: 'Bad credentials' } },
      });
    });

    it('gets a token for a subtenant by the parameters of the impersonation', async () => {
      const parameters = { 'iam-action': 'client_credentials.subtenant-impersonation', subtenant: 'plant1' };
      const { token } = await client('header').getToken(parameters);
      expect(await verified(String(token['access_token']))).toMatchObject({ subtenant: 'plant1' });
    });

    it.skipIf(strict)('may ask for a scope, which changes nothing', async () => {
      const { token } = await client('header').getToken({ scope: 'api.read' });
      expect(await verified(String(token['access_token']))).toMatchObject({ ten: 'customer' });
    });

    it.runIf(strict)('may ask for no scope, which the library never does', async () => {
      await expect(client('header').getToken({ scope: 'api.read' })).rejects.toMatchObject({
        output: { statusCode: 400 },
      });
    });
  });

  describe('clients that verify tokens', () => {
    const userToken = (claims = {}) => emulator.issueUserToken({ scopes: ['myapp.user'], ...claims });

    it('jose accepts a token of a user, before and after a rotation', async () => {
      const keySet = createRemoteJWKSet(new URL(keySetUrl), { cooldownDuration: 0 });
      const check = async (jwt: string) => (await jwtVerify(jwt, keySet, { issuer, typ: 'JWT' })).payload;
      expect(await check(userToken())).toMatchObject({ ten: 'customer', scope: ['myapp.user'] });
      emulator.rotateKeys();
      expect(await check(userToken())).toMatchObject({ ten: 'customer' });
      expect(emulator.requests('token-keys')).toHaveLength(2);
    });

    it('jose refuses a token of another issuer', async () => {
      const keySet = createRemoteJWKSet(new URL(keySetUrl));
      const other = userToken({ tenant: 'other' });
      await expect(jwtVerify(other, keySet, { issuer })).rejects.toBeInstanceOf(errors.JWTClaimValidationFailed);
    });

    it('jsonwebtoken accepts a token of a user by the key that jwks-rsa reads, and refuses a changed one', async () => {
      const keys = jwksRsa({ jwksUri: keySetUrl });
      const check = async (jwt: string) => {
        const kid = jsonwebtoken.decode(jwt, { complete: true })?.header.kid;
        const key = (await keys.getSigningKey(kid)).getPublicKey();
        return jsonwebtoken.verify(jwt, key, { algorithms: ['RS256'], issuer });
      };
      const jwt = userToken();
      expect(await check(jwt)).toMatchObject({ ten: 'customer' });
      const [header, , signature] = jwt.split('.');
      const changed = [header, userToken({ userName: 'eve' }).split('.')[1], signature].join('.');
      await expect(check(changed)).rejects.toThrow('invalid signature');
    });

    it('passport-jwt accepts a token of a user, and refuses none', async () => {
      const ask = async (authorization: string) =>
        new Promise<unknown>((resolve) => {
          const strategy = new JwtStrategy(
            {
              jwtFromRequest: ({ headers }) => headers.authorization?.slice('Bearer '.length) ?? null,
              secretOrKeyProvider: jwksRsa.passportJwtSecret({ jwksUri: keySetUrl }),
              algorithms: ['RS256'],
              issuer,
            },
            (claims: unknown, done: (error: null, claims: unknown) => void) => done(null, claims),
          );
          Object.assign(strategy, {
            success: resolve,
            fail: (reason: unknown) => resolve(String(reason)),
            error: (reason: unknown) => resolve(String(reason)),
          });
          strategy.authenticate({ headers: { authorization } } as never);
        });
      expect(await ask(`Bearer ${userToken()}`)).toMatchObject({ ten: 'customer' });
      expect(await ask('Bearer a.b.c')).toMatch(/Error/);
    });
  });

  describe('the Token Manager', () => {
    const app = () => emulator.moduleOptions.app;

    it('is not an OAuth server: openid-client is refused, whose request is a form', async () => {
      const { keyStoreClientId, keyStoreClientSecret } = app();
      const configuration = new openid.Configuration(
        { issuer, token_endpoint: emulator.origin + TOKEN_MANAGER },
        keyStoreClientId,
        undefined,
        openid.ClientSecretBasic(keyStoreClientSecret),
      );
      openid.allowInsecureRequests(configuration);
      const failure = await openid.clientCredentialsGrant(configuration).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'OAUTH_RESPONSE_IS_NOT_CONFORM' });
    });

    const appToken = async () => {
      const { keyStoreClientId: id, keyStoreClientSecret: secret, appName, appVersion, hostTenant, userTenant } = app();
      const client = new ClientCredentials({
        client: { id, secret },
        auth: { tokenHost: emulator.origin, tokenPath: TOKEN_MANAGER },
        options: { authorizationMethod: 'header', bodyFormat: 'json' },
      });
      return client.getToken({ appName, appVersion, hostTenant, userTenant });
    };

    it.skipIf(strict)('gives simple-oauth2 a token, whose credentials are in Authorization', async () => {
      const { token } = await appToken();
      const keySet = createRemoteJWKSet(new URL(`${emulator.origin}/piam/core/token_keys`));
      expect((await jwtVerify(String(token['access_token']), keySet)).payload).toMatchObject({ ten: 'customer' });
    });

    it.runIf(strict)('refuses simple-oauth2, whose credentials are not in X-SPACE-AUTH-KEY', async () => {
      await expect(appToken()).rejects.toMatchObject({ output: { statusCode: 401 } });
    });
  });
});

import { verify } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StubPlatform } from './stub-platform.js';

// The judge is judged here, with nothing but `fetch`: what it takes, what it refuses, and that its tokens are real.

const BASIC = 'Basic YWJjOnNlY3JldA=='; // abc:secret
const APP = { appName: 'myapp', appVersion: '1.0.0', hostTenant: 'host1', userTenant: 'acme' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_TYPE = { 'content-type': 'application/json' };
const IMPERSONATION = 'iam-action=client_credentials.subtenant-impersonation';

interface Sent {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

async function platformFor(): Promise<StubPlatform> {
  const platform = await StubPlatform.start();
  onTestFinished(() => platform.close());
  return platform;
}

async function ask(url: string, sent: Sent): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url, sent);
  const body: Record<string, unknown> = Object(await response.json());
  return { status: response.status, body };
}

const appRequest = (change: Sent = {}): Sent => ({
  method: 'POST',
  body: JSON.stringify(APP),
  ...change,
  headers: { ...JSON_TYPE, 'x-space-auth-key': BASIC, ...change.headers },
});
// Bytes, because fetch would add a charset to the content type of a text.
const tenantRequest = (body = 'grant_type=client_credentials', headers: Record<string, string> = {}): Sent => ({
  method: 'POST',
  body: Buffer.from(body),
  headers: { ...FORM, authorization: BASIC, ...headers },
});

const appUrl = (platform: StubPlatform) => `${platform.origin}/api/technicaltokenmanager/v3/oauth/token`;

describe('StubPlatform', () => {
  it('answers an app request with a token that its key set verifies', async () => {
    const platform = await platformFor();
    const { status, body } = await ask(appUrl(platform), appRequest());
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'bearer', expires_in: 1799, timestamp: expect.any(Number) });
    const keys = await ask(`${platform.origin}/piam/acme/token_keys`, {});
    const keySet: JSONWebKeySet = { keys: [], ...keys.body };
    const { payload } = await jwtVerify(String(body.access_token), createLocalJWKSet(keySet));
    expect(payload).toMatchObject({ ten: 'acme', iss: platform.issuerOf('host1'), cid: 'abc' });
    const signing = keySet.keys.at(-1);
    expect(signing?.n).toMatch(/^A[I-P]/); // the leading zero byte
    const parts = String(body.access_token).split('.');
    const signed = Buffer.from(parts.slice(0, 2).join('.'));
    const pem = String(Object(signing).value);
    expect(verify('RSA-SHA256', signed, pem, Buffer.from(parts[2]!, 'base64url'))).toBe(true);
  });

  it('answers tenant and subtenant requests', async () => {
    const platform = await platformFor();
    const url = `${platform.origin}/piam/acme/oauth/token`;
    const whole = await ask(url, tenantRequest());
    expect(whole).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 1800 } });
    expect(whole.body).not.toHaveProperty('subtenant');
    const part = await ask(url, tenantRequest(`grant_type=client_credentials&${IMPERSONATION}&subtenant=plant-7`));
    expect(part).toMatchObject({ status: 200, body: { subtenant: 'plant-7' } });
    expect(platform.tenant.requests.map(({ fault }) => fault)).toEqual([undefined, undefined]);
  });

  it.each<[string, Sent]>([
    ['another method', appRequest({ method: 'PUT' })],
    ['another content type', appRequest({ headers: FORM })],
    ['no credentials', { method: 'POST', body: JSON.stringify(APP), headers: JSON_TYPE }],
    ['another scheme', appRequest({ headers: { 'x-space-auth-key': BASIC.replace('Basic', 'Digest') } })],
    ['the placeholder brackets', appRequest({ headers: { 'x-space-auth-key': 'Basic <YWJjOnNlY3JldA==>' } })],
    ['Base64 without padding', appRequest({ headers: { 'x-space-auth-key': BASIC.replace(/=/g, '') } })],
    ['Authorization beside it', appRequest({ headers: { authorization: BASIC } })],
    ['no JSON', appRequest({ body: 'appName=myapp' })],
    ['a field less', appRequest({ body: JSON.stringify({ ...APP, userTenant: undefined }) })],
    ['a field more', appRequest({ body: JSON.stringify({ ...APP, grant_type: 'client_credentials' }) })],
    ['a tenant that is no label', appRequest({ body: JSON.stringify({ ...APP, userTenant: 'a.b' }) })],
  ])('refuses an app request with %s', async (_, sent) => {
    const platform = await platformFor();
    expect(await ask(appUrl(platform), sent)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(platform.app.only.fault).toBeTruthy();
  });

  it.each<[string, Sent]>([
    ['another grant type', tenantRequest('grant_type=password')],
    ['no grant type', tenantRequest('')],
    ['the grant type twice', tenantRequest('grant_type=client_credentials&grant_type=client_credentials')],
    ['a subtenant alone', tenantRequest('grant_type=client_credentials&subtenant=plant-7')],
    ['another action', tenantRequest('grant_type=client_credentials&iam-action=x&subtenant=plant-7')],
    ['an empty subtenant', tenantRequest(`grant_type=client_credentials&${IMPERSONATION}&subtenant=`)],
    ['credentials in the form', tenantRequest('grant_type=client_credentials&client_id=abc')],
    ['a charset', tenantRequest(undefined, { 'content-type': `${FORM['content-type']};charset=utf-8` })],
    ['a bearer token', tenantRequest(undefined, { authorization: BASIC.replace('Basic', 'Bearer') })],
    ['the header of the gateway', tenantRequest(undefined, { 'x-space-auth-key': BASIC })],
  ])('refuses a tenant request with %s', async (_, sent) => {
    const platform = await platformFor();
    const answer = await ask(`${platform.origin}/piam/acme/oauth/token`, sent);
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(platform.tenant.only.fault).toBeTruthy();
  });

  it.each(['/', '/oauth/token', '/api/technicaltokenmanager/v3/oauth/token/', '/piam/a/b/oauth/token', '/piam/acme/x'])(
    'knows nothing at %s',
    async (path) => {
      const platform = await platformFor();
      expect((await ask(`${platform.origin}${path}`, tenantRequest())).status).toBe(404);
      expect(platform.elsewhere.count).toBe(platform.count);
    },
  );
});

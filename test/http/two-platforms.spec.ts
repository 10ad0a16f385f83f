import { AppCredentials, MindsphereCredentialsFactory, MindsphereHttpService } from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { failureOf, forbidden, startWith, TENANT } from '../support/application.js';
import { json, redirect } from '../support/stub-platform.js';
import { CORE } from '../support/stub-xcelerator.js';
import { bothPlatforms } from '../support/two-platforms.js';
import { ASSETS, bearerOf } from './lab.js';

const THERE = `/api/assetmanagement-${CORE}/v3/assets`;
const MEGABYTE = 1_000_000;

async function startBoth(...options: Parameters<typeof bothPlatforms>) {
  const lab = await bothPlatforms(...options);
  const { mindsphere, siemensApp, module } = lab;
  for (const stub of [mindsphere, siemensApp]) stub.elsewhere.always(json({ found: true }));
  const http = module.get(MindsphereHttpService);
  const app = module.get(AppCredentials);
  return { ...lab, http, here: http.as(app), there: http.as(app.on('xcelerator')) };
}

type Lab = Awaited<ReturnType<typeof startBoth>>;

/** The three ways to call an API. */
const WAYS: readonly [string, (client: Lab['here'], url: string) => Promise<unknown>][] = [
  ['get()', (client, url) => firstValueFrom(client.get(url))],
  ['axiosRef', (client, url) => client.axiosRef.get(url)],
  ['fetch', (client, url) => client.fetch(url)],
];

describe.each(WAYS)('calls by %s', (_, call) => {
  it("go to the gateway of the token's platform, by its rule for paths", async () => {
    const { mindsphere, siemensApp, here, there } = await startBoth();
    await call(here, ASSETS);
    await call(there, `${ASSETS}?filter=a`);
    await call(there, '/api/iottimeseries-77/v3/x');
    expect(mindsphere.elsewhere.only.url).toBe(ASSETS);
    expect(siemensApp.elsewhere.requests.map(({ url }) => url)).toEqual([
      `${THERE}?filter=a`,
      '/api/iottimeseries-77/v3/x',
    ]);
    const [ours, theirs] = [mindsphere, siemensApp].map(({ elsewhere }) => bearerOf(elsewhere.requests[0]!));
    expect(ours).not.toBe(theirs);
  });

  it('take absolute URLs as they are', async () => {
    const { siemensApp, http, there } = await startBoth();
    await call(there, http.gatewayUrl('xcelerator') + ASSETS);
    expect(siemensApp.elsewhere.only.url).toBe(ASSETS);
  });

  it("never bring a token to the other platform's gateway", async () => {
    const { mindsphere, siemensApp, http, here, there } = await startBoth();
    const refusal = { code: 'options_invalid', message: expect.stringContaining('leads to') };
    expect(await failureOf(call(there, http.gatewayUrl('mindsphere') + ASSETS))).toMatchObject(refusal);
    expect(await failureOf(call(here, http.gatewayUrl('xcelerator') + ASSETS))).toMatchObject(refusal);
    expect([mindsphere.elsewhere.count, siemensApp.elsewhere.count]).toEqual([0, 0]);
  });

  it('distinguish gateways of one origin by the longer path', async () => {
    const emulator = await MindsphereEmulator.start({ xcelerator: true });
    onTestFinished(() => emulator.close());
    const module = await startWith(emulator.moduleOptions);
    const [http, app] = [module.get(MindsphereHttpService), module.get(AppCredentials)];
    const [ours, theirs] = [http.gatewayUrl('mindsphere'), http.gatewayUrl('xcelerator')];
    expect(new URL(ours).origin).toBe(new URL(theirs).origin);
    await call(http.as(app), ours + ASSETS);
    await call(http.as(app.on('xcelerator')), theirs + THERE);
    expect(emulator.requests('api').map(({ platform }) => platform)).toEqual(['mindsphere', 'xcelerator']);
    const refusals = [call(http.as(app), theirs + THERE), call(http.as(app.on('xcelerator')), ours + ASSETS)];
    for (const refused of await Promise.all(refusals.map(failureOf))) expect(refused.code).toBe('options_invalid');
    expect(emulator.requests('api')).toHaveLength(2);
  });
});

describe('towards siemens.app', () => {
  it.each<[string, (lab: Lab, body: Buffer) => Promise<unknown>]>([
    ['post()', ({ there }, body) => firstValueFrom(there.post(ASSETS, body))],
    ['fetch', ({ there }, body) => there.fetch(ASSETS, { method: 'POST', body: new Uint8Array(body) })],
  ])('a body over 10,000,000 bytes is refused by %s before it is sent', async (_, send) => {
    const lab = await startBoth();
    await send(lab, Buffer.alloc(10 * MEGABYTE));
    expect(lab.siemensApp.elsewhere.count).toBe(1);
    const failure = await failureOf(send(lab, Buffer.alloc(10 * MEGABYTE + 1)));
    expect(failure).toMatchObject({ code: 'options_invalid', message: expect.stringContaining('10000000') });
    expect(lab.siemensApp.elsewhere.count).toBe(1);
  });

  it.each<[string, (lab: Lab, headers: Record<string, string>) => Promise<unknown>]>([
    ['get()', ({ there }, headers) => firstValueFrom(there.get(ASSETS, { headers }))],
    ['fetch', ({ there }, headers) => there.fetch(ASSETS, { headers })],
  ])('headers over 10,000 bytes, with the token, are refused by %s', async (_, send) => {
    const lab = await startBoth();
    await send(lab, { 'x-a': 'a'.repeat(5_000) });
    const failure = await failureOf(send(lab, { 'x-a': 'a'.repeat(9_500) }));
    expect(failure).toMatchObject({ code: 'options_invalid', message: expect.stringContaining('10000') });
    expect(lab.siemensApp.elsewhere.count).toBe(1);
  });

  it('neither limit is one on mindsphere.io', async () => {
    const { here, mindsphere } = await startBoth();
    await firstValueFrom(here.post(ASSETS, Buffer.alloc(11 * MEGABYTE), { headers: { 'x-a': 'a'.repeat(9_500) } }));
    expect(mindsphere.elsewhere.count).toBe(1);
  });

  it("a redirect to the other platform's gateway is the answer", async () => {
    const { mindsphere, siemensApp, there, http } = await startBoth();
    siemensApp.elsewhere.next(redirect(`${http.gatewayUrl('mindsphere')}/x`));
    expect((await there.fetch(ASSETS)).status).toBe(302);
    expect(mindsphere.elsewhere.count).toBe(0);
  });
});

describe('gatewayUrl()', () => {
  it('is that of a platform, by default that of the injected credentials', async () => {
    const { http, mindsphere, siemensApp } = await startBoth();
    expect(http.gatewayUrl()).toBe(mindsphere.urls.gatewayUrl);
    expect(http.gatewayUrl('xcelerator')).toBe(siemensApp.urls.gatewayUrl);
    expect((await failureOf(() => http.gatewayUrl(forbidden('moon')))).code).toBe('options_invalid');
    const one = await startWith({ gatewayUrl: 'https://gateway.example.com/', app: false, tenant: TENANT });
    expect(one.get(MindsphereHttpService).gatewayUrl()).toBe('https://gateway.example.com');
    expect((await failureOf(() => one.get(MindsphereHttpService).gatewayUrl('xcelerator'))).code).toBe(
      'credentials_missing',
    );
  });
});

it('a token of neither platform goes nowhere', async () => {
  const { module, http, mindsphere } = await startBoth();
  const jwt = mindsphere.userToken({ iss: 'https://elsewhere.test/oauth/token' });
  const user = module.get(MindsphereCredentialsFactory).userToken(jwt);
  expect((await failureOf(http.as(user).get(ASSETS))).code).toBe('token_issuer');
  expect((await failureOf(http.as(user).fetch(ASSETS))).code).toBe('token_issuer');
});

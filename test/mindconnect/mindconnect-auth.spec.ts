import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { MindSphereSdk, TokenManagerAuth } from '@mindconnect/mindconnect-nodejs';
import { isAxiosError } from 'axios';
import {
  AppCredentials,
  type MindsphereCredentials,
  MindsphereCredentialsFactory,
  MindsphereHttpService,
  TenantCredentials,
} from 'nestjs-mindsphere-credentials';
import { mindconnectAuth } from 'nestjs-mindsphere-credentials/mindconnect';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { firstValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { failureOf, startWith, tokenOf } from '../support/application.js';
import { leaksOf, partsOf } from '../support/leaks.js';

const ASSET = 'a'.repeat(32);
const CORE = '1000001700';

let emulator: MindsphereEmulator;

beforeAll(async () => {
  emulator = await MindsphereEmulator.start({ xcelerator: true });
});

afterEach(() => {
  emulator.resetResponses();
  emulator.clearRequests();
  vi.unstubAllEnvs();
});

afterAll(() => emulator.close());

/** The vendor's SDK on the credentials that are chosen. */
async function startSdk(choose: (app: AppCredentials) => MindsphereCredentials = (app) => app) {
  const module = await startWith(emulator.moduleOptions);
  const http = module.get(MindsphereHttpService);
  const credentials = choose(module.get(AppCredentials));
  const auth = mindconnectAuth(http, credentials);
  return { module, http, credentials, auth, sdk: new MindSphereSdk(auth) };
}

/** Every client of the vendor's that is looked at here, with one call that reads and what it has to give. */
const READS: [string, path: string, (sdk: MindSphereSdk) => Promise<unknown>][] = [
  ['assets', '/api/assetmanagement/v3/assets', (sdk) => sdk.GetAssetManagementClient().GetAssets({ size: 5 })],
  [
    'time series',
    '/api/iottimeseries/v3/timeseries/{id}/{set}',
    (sdk) => sdk.GetTimeSeriesClient().GetTimeSeries(ASSET, 'motor', { limit: 5 }),
  ],
  ['events', '/api/eventmanagement/v3/events', (sdk) => sdk.GetEventManagementClient().GetEvents({ size: 5 })],
  ['identity', '/api/identitymanagement/v3/Users', (sdk) => sdk.GetIdentityManagementClient().GetUsers()],
  ['files', '/api/iotfile/v3/files/{id}', (sdk) => sdk.GetIoTFileClient().GetFiles(ASSET)],
  ['data lake', '/api/datalake/v3/objectMetadata/{name}', (sdk) => sdk.GetDataLakeClient().GetObjectMetaData('a.csv')],
];

describe('mindconnectAuth: clients of the vendor', () => {
  it.each(READS)('%s: reads, and once more with a new token after a 401', async (_, path, read) => {
    const { sdk } = await startSdk();
    let calls = 0;
    emulator.respond('GET', path, () => (++calls === 1 ? { status: 401, body: {} } : { body: { found: true } }));
    expect(await read(sdk)).toEqual({ found: true });
    expect(calls).toBe(2);
    expect(emulator.requests('app-token')).toHaveLength(2);
  });

  it.each(READS)('%s: a path of siemens.app', async (_, path, read) => {
    const { sdk } = await startSdk((app) => app.on('xcelerator'));
    emulator.respond('GET', path, ({ platform, claims }) => ({ platform, tenant: claims['sws.samauth.ten'] }));
    expect(await read(sdk)).toMatchObject({ platform: 'xcelerator' });
    expect(emulator.requests('api')[0]!.path).toMatch(new RegExp(`^/xcelerator/api/\\w+-${CORE}/v3/`));
  });

  it.each(READS)('%s: a failure has its status and its cause, and no token', async (_, path, read) => {
    const { sdk, credentials } = await startSdk();
    emulator.respond('GET', path, ({ headers }) => ({ status: 404, body: { got: headers['authorization'] } }));
    const failure = await failureOfCall(read(sdk));
    expect(failure).toMatchObject({ status: 404, isAxiosError: true, message: expect.stringMatching(/404.*got/) });
    expect(failure.cause).toMatchObject({ status: 404, response: { status: 404 } });
    expect(isAxiosError(failure.cause)).toBe(true);
    expect(leaksOf([failure, sdk], partsOf((await tokenOf(credentials)).value))).toEqual([]);
  });

  it('writes an asset: the body and headers that the client gives', async () => {
    const { sdk } = await startSdk();
    emulator.respond('PUT', '/api/assetmanagement/v3/assets/{id}', ({ body, headers }) => ({ got: body, headers }));
    const asset = { name: 'pump', typeId: 'core.basic', parentId: 'p' };
    const got = await sdk.GetAssetManagementClient().PutAsset(ASSET, asset, { ifMatch: '0' });
    expect(got).toMatchObject({
      got: asset,
      headers: { 'if-match': '0', 'content-type': 'application/json', 'x-powered-by': 'meowz' },
    });
  });

  it('takes an answer without content', async () => {
    const { sdk } = await startSdk();
    emulator.respond('PUT', '/api/iottimeseries/v3/timeseries/{id}/{set}', { status: 204 });
    emulator.respond('DELETE', '/api/assetmanagement/v3/assets/{id}', { status: 204 });
    await sdk.GetTimeSeriesClient().PutTimeSeries(ASSET, 'motor', []);
    await sdk.GetAssetManagementClient().DeleteAsset(ASSET, { ifMatch: '0' });
    expect(emulator.requests('api').map(({ method, status }) => `${method} ${status}`)).toEqual([
      'PUT 204',
      'DELETE 204',
    ]);
  });

  it('follows the link to the next page of time series', async () => {
    const { sdk } = await startSdk();
    emulator.respond('GET', '/api/iottimeseries/v3/timeseries/{id}/{set}', ({ query }) => ({
      headers: { link: `<${sdk.GetGateway()}/api/iottimeseries/v3/timeseries/${ASSET}/motor?from=2>; rel="next"` },
      body: [{ _time: query['from'] ?? '1' }],
    }));
    const first = await sdk.GetTimeSeriesClient().GetTimeSeriesBulkStyle(ASSET, 'motor');
    const next = await sdk.GetTimeSeriesClient().GetNextRecordsBulkStyle(first.nextRecord!);
    expect([first.records, next.records]).toEqual([[{ _time: '1' }], [{ _time: '2' }]]);
  });

  it('uploads a file in parts and downloads it as a stream', async () => {
    const { sdk } = await startSdk();
    const files = sdk.GetIoTFileClient();
    const path = '/api/iotfile/v3/files/{id}/{name}';
    let refusals = 1;
    emulator.respond('PUT', path, () => (refusals-- > 0 ? { status: 401 } : { status: 201, headers: { etag: '0' } }));
    emulator.respond('GET', path, 'content');
    await files.UploadFile(ASSET, 'a.txt', Buffer.from('content'), { type: 'text/plain' });
    expect(emulator.requests('api').map(({ body, status }) => [body, status])).toEqual([
      ['content', 401],
      ['content', 201],
    ]);
    const response = await files.GetFile(ASSET, 'a.txt');
    expect(response).toMatchObject({ ok: true, status: 200 });
    expect(await response.text()).toBe('content');
  });

  it('gives the failure of a download, and ends where its body does not', async () => {
    const { sdk, credentials } = await startSdk();
    emulator.respond('GET', '/api/iotfile/v3/files/{id}/{name}', ({ headers }) => ({
      status: 403,
      body: `no ${headers['authorization']}`,
    }));
    const failure = await failureOfCall(sdk.GetIoTFileClient().GetFile(ASSET, 'a.txt'));
    expect(failure).toMatchObject({ status: 403, message: expect.stringContaining('no Bearer ***') });
    expect(leaksOf(failure, partsOf((await tokenOf(credentials)).value))).toEqual([]);
  });

  it('gives nothing for a status that the call ignores', async () => {
    const { sdk, auth } = await startSdk();
    emulator.respond('GET', '/api/a/v3/b', { status: 409, body: 'conflict' });
    const action = { verb: 'GET', gateway: sdk.GetGateway(), baseUrl: '/api/a/v3/b', authorization: '' } as const;
    expect(await auth.HttpAction({ ...action, ignoreCodes: [409] })).toBeUndefined();
    await expect(auth.HttpAction(action)).rejects.toMatchObject({ status: 409 });
  });

  it('gives an answer that is no JSON with the failure, masked', async () => {
    const { sdk, credentials } = await startSdk();
    emulator.respond('GET', '/api/assetmanagement/v3/assets', ({ headers }) => `<b>${headers['authorization']}</b>`);
    const failure = await failureOfCall(sdk.GetAssetManagementClient().GetAssets());
    expect(failure).toMatchObject({ isAxiosError: true, status: 200 });
    expect(leaksOf(failure, partsOf((await tokenOf(credentials)).value))).toEqual([]);
  });

  it("sends a file of the data lake to its signed URL by the vendor's own fetch, without a token", async () => {
    const { sdk } = await startSdk();
    const got: { headers: string[]; body: string }[] = [];
    const storage: Server = createServer((request, response) => {
      request.once('end', () => response.end());
      void text(request).then((body) => got.push({ headers: request.rawHeaders, body }));
    });
    await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
    const { port } = storage.address() as AddressInfo;
    await sdk.GetDataLakeClient().PutFile(Buffer.from('rows'), `http://127.0.0.1:${port}/signed?sig=1`);
    storage.closeAllConnections();
    storage.close();
    expect(got).toMatchObject([{ body: 'rows' }]);
    expect(got[0]!.headers.map((name) => name.toLowerCase())).not.toContain('authorization');
  });
});

describe('mindconnectAuth: the authorizer', () => {
  it('is one that the SDK knows a user tenant of', async () => {
    const { auth, sdk, http } = await startSdk((app) => app.forUserTenant('acme'));
    expect(auth).toBeInstanceOf(TokenManagerAuth);
    expect([sdk.GetTenant(), sdk.GetUserTenant(), sdk.GetGateway()]).toEqual(['acme', 'acme', http.gatewayUrl()]);
    expect(emulator.requests()).toEqual([]);
    expect(await sdk.GetToken()).toMatch(/^ey/);
    expect(await auth.RenewToken()).toBe(true);
    expect(emulator.requests('app-token')).toHaveLength(1);
  });

  it('knows tenants of tenant credentials and of users, and says where it knows none', async () => {
    const { module, http, sdk } = await startSdk();
    const factory = module.get(MindsphereCredentialsFactory);
    const tenant = module.get(TenantCredentials);
    const user = factory.userToken(`Bearer ${emulator.issueUserToken({ tenant: 'acme' })}`);
    const forUser = module.get(AppCredentials).forUser(user);
    expect(mindconnectAuth(http, tenant).GetTenant()).toBe(emulator.moduleOptions.tenant.tenant);
    const acting = mindconnectAuth(http, forUser);
    for (const auth of [mindconnectAuth(http, user), acting]) {
      expect((await failureOf(() => auth.GetTenant())).code).toBe('token_tenant');
    }
    await acting.GetToken();
    expect([acting.GetTenant(), forUser.knownTenant, sdk.GetTenant()]).toEqual(['acme', 'acme', 'customer']);
  });

  it.each(['mindsphere', 'xcelerator'] as const)("passes a user's token on, on %s, and renews it never", async (on) => {
    const { module, http } = await startSdk();
    const jwt = emulator.issueUserToken({ platform: on });
    const user = module.get(MindsphereCredentialsFactory).userToken(`Bearer ${jwt}`);
    const sdk = new MindSphereSdk(mindconnectAuth(http, user));
    expect(sdk.GetGateway()).toBe(http.gatewayUrl(on));
    emulator.respond('GET', '/api/assetmanagement/v3/assets', ({ platform }) => ({ platform }));
    expect(await sdk.GetAssetManagementClient().GetAssets()).toEqual({ platform: on });
    emulator.respond('GET', '/api/assetmanagement/v3/assets', { status: 401, body: {} });
    emulator.clearRequests();
    const failure = await failureOfCall(sdk.GetAssetManagementClient().GetAssets());
    expect(failure.status).toBe(401);
    expect(emulator.requests().map(({ endpoint }) => endpoint)).toEqual(['api']);
    expect(leaksOf([failure, sdk], partsOf(jwt))).toEqual([]);
  });

  it('sends nothing to another origin, and nothing with a token of the caller', async () => {
    const { auth } = await startSdk();
    const call = { verb: 'GET', gateway: 'https://evil.test', baseUrl: '/api/a/v3/b', authorization: '' } as const;
    expect((await failureOf(auth.HttpAction(call))).code).toBe('options_invalid');
    const ours = { ...call, gateway: auth.GetGateway(), additionalHeaders: { Authorization: 'Bearer x' } };
    expect((await failureOf(auth.HttpAction(ours))).code).toBe('options_invalid');
    const dots = { ...call, gateway: auth.GetGateway(), baseUrl: '/api/iotfile/v3/files/../../x' };
    expect((await failureOf(auth.HttpAction(dots))).code).toBe('options_invalid');
    expect(emulator.requests()).toEqual([]);
  });

  it('fails as getToken does where there is no token', async () => {
    const { sdk } = await startSdk();
    emulator.failNext('app-token', { status: 403 });
    const failure = await failureOf(sdk.GetAssetManagementClient().GetAssets());
    expect(failure).toMatchObject({ code: 'token_request_failed', status: 403 });
  });

  it('holds neither credentials nor the proxy of the environment', async () => {
    vi.stubEnv('HTTP_PROXY', 'http://user:proxy-pa55word@127.0.0.1:1');
    const { sdk, credentials } = await startSdk();
    const { value } = await firstValueFrom(credentials.getToken());
    await sdk.GetToken();
    const { keyStoreClientSecret } = emulator.moduleOptions.app;
    expect(leaksOf(sdk, [...partsOf(value), keyStoreClientSecret, 'proxy-pa55word'])).toEqual([]);
  });

  it('demands credentials', async () => {
    const { http } = await startSdk();
    expect((await failureOf(() => mindconnectAuth(http, {} as MindsphereCredentials))).code).toBe('options_invalid');
  });
});

async function failureOfCall(call: Promise<unknown>): Promise<Error & { status?: number; cause?: unknown }> {
  const failure: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof Error) return failure;
  throw new Error('no failure');
}

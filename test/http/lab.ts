import {
  AppCredentials,
  MindsphereHttpService,
  type MindsphereCredentialsModuleOptions,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom, type Observable } from 'rxjs';
import { APP, ONE_TRY, startPlatform, startWith } from '../support/application.js';
import { headerOf, json, type RecordedRequest, type StubPlatform } from '../support/stub-platform.js';

export const ASSETS = '/api/assetmanagement/v3/assets';

/** An application whose gateway is a stub; everything but token endpoints arrives at `platform.elsewhere`. */
export async function startLab(options: MindsphereCredentialsModuleOptions = {}, platform?: StubPlatform) {
  const stub = platform ?? (await startPlatform());
  stub.elsewhere.always(json({ found: true }));
  const module = await startWith({ ...stub.urls, app: APP, tenant: false, request: ONE_TRY, ...options });
  const http = module.get(MindsphereHttpService);
  const app = module.get(AppCredentials);
  return { platform: stub, api: stub.elsewhere, module, http, app, client: http.as(app) };
}

/** The bearer token that a request came with. */
export function bearerOf(request: RecordedRequest): string {
  return headerOf(request, 'authorization').replace(/^Bearer /, '');
}

/** What a call failed with; it fails the test if it did not fail. */
export async function errorOf(call: Observable<unknown>): Promise<Error> {
  try {
    await firstValueFrom(call);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('no failure');
}

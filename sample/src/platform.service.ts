import { HttpService } from '@nestjs/axios';
import { Injectable } from '@nestjs/common';
import type { AccessToken, MindsphereCredentials } from 'nestjs-mindsphere-credentials';
import { catchError, map, type Observable, switchMap, tap } from 'rxjs';
import { isUnauthorized, PlatformFailures } from './platform-failures.js';

/** An API of the platform; the emulator answers there what the token says that came along. */
export const ASSETS = '/api/assetmanagement/v3/assets';

/** Calls APIs of the platform with whichever credentials it is given. */
@Injectable()
export class PlatformService {
  readonly #failures = new PlatformFailures();

  constructor(private readonly http: HttpService) {}

  /** What the API at `path` answers. Fails with an `HttpException` for the sample's own caller. */
  call(credentials: MindsphereCredentials, path: string): Observable<unknown> {
    return credentials.getToken().pipe(
      switchMap((token) => this.#get(path, token).pipe(tap({ error: forgetRefused(credentials, token) }))),
      catchError((failure: unknown) => this.#failures.rethrow(failure, credentials)),
    );
  }

  #get(path: string, token: AccessToken): Observable<unknown> {
    return this.http
      .get<unknown>(path, { headers: { authorization: token.authorization } })
      .pipe(map(({ data }) => data));
  }
}

/** A token that the platform refuses before its time is not sent again: the next call fetches a new one. */
function forgetRefused(credentials: MindsphereCredentials, token: AccessToken) {
  return (failure: unknown): void => {
    if (isUnauthorized(failure)) credentials.invalidate(token);
  };
}

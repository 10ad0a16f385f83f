import { HttpService } from '@nestjs/axios';
import { BadGatewayException, HttpStatus, Injectable, Logger, UnauthorizedException } from '@nestjs/common';
import { isAxiosError } from 'axios';
import { type AccessToken, type MindsphereCredentials, UserToken } from 'nestjs-mindsphere-credentials';
import { catchError, map, type Observable, switchMap, tap } from 'rxjs';

/** An API of the platform; the emulator answers there what the token says that came along. */
export const ASSETS = '/api/assetmanagement/v3/assets';

/** Calls APIs of the platform with whichever credentials it is given. */
@Injectable()
export class PlatformService {
  readonly #logger = new Logger(PlatformService.name);

  constructor(private readonly http: HttpService) {}

  /**
   * What the API at `path` answers. Where there is no token for it, `MindsphereExceptionFilter` knows what to answer;
   * where the API fails, this does.
   */
  call(credentials: MindsphereCredentials, path: string): Observable<unknown> {
    return credentials.getToken().pipe(
      switchMap((token) => this.#get(path, token).pipe(tap({ error: forgetRefused(credentials, token) }))),
      catchError((failure: unknown) => this.#rethrow(failure, credentials)),
    );
  }

  #get(path: string, token: AccessToken): Observable<unknown> {
    return this.http
      .get<unknown>(path, { headers: { authorization: token.authorization } })
      .pipe(map(({ data }) => data));
  }

  /** Always throws. An Axios error holds the token in its request, so it is neither passed on nor kept as a cause. */
  #rethrow(failure: unknown, credentials: MindsphereCredentials): never {
    if (!isAxiosError(failure)) throw failure;
    if (isUnauthorized(failure) && credentials instanceof UserToken) throw new UnauthorizedException();
    const { code, response } = failure;
    const message = response ? `The API answered with status ${response.status}` : `The API was not reached (${code})`;
    this.#logger.error(message);
    throw new BadGatewayException(message);
  }
}

/** A token that the platform refuses before its time is not sent again: the next call fetches a new one. */
function forgetRefused(credentials: MindsphereCredentials, token: AccessToken) {
  return (failure: unknown): void => {
    if (isUnauthorized(failure)) credentials.invalidate(token);
  };
}

function isUnauthorized(failure: unknown): boolean {
  return isAxiosError(failure) && failure.response?.status === HttpStatus.UNAUTHORIZED;
}

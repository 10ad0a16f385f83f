import { BadGatewayException, HttpStatus, Injectable, Logger, UnauthorizedException } from '@nestjs/common';
import { isAxiosError } from 'axios';
import { type MindsphereCredentials, MindsphereHttpService, UserToken } from 'nestjs-mindsphere-credentials';
import { catchError, map, type Observable } from 'rxjs';

/** An API of the platform; the emulator answers there what the token says that came along. */
export const ASSETS = '/api/assetmanagement/v3/assets';

/** Calls APIs of the platform with whichever credentials it is given. */
@Injectable()
export class PlatformService {
  readonly #logger = new Logger(PlatformService.name);

  constructor(private readonly http: MindsphereHttpService) {}

  /**
   * What the API at `path` answers. Where there is no token for it, `MindsphereExceptionFilter` knows what to answer;
   * where the API fails, this does.
   */
  call(credentials: MindsphereCredentials, path: string): Observable<unknown> {
    return this.http
      .as(credentials)
      .get(path)
      .pipe(
        map(({ data }) => data),
        catchError((failure: unknown) => this.#rethrow(failure, credentials)),
      );
  }

  /** Always throws. */
  #rethrow(failure: unknown, credentials: MindsphereCredentials): never {
    if (!isAxiosError(failure)) throw failure;
    const { code, response } = failure;
    // Only the user's browser can get a new one.
    if (response?.status === HttpStatus.UNAUTHORIZED && credentials instanceof UserToken) {
      throw new UnauthorizedException();
    }
    const message = response ? `The API answered with status ${response.status}` : `The API was not reached (${code})`;
    this.#logger.error(message);
    throw new BadGatewayException(message);
  }
}

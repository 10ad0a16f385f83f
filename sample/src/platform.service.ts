import { BadGatewayException, HttpStatus, Injectable, Logger, UnauthorizedException } from '@nestjs/common';
import { isAxiosError } from 'axios';
import { type MindsphereCredentials, MindsphereHttpService, UserToken } from 'nestjs-mindsphere-credentials';
import { catchError, map, type Observable } from 'rxjs';
import type { Assets } from './assets.model.js';

/** An API, by its path on `mindsphere.io`. On `siemens.app` the library adds the core tenant. */
export const ASSETS = '/api/assetmanagement/v3/assets';

/** A page of that API. The emulated one says as whom it was called, too. */
export interface AssetPage {
  readonly _embedded?: { readonly assets?: Assets['assets'] };
  readonly calledAs?: Assets['calledAs'];
}

/** Calls the platform with whichever credentials it is given; they decide which platform that is. */
@Injectable()
export class PlatformService {
  readonly #logger = new Logger(PlatformService.name);

  constructor(private readonly http: MindsphereHttpService) {}

  /**
   * The assets that these credentials may see. Where there is no token for them, `MindsphereExceptionFilter` knows what to
   * answer; where the API fails, this does.
   */
  assets(credentials: MindsphereCredentials): Observable<Assets> {
    return this.http
      .as(credentials)
      .get<AssetPage>(ASSETS)
      .pipe(
        map(({ data }) => assetsOf(data, credentials)),
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

function assetsOf({ _embedded: embedded, calledAs }: AssetPage, { platform }: MindsphereCredentials): Assets {
  // Cannot happen: a call needs a token, and its platform is known.
  if (platform === undefined) throw new BadGatewayException('The platform of the call is not known');
  const assets = embedded?.assets?.map(({ name, typeId }) => ({ name, typeId }));
  return { platform, assets: assets ?? [], ...(calledAs && { calledAs }) };
}

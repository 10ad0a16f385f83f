import { Controller, Get } from '@nestjs/common';
import { AppCredentials } from 'nestjs-mindsphere-credentials';
import type { Observable } from 'rxjs';
import { ASSETS, PlatformService } from './platform.service.js';

/** Not from the request: whoever chooses the tenant sees what belongs to it. */
const OTHER_TENANT = 'customer2';

/** Acts as the app, for a tenant that uses it: technical tokens from the Token Manager. */
@Controller('app-credentials')
export class AppCredentialsController {
  constructor(
    private readonly credentials: AppCredentials,
    private readonly platform: PlatformService,
  ) {}

  /** For the user tenant of the configuration. */
  @Get()
  assets(): Observable<unknown> {
    return this.platform.call(this.credentials, ASSETS);
  }

  /** For another tenant the app is provisioned to. */
  @Get('other-tenant')
  assetsOfOtherTenant(): Observable<unknown> {
    return this.platform.call(this.credentials.forUserTenant(OTHER_TENANT), ASSETS);
  }
}

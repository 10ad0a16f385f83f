import { Controller, Get } from '@nestjs/common';
import { TenantCredentials } from 'nestjs-mindsphere-credentials';
import type { Observable } from 'rxjs';
import { ASSETS, PlatformService } from './platform.service.js';

const SUBTENANT = 'plant1';

/** Acts as a technical user of one tenant: technical tokens from the tenant's OAuth server. */
@Controller('tenant-credentials')
export class TenantCredentialsController {
  constructor(
    private readonly credentials: TenantCredentials,
    private readonly platform: PlatformService,
  ) {}

  /** For the whole tenant. */
  @Get()
  assets(): Observable<unknown> {
    return this.platform.call(this.credentials, ASSETS);
  }

  /** Limited to one subtenant, which is impersonated. */
  @Get('subtenant')
  assetsOfSubtenant(): Observable<unknown> {
    return this.platform.call(this.credentials.forSubtenant(SUBTENANT), ASSETS);
  }
}

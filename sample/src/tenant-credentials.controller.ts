import { Controller, Get } from '@nestjs/common';
import { CurrentUserToken, RequireScopes, TenantCredentials, type UserToken } from 'nestjs-mindsphere-credentials';
import type { Observable } from 'rxjs';
import { demandOperator, OPERATOR_SCOPE } from './operator.js';
import { ASSETS, PlatformService } from './platform.service.js';

const SUBTENANT = 'plant1';

/**
 * Acts as a technical user of one tenant: technical tokens from the tenant's OAuth server. Whoever asks sees what that
 * technical user sees, so these routes are for the operator alone.
 */
@RequireScopes(OPERATOR_SCOPE)
@Controller('tenant-credentials')
export class TenantCredentialsController {
  constructor(
    private readonly credentials: TenantCredentials,
    private readonly platform: PlatformService,
  ) {}

  /** For the whole tenant. */
  @Get()
  assets(@CurrentUserToken() user: UserToken): Observable<unknown> {
    demandOperator(user);
    return this.platform.call(this.credentials, ASSETS);
  }

  /** Limited to one subtenant, which is impersonated. */
  @Get('subtenant')
  assetsOfSubtenant(@CurrentUserToken() user: UserToken): Observable<unknown> {
    demandOperator(user);
    return this.platform.call(this.credentials.forSubtenant(SUBTENANT), ASSETS);
  }
}

import { Controller, Get, NotImplementedException } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { CurrentUserToken, RequireScopes, TenantCredentials, type UserToken } from 'nestjs-mindsphere-credentials';
import type { Observable } from 'rxjs';
import { Assets } from './assets.model.js';
import { demandOperator, OPERATOR_SCOPE } from './operator.js';
import { PlatformService } from './platform.service.js';

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
  @ApiOkResponse({ type: Assets })
  @Get()
  assets(@CurrentUserToken() user: UserToken): Observable<Assets> {
    return this.platform.assets(this.credentials.on(demandOperator(user)));
  }

  /** Limited to one subtenant, which is impersonated. */
  @ApiOkResponse({ type: Assets })
  @Get('subtenant')
  assetsOfSubtenant(@CurrentUserToken() user: UserToken): Observable<Assets> {
    const platform = demandOperator(user);
    if (platform === 'xcelerator') throw new NotImplementedException('Subtenants are not documented on siemens.app');
    return this.platform.assets(this.credentials.on(platform).forSubtenant(SUBTENANT));
  }
}

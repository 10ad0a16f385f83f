import { Controller, Get } from '@nestjs/common';
import { AppCredentials, CurrentUserToken, RequireScopes, type UserToken } from 'nestjs-mindsphere-credentials';
import type { Observable } from 'rxjs';
import { demandOperator, OPERATOR_SCOPE, OPERATOR_TENANT } from './operator.js';
import { ASSETS, PlatformService } from './platform.service.js';

/** Tenants that use the app. Not from the request: whoever chooses the tenant sees what belongs to it. */
const CUSTOMER = 'customer';
const OTHER_CUSTOMER = 'customer2';

/**
 * Acts as the app for tenants that the app itself names, as a background job would that no user has asked for. A route
 * that starts such a job shows one tenant's data to another's users, so it is for the operator alone.
 */
@RequireScopes(OPERATOR_SCOPE)
@Controller('app-credentials')
export class AppCredentialsController {
  constructor(
    private readonly credentials: AppCredentials,
    private readonly platform: PlatformService,
  ) {}

  /** For one tenant. */
  @Get()
  assets(@CurrentUserToken() user: UserToken): Observable<unknown> {
    return this.#assetsOf(CUSTOMER, user);
  }

  /** For another tenant the app is provisioned to. */
  @Get('other-tenant')
  assetsOfOtherTenant(@CurrentUserToken() user: UserToken): Observable<unknown> {
    return this.#assetsOf(OTHER_CUSTOMER, user);
  }

  #assetsOf(tenant: string, user: UserToken): Observable<unknown> {
    demandOperator(user);
    return this.platform.call(this.credentials.forUserTenant(tenant, OPERATOR_TENANT), ASSETS);
  }
}

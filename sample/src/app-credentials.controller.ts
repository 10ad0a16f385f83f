import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import {
  AppCredentials,
  CurrentUserToken,
  type Platform,
  RequireScopes,
  type UserToken,
} from 'nestjs-mindsphere-credentials';
import { map, type Observable, toArray } from 'rxjs';
import { Assets } from './assets.model.js';
import { demandOperator, OPERATOR_SCOPE, OPERATOR_TENANTS } from './operator.js';
import { PlatformService } from './platform.service.js';
import { Tenants } from './tenants.model.js';

/** Tenants that use the app. A request must not name them: a caller who chooses the tenant sees its data. */
const CUSTOMERS: Readonly<Record<Platform, string>> = { mindsphere: 'customer', xcelerator: '1000000351' };
const OTHER_CUSTOMERS: Readonly<Record<Platform, string>> = { mindsphere: 'customer2', xcelerator: '1000000352' };

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
  @ApiOkResponse({ type: Assets })
  @Get()
  assets(@CurrentUserToken() user: UserToken): Observable<Assets> {
    return this.#assetsOf(CUSTOMERS, user);
  }

  /** For another tenant the app is provisioned to. */
  @ApiOkResponse({ type: Assets })
  @Get('other-tenant')
  assetsOfOtherTenant(@CurrentUserToken() user: UserToken): Observable<Assets> {
    return this.#assetsOf(OTHER_CUSTOMERS, user);
  }

  /** All tenants the app is provisioned to. */
  @ApiOkResponse({ type: Tenants })
  @Get('tenants')
  tenants(@CurrentUserToken() user: UserToken): Observable<Tenants> {
    const platform = demandOperator(user);
    return this.#actFor(OPERATOR_TENANTS[platform], platform)
      .userTenants()
      .pipe(
        toArray(),
        map((tenants) => ({ platform, tenants })),
      );
  }

  #assetsOf(tenants: Readonly<Record<Platform, string>>, user: UserToken): Observable<Assets> {
    const platform = demandOperator(user);
    return this.platform.assets(this.#actFor(tenants[platform], platform));
  }

  #actFor(tenant: string, platform: Platform): AppCredentials {
    return this.credentials.on(platform).forUserTenant(tenant, OPERATOR_TENANTS[platform]);
  }
}

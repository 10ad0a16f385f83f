import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { CurrentAppCredentials, RequireScopes } from 'nestjs-mindsphere-credentials';
import type { Observable } from 'rxjs';
import { Assets } from './assets.model.js';
import { PlatformService } from './platform.service.js';

/**
 * Acts as the app, for the user's tenant on the user's platform. Both come from the verified user token, as in any deployed
 * app. The technical token covers the whole tenant, so the app decides by scopes what its users may do.
 * `CurrentAppCredentials` is request scoped, and so is what injects it: keep it out of controllers that do without.
 */
@Controller('current-app-credentials')
export class CurrentAppCredentialsController {
  constructor(
    private readonly credentials: CurrentAppCredentials,
    private readonly platform: PlatformService,
  ) {}

  @ApiOkResponse({ type: Assets })
  @RequireScopes('myapp.user')
  @Get()
  assets(): Observable<Assets> {
    return this.platform.assets(this.credentials);
  }
}

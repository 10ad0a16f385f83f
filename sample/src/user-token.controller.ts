import { Controller, Get } from '@nestjs/common';
import { UserToken } from 'nestjs-mindsphere-credentials';
import type { Observable } from 'rxjs';
import { ASSETS, PlatformService } from './platform.service.js';

/**
 * Acts as the user who asks: the token of the request is passed on. `UserToken` is request scoped, and so is what
 * injects it: keep it out of controllers that do without.
 */
@Controller('user-token')
export class UserTokenController {
  constructor(
    private readonly user: UserToken,
    private readonly platform: PlatformService,
  ) {}

  /** With whatever the user may see; the platform verifies the token. */
  @Get()
  assets(): Observable<unknown> {
    return this.platform.call(this.user, ASSETS);
  }
}

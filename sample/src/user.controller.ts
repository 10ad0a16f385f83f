import { Controller, Get } from '@nestjs/common';
import { CurrentUserToken, type UserToken } from 'nestjs-mindsphere-credentials';
import type { Observable } from 'rxjs';
import { ASSETS, PlatformService } from './platform.service.js';

/** Deals with the user who asks. The decorator needs no request scope: this controller is made once. */
@Controller('me')
export class UserController {
  constructor(private readonly platform: PlatformService) {}

  /** What the verified token says. */
  @Get()
  me(@CurrentUserToken() { tenant, userName, scopes }: UserToken): object {
    return { tenant, userName, scopes };
  }

  /** Acts as the user: the token of the request is passed on. */
  @Get('assets')
  assets(@CurrentUserToken() user: UserToken): Observable<unknown> {
    return this.platform.call(user, ASSETS);
  }
}

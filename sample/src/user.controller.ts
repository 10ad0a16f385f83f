import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { CurrentUserToken, type UserToken } from 'nestjs-mindsphere-credentials';
import type { Observable } from 'rxjs';
import { Assets } from './assets.model.js';
import { PlatformService } from './platform.service.js';
import { User, userOf } from './user.model.js';

/** Deals with the user who asks. The decorator needs no request scope: this controller is made once. */
@Controller('me')
export class UserController {
  constructor(private readonly platform: PlatformService) {}

  /** What the verified token says. */
  @ApiOkResponse({ type: User })
  @Get()
  me(@CurrentUserToken() user: UserToken): User {
    return userOf(user);
  }

  /** Acts as the user: the token of the request is passed on, to the platform it is of. */
  @ApiOkResponse({ type: Assets })
  @Get('assets')
  assets(@CurrentUserToken() user: UserToken): Observable<Assets> {
    return this.platform.assets(user);
  }
}

import { Controller, Get } from '@nestjs/common';
import { AppCredentials, CurrentUserToken, RequireScopes, UserToken } from 'nestjs-mindsphere-credentials';
import { map, type Observable } from 'rxjs';

export interface Plant {
  /** The tenant of the user who asks. */
  readonly user: string | undefined;
  /** The tenant that the app's token is for. */
  readonly token: string | undefined;
}

@Controller('plants')
export class PlantsController {
  constructor(private readonly credentials: AppCredentials) {}

  @RequireScopes('myapp.user')
  @Get()
  find(@CurrentUserToken() user: UserToken): Observable<Plant> {
    return this.credentials
      .forUser(user)
      .getToken()
      .pipe(map((token) => ({ user: user.tenant, token: token.tenant })));
  }
}

import { Controller, Get } from '@nestjs/common';
import { CurrentAppCredentials, UserToken } from 'nestjs-mindsphere-credentials';
import { map, type Observable } from 'rxjs';
import type { Plant } from './plants.controller.js';

/** The same, request-scoped. */
@Controller('current')
export class CurrentController {
  constructor(
    private readonly user: UserToken,
    private readonly credentials: CurrentAppCredentials,
  ) {}

  @Get()
  find(): Observable<Plant> {
    return this.credentials.getToken().pipe(map((token) => ({ user: this.user.tenant, token: token.tenant })));
  }
}

import { Controller, Get } from '@nestjs/common';
import {
  AppCredentials,
  CurrentUserToken,
  MindsphereHttpService,
  RequireScopes,
  type UserToken,
} from 'nestjs-mindsphere-credentials';
import { map } from 'rxjs';

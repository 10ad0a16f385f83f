import { Controller, Get } from '@nestjs/common';
import {
  CurrentAppCredentials,
  CurrentUserToken,
  Public,
  RequireScopes,
  type UserToken,
} from 'nestjs-mindsphere-credentials';
import { AssetsService } from './assets.service.js';

import { Controller, Get } from '@nestjs/common';
import { CurrentAppCredentials, RequireScopes } from 'nestjs-mindsphere-credentials';
import { AssetsService } from './assets.service.js';

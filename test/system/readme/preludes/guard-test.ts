import { Test } from '@nestjs/testing';
import { TokenVerifier, UserTokenGuard } from 'nestjs-mindsphere-credentials';
import { fakeTokenVerifier, fakeUserToken } from 'nestjs-mindsphere-credentials/testing';
import { AppModule } from './assets.controller.js';

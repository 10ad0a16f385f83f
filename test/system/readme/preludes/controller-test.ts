import { MindsphereCredentialsError } from 'nestjs-mindsphere-credentials';
import { fakeAccessToken, fakeCredentials, fakeUserToken } from 'nestjs-mindsphere-credentials/testing';
import { of, throwError } from 'rxjs';
import { expect, vi } from 'vitest';
import { AssetsController } from './assets.controller.js';
import { AssetsService } from './assets.service.js';

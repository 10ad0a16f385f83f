import type { INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { MindsphereCredentialsModule, UserTokenGuard } from 'nestjs-mindsphere-credentials';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { expect } from 'vitest';

declare class AppController {}
void (undefined as INestApplication | undefined);

import { fileURLToPath } from 'node:url';
import { HttpModule } from '@nestjs/axios';
import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import {
  MindsphereCredentialsModule,
  MindsphereExceptionFilter,
  mindsphereOptionsFromConfig,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { AppCredentialsController } from './app-credentials.controller.js';
import { CurrentAppCredentialsController } from './current-app-credentials.controller.js';
import { HealthController } from './health.controller.js';
import { PlatformService } from './platform.service.js';
import { TenantCredentialsController } from './tenant-credentials.controller.js';
import { UserController } from './user.controller.js';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, envFilePath: fileURLToPath(new URL('../.env', import.meta.url)) }),
    MindsphereCredentialsModule.forRootAsync({
      isGlobal: true,
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        ...mindsphereOptionsFromConfig(config),
        gatewayUrl: config.getOrThrow<string>('SAMPLE_GATEWAY_URL'),
        oauthUrl: config.getOrThrow<string>('SAMPLE_OAUTH_URL'),
      }),
    }),
    HttpModule.registerAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        baseURL: config.getOrThrow<string>('SAMPLE_GATEWAY_URL'),
        timeout: 10_000,
        // A token belongs to the host it was sent to.
        maxRedirects: 0,
      }),
    }),
  ],
  controllers: [
    HealthController,
    UserController,
    CurrentAppCredentialsController,
    AppCredentialsController,
    TenantCredentialsController,
  ],
  providers: [
    PlatformService,
    // Every route wants a user's token, unless it says `@Public()`.
    { provide: APP_GUARD, useExisting: UserTokenGuard },
    { provide: APP_FILTER, useExisting: MindsphereExceptionFilter },
  ],
})
export class AppModule {}

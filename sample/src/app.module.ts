import { fileURLToPath } from 'node:url';
import { HttpModule } from '@nestjs/axios';
import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { MindsphereCredentialsModule, mindsphereOptionsFromConfig } from 'nestjs-mindsphere-credentials';
import { AppCredentialsController } from './app-credentials.controller.js';
import { PlatformService } from './platform.service.js';
import { TenantCredentialsController } from './tenant-credentials.controller.js';
import { UserTokenController } from './user-token.controller.js';

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
  controllers: [AppCredentialsController, TenantCredentialsController, UserTokenController],
  providers: [PlatformService],
})
export class AppModule {}

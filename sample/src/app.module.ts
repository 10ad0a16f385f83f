import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { TerminusModule } from '@nestjs/terminus';
import {
  MindsphereCredentialsModule,
  MindsphereExceptionFilter,
  mindsphereOptionsFromConfig,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { MindsphereHealthIndicator } from 'nestjs-mindsphere-credentials/terminus';
import { AppCredentialsController } from './app-credentials.controller.js';
import { CurrentAppCredentialsController } from './current-app-credentials.controller.js';
import { FrontEndController } from './front-end.controller.js';
import { HealthController } from './health.controller.js';
import { MessagesController } from './messages.controller.js';
import { MessagesService } from './messages.service.js';
import { PlatformService } from './platform.service.js';
import { TenantCredentialsController } from './tenant-credentials.controller.js';
import { UserController } from './user.controller.js';
import { UserGateway } from './user.gateway.js';
import { UserResolver } from './user.resolver.js';

@Module({
  imports: [
    // From the environment alone: no file that is deployed along, or forgotten, decides whose credentials these are.
    ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }),
    MindsphereCredentialsModule.forRootAsync({
      isGlobal: true,
      inject: [ConfigService],
      useFactory: (config: ConfigService) => mindsphereOptionsFromConfig(config),
    }),
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      // Its page would load scripts from elsewhere.
      graphiql: false,
      includeStacktraceInErrorResponses: false,
      // One request shall not become a thousand calls of the platform.
      parseOptions: { maxTokens: 500 },
    }),
    TerminusModule,
  ],
  controllers: [
    FrontEndController,
    HealthController,
    UserController,
    MessagesController,
    CurrentAppCredentialsController,
    AppCredentialsController,
    TenantCredentialsController,
  ],
  providers: [
    PlatformService,
    MessagesService,
    MindsphereHealthIndicator,
    UserResolver,
    UserGateway,
    // Every route and every resolver wants a user's token, unless it says `@Public()`. A gateway has its own guard.
    { provide: APP_GUARD, useExisting: UserTokenGuard },
    { provide: APP_FILTER, useExisting: MindsphereExceptionFilter },
  ],
})
export class AppModule {}

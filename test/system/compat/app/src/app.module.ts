import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { TerminusModule } from '@nestjs/terminus';
import {
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  MindsphereExceptionFilter,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { createMindsphereInstrumentation } from 'nestjs-mindsphere-credentials/opentelemetry';
import { MindsphereHealthIndicator } from 'nestjs-mindsphere-credentials/terminus';
import { CurrentController } from './current.controller.js';
import { HealthController } from './health.controller.js';
import { HourlyJob } from './hourly.job.js';
import { PlantsController } from './plants.controller.js';

@Module({})
export class AppModule {
  static register(options: MindsphereCredentialsModuleOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot({ ignoreEnvFile: true }),
        ScheduleModule.forRoot(),
        TerminusModule,
        MindsphereCredentialsModule.forRoot({ ...options, isGlobal: true }),
      ],
      controllers: [PlantsController, CurrentController, HealthController],
      providers: [
        HourlyJob,
        MindsphereHealthIndicator,
        createMindsphereInstrumentation(),
        { provide: APP_GUARD, useExisting: UserTokenGuard },
        { provide: APP_FILTER, useExisting: MindsphereExceptionFilter },
      ],
    };
  }
}

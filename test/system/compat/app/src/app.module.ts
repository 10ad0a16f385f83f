import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import {
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  MindsphereExceptionFilter,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { CurrentController } from './current.controller.js';
import { PlantsController } from './plants.controller.js';

@Module({})
export class AppModule {
  static register(options: MindsphereCredentialsModuleOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [MindsphereCredentialsModule.forRoot({ ...options, isGlobal: true })],
      controllers: [PlantsController, CurrentController],
      providers: [
        { provide: APP_GUARD, useExisting: UserTokenGuard },
        { provide: APP_FILTER, useExisting: MindsphereExceptionFilter },
      ],
    };
  }
}

import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppCredentials, MindsphereCredentialsModule } from 'nestjs-mindsphere-credentials';

/** An application whose service had its credentials injected. */
export async function startApplication(options) {
  class Service {
    constructor(credentials) {
      this.credentials = credentials;
    }
  }
  Reflect.defineMetadata('design:paramtypes', [AppCredentials], Service);
  Injectable()(Service);
  class AppModule {}
  Module({ imports: [MindsphereCredentialsModule.forRoot(options)], providers: [Service] })(AppModule);
  const application = await NestFactory.createApplicationContext(AppModule, { logger: false });
  return { application, credentials: application.get(Service).credentials };
}

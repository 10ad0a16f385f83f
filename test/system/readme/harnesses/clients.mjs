import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppCredentials, MindsphereCredentialsModule, MindsphereHttpService } from 'nestjs-mindsphere-credentials';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';

/* Calls what a block exports with the service and credentials, against the emulator; each call has to end well. */

const emulator = await MindsphereEmulator.start();
class AppModule {}
Module({ imports: [MindsphereCredentialsModule.forRoot(emulator.moduleOptions)] })(AppModule);
const application = await NestFactory.createApplicationContext(AppModule, { logger: false });
const [http, credentials] = [application.get(MindsphereHttpService), application.get(AppCredentials)];
for (const call of Object.values(await import(process.env.BLOCK))) await call(http, credentials);
const [{ headers }] = emulator.requests('api');
process.stdout.write(`called with ${headers.authorization}\n`);
await application.close();
await emulator.close();

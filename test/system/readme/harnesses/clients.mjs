import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppCredentials, MindsphereCredentialsModule, MindsphereHttpService } from 'nestjs-mindsphere-credentials';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { firstValueFrom } from 'rxjs';

/*
 * Calls what a block exports with the service and credentials, against the emulator: functions, and every method of a class
 * with a tenant. Each call has to end well.
 */

const emulator = await MindsphereEmulator.start();
class AppModule {}
Module({ imports: [MindsphereCredentialsModule.forRoot(emulator.moduleOptions)] })(AppModule);
const application = await NestFactory.createApplicationContext(AppModule, { logger: false });
const [http, credentials] = [application.get(MindsphereHttpService), application.get(AppCredentials)];
for (const exported of Object.values(await import(process.env.BLOCK))) {
  if (!/^class\b/.test(Function.prototype.toString.call(exported))) await exported(http, credentials);
  else await callMethods(new exported(http, credentials), exported.prototype);
}
const [{ headers }] = emulator.requests('api');
process.stdout.write(`called with ${headers.authorization}\n`);
await application.close();
await emulator.close();

async function callMethods(object, prototype) {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name !== 'constructor') await firstValueFrom(object[name]('customer'));
  }
}

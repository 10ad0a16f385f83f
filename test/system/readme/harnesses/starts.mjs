/*
 * Starts the AppModule of a block as the README's variables configure it, asks for a few paths, and prints
 * each with its status. Nothing leaves this machine: what is asked for needs no platform.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';

Object.assign(process.env, {
  HOST_ENVIRONMENT: 'eu1',
  MDSP_OS_VM_APP_NAME: 'myapp',
  MDSP_OS_VM_APP_VERSION: '1.0.0',
  MDSP_KEY_STORE_CLIENT_ID: 'operator-myapp-1.0.0',
  MDSP_KEY_STORE_CLIENT_SECRET: 'a-secret',
  MDSP_HOST_TENANT: 'operator',
  MDSP_USER_TENANT: 'customer',
});

const { AppModule } = await import(process.env.BLOCK);
const app = await NestFactory.create(AppModule, { logger: ['fatal', 'error'], abortOnError: false });
await app.listen(0, '127.0.0.1');
const origin = await app.getUrl();
for (const path of ['/', '/health', '/me', '/assets']) {
  const { status } = await fetch(origin + path);
  process.stdout.write(`${path} ${status}\n`);
}
await app.close();
process.stdout.write('stopped\n');

/*
 * Does what the README's quick start does: the variables of an emulator, the application of the block, one request
 * without a token and one with. Prints the statuses, and whether the API was called as the app.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';

const emulator = await MindsphereEmulator.start();
const { gatewayUrl, oauthUrl, app: credentials } = emulator.moduleOptions;
Object.assign(process.env, {
  MINDSPHERE_GATEWAY_URL: gatewayUrl,
  MINDSPHERE_OAUTH_URL: oauthUrl,
  MDSP_OS_VM_APP_NAME: credentials.appName,
  MDSP_OS_VM_APP_VERSION: credentials.appVersion,
  MDSP_KEY_STORE_CLIENT_ID: credentials.keyStoreClientId,
  MDSP_KEY_STORE_CLIENT_SECRET: credentials.keyStoreClientSecret,
});

const { AppModule } = await import(process.env.BLOCK);
const application = await NestFactory.create(AppModule, { logger: ['fatal', 'error'], abortOnError: false });
await application.listen(0, '127.0.0.1');
const url = `${await application.getUrl()}/assets`;
const authorization = `Bearer ${emulator.issueUserToken({ tenant: 'customer', scopes: ['myapp.user'] })}`;
const statuses = [await fetch(url), await fetch(url, { headers: { authorization } })].map(({ status }) => status);
process.stdout.write(`/assets ${statuses.join(' then ')}; ${emulator.requests('api').length} call of an API\n`);
await application.close();
await emulator.close();

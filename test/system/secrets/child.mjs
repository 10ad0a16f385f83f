/*
 * An application with every log level on, for a process with `DEBUG=*`: good answers, faults, refused users, the end.
 * What it prints is searched for secrets; the tokens to search for are told in hexadecimal, which no leak would be.
 * Arguments: the folder with the compiled library, and `--canary` to print a secret.
 */
import 'reflect-metadata';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { firstValueFrom } from 'rxjs';

const [, , library, canary] = process.argv;
const imported = (file) => import(pathToFileURL(join(library, file)).href);
const { AppCredentials, MindsphereCredentialsModule, TenantCredentials, TokenVerifier } = await imported('index.js');
const { MindsphereEmulator } = await imported('testing/index.js');

const APP_SECRET = 'Child/secret+1=&%"?longEnough';
const TENANT_SECRET = 'Child/secret+2=&%"?longEnough';

const print = (line) => void process.stdout.write(`${line}\n`);
const tell = (token) => print(`issued ${Buffer.from(token).toString('hex')}`);

/** Runs what an application goes through, and logs whatever comes of it, at every level. */
async function runApplication(isCanary) {
  const emulator = await MindsphereEmulator.start({
    strict: true,
    app: { keyStoreClientId: 'child', keyStoreClientSecret: APP_SECRET },
    technicalUsers: [{ clientId: 'child', clientSecret: TENANT_SECRET, tenant: 'customer' }],
  });
  const options = emulator.moduleOptions;
  const context = await NestFactory.createApplicationContext(
    MindsphereCredentialsModule.forRoot({
      ...options,
      // By Basic, UAA would read the special characters of this secret in another way (protocol page, section 5).
      tenant: { clientId: 'child', clientSecret: TENANT_SECRET, tenant: 'customer', clientAuthentication: 'form' },
      request: { retries: 1, retryDelayMs: 1 },
    }),
    { logger: ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'] },
  );
  const logger = new Logger('child');
  const log = (value) => {
    logger.verbose(value);
    logger.debug(value);
    logger.log(value);
    logger.warn(value);
    logger.error(value);
    logger.fatal(value);
  };
  const outcome = (observable) => firstValueFrom(observable).catch((error) => error);
  const app = context.get(AppCredentials);
  const tenant = context.get(TenantCredentials);
  const credentials = [app, tenant, app.forUserTenant('other'), tenant.forSubtenant('plant')];
  for (const each of credentials) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const token = await firstValueFrom(each.getToken());
    tell(token.value);
    log(token);
    log(each);
  }
  const faults = [{ status: 401 }, { status: 503, times: 2 }, { reset: true, times: 2 }, { body: '<h1>no</h1>' }];
  for (const fault of faults) {
    emulator.failNext('app-token', fault);
    app.invalidate();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    log(await outcome(app.getToken()));
  }
  for (const request of [{}, { appName: 'otherapp' }, { expiresInSeconds: -600 }]) {
    const jwt = emulator.issueUserToken(request);
    tell(jwt);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    log(await outcome(context.get(TokenVerifier).verify(jwt)));
  }
  if (isCanary) log({ canary: APP_SECRET });
  await context.close();
  log(await outcome(app.getToken()));
  await emulator.close();
  print('done');
}

await runApplication(canary === '--canary');

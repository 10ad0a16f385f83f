/*
 * An application whose bundle is minified, so that several of the library's classes get the same short name. It says of
 * each class what was injected for it, in a registration without a name and in a named one.
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { ContextIdFactory, NestFactory } from '@nestjs/core';
import {
  AppCredentials,
  CurrentAppCredentials,
  CurrentUser,
  getCredentialsToken,
  InjectCredentials,
  MindsphereCredentials,
  MindsphereCredentialsError,
  MindsphereCredentialsEvents,
  MindsphereCredentialsFactory,
  MindsphereCredentialsModule,
  MindsphereExceptionFilter,
  MindsphereHttpService,
  TenantCredentials,
  TokenVerifier,
  UserToken,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';

const SINGLETONS = {
  MindsphereCredentials,
  AppCredentials,
  TenantCredentials,
  CurrentUser,
  MindsphereCredentialsEvents,
  MindsphereCredentialsFactory,
  MindsphereExceptionFilter,
  MindsphereHttpService,
  TokenVerifier,
  UserTokenGuard,
};
const OF_REQUESTS = { UserToken, CurrentAppCredentials };
const CLASSES = Object.entries({ ...SINGLETONS, ...OF_REQUESTS });

const app = {
  keyStoreClientId: 'id',
  keyStoreClientSecret: 'secret',
  appName: 'myapp',
  appVersion: '1.0.0',
  hostTenant: 'host1',
  userTenant: 'acme',
};

class AppModule {}
Module({
  imports: [
    MindsphereCredentialsModule.forRoot({ app, tenant: false }),
    MindsphereCredentialsModule.forRoot({
      app: { ...app, userTenant: 'plantco' },
      tenant: false,
      name: 'plant',
    }),
  ],
})(AppModule);

const lines = [];
const logger = {
  log: (line) => lines.push(String(line)),
  warn: (line) => lines.push(String(line)),
  error: (line) => lines.push(String(line)),
};
const application = await NestFactory.createApplicationContext(AppModule, { logger, abortOnError: false });

const wrong = [];
const shown = {};
const seen = new Set();
for (const name of [undefined, 'plant']) {
  const request = ContextIdFactory.create();
  application.registerRequestByContextId({ headers: {}, rawHeaders: [] }, request);
  for (const [key, type] of CLASSES) {
    const token = getCredentialsToken(type, name);
    const instance =
      key in OF_REQUESTS
        ? await application.resolve(token, request, { strict: false })
        : application.get(token, { strict: false });
    const label = `${key} of ${name ?? 'the one without a name'}`;
    if (!(instance instanceof type)) wrong.push(label);
    // The default credentials are the app's, by contract.
    if (key !== 'MindsphereCredentials') {
      if (seen.has(instance)) wrong.push(`${label} twice`);
      seen.add(instance);
    }
    if (instance instanceof MindsphereCredentials) shown[label] = String(instance).split(' ')[0];
  }
}

/** What Nest says where a name has no registration. */
class Wants {}
InjectCredentials(TokenVerifier, 'plnt')(Wants, undefined, 0);
Reflect.defineMetadata('design:paramtypes', [Object], Wants);
class BrokenModule {}
Module({ imports: [MindsphereCredentialsModule.forRoot({ app })], providers: [Wants] })(BrokenModule);
const failure = await NestFactory.createApplicationContext(BrokenModule, { logger: false, abortOnError: false }).catch(
  (error) => error.message,
);
await application.close();

const found = JSON.stringify({
  wrong,
  shown,
  mangled: CLASSES.some(([key, type]) => type.name !== key),
  error: new MindsphereCredentialsError('options_invalid', 'x').name,
  saysClass: failure.includes("TokenVerifier of registration 'plnt'"),
  log: lines.filter((line) => line.startsWith('Configured')).length,
});
process.stdout.write(`${found}\n`);

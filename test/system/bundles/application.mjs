/*
 * An application whose bundle is minified, so that several of the library's classes get the same short name. It says of
 * each class what was injected for it, in a registration without a name and in a named one.
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { ContextIdFactory, NestFactory } from '@nestjs/core';
import * as library from 'nestjs-mindsphere-credentials';

const SINGLETONS = [
  'MindsphereCredentials',
  'AppCredentials',
  'TenantCredentials',
  'CurrentUser',
  'MindsphereCredentialsEvents',
  'MindsphereCredentialsFactory',
  'MindsphereExceptionFilter',
  'MindsphereHttpService',
  'TokenVerifier',
  'UserTokenGuard',
];
const OF_REQUESTS = ['UserToken', 'CurrentAppCredentials'];

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
    library.MindsphereCredentialsModule.forRoot({ app, tenant: false }),
    library.MindsphereCredentialsModule.forRoot({
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
  for (const key of [...SINGLETONS, ...OF_REQUESTS]) {
    const token = library.getCredentialsToken(library[key], name);
    const instance = OF_REQUESTS.includes(key)
      ? await application.resolve(token, request, { strict: false })
      : application.get(token, { strict: false });
    const label = `${key} of ${name ?? 'the one without a name'}`;
    if (!(instance instanceof library[key])) wrong.push(label);
    // The default credentials are the app's, by contract.
    if (key !== 'MindsphereCredentials') {
      if (seen.has(instance)) wrong.push(`${label} twice`);
      seen.add(instance);
    }
    if (instance instanceof library.MindsphereCredentials) shown[label] = String(instance).split(' ')[0];
  }
}

/** What Nest says where a name has no registration. */
class Wants {}
library.InjectCredentials(library.TokenVerifier, 'plnt')(Wants, undefined, 0);
Reflect.defineMetadata('design:paramtypes', [Object], Wants);
class BrokenModule {}
Module({ imports: [library.MindsphereCredentialsModule.forRoot({ app })], providers: [Wants] })(BrokenModule);
const failure = await NestFactory.createApplicationContext(BrokenModule, { logger: false, abortOnError: false }).catch(
  (error) => error.message,
);
await application.close();

const found = JSON.stringify({
  wrong,
  shown,
  mangled: [...SINGLETONS, ...OF_REQUESTS].some((key) => library[key].name !== key),
  error: new library.MindsphereCredentialsError('options_invalid', 'x').name,
  saysClass: failure.includes("TokenVerifier of registration 'plnt'"),
  log: lines.filter((line) => line.startsWith('Configured')).length,
});
process.stdout.write(`${found}\n`);

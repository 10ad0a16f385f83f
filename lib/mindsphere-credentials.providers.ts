import { type FactoryProvider, type InjectionToken, type Provider, Scope, type Type } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import type { ResolvedOptions } from './config/resolved-options.interface.js';
import { RESOLVED_OPTIONS } from './config/resolved-options.token.js';
import { AppCredentials } from './credentials/app.credentials.js';
import type { CredentialsContext } from './credentials/credentials-context.js';
import { getCredentialsToken } from './credentials/credentials-token.js';
import { MindsphereCredentials } from './credentials/mindsphere-credentials.js';
import { MindsphereCredentialsFactory } from './credentials/mindsphere-credentials.factory.js';
import { MissingCredentials } from './credentials/missing-credentials.js';
import { presentedToken } from './credentials/presented-token.js';
import { TenantCredentials } from './credentials/tenant.credentials.js';
import { UserToken } from './credentials/user-token.js';
import { HttpTokenEndpoint } from './token/http-token-endpoint.js';
import { TokenCache } from './token/token-cache.js';

/** Injection token of what the credentials of one registration stand on. */
const CONTEXT = Symbol('mindsphere-credentials:context');

const internalProviders: Provider[] = [
  {
    provide: TokenCache,
    useFactory: (options: ResolvedOptions) => new TokenCache(options),
    inject: [RESOLVED_OPTIONS],
  },
  {
    provide: CONTEXT,
    useFactory: (options: ResolvedOptions, cache: TokenCache): CredentialsContext =>
      Object.freeze({ options, cache, endpoint: new HttpTokenEndpoint(options.request) }),
    inject: [RESOLVED_OPTIONS, TokenCache],
  },
];

/** The providers of one registration; what is exported carries its name. */
export function createProviders(name: string | undefined): { all: Provider[]; exported: InjectionToken[] } {
  const token = (type: Type | typeof MindsphereCredentials) => getCredentialsToken(type, name);
  const app = token(AppCredentials);
  const tenant = token(TenantCredentials);
  const credentials: FactoryProvider[] = [
    {
      provide: app,
      useFactory: (context: CredentialsContext) => new AppCredentials(context, context.options.app),
      inject: [CONTEXT],
    },
    {
      provide: tenant,
      useFactory: (context: CredentialsContext) => new TenantCredentials(context, context.options.tenant),
      inject: [CONTEXT],
    },
    {
      provide: token(MindsphereCredentials),
      useFactory: ({ preferred }: ResolvedOptions, forApp: AppCredentials, forTenant: TenantCredentials) =>
        preferred === undefined ? new MissingCredentials() : { app: forApp, tenant: forTenant }[preferred],
      inject: [RESOLVED_OPTIONS, app, tenant],
    },
    {
      provide: token(MindsphereCredentialsFactory),
      useFactory: (context: CredentialsContext) => new MindsphereCredentialsFactory(context),
      inject: [CONTEXT],
    },
    {
      provide: token(UserToken),
      scope: Scope.REQUEST,
      useFactory: (request: unknown, { userToken }: ResolvedOptions) =>
        new UserToken(() => ({ value: presentedToken(request, userToken) })),
      inject: [REQUEST, RESOLVED_OPTIONS],
    },
  ];
  return { all: [...internalProviders, ...credentials], exported: credentials.map(({ provide }) => provide) };
}

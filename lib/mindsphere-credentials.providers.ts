import { type InjectionToken, Logger, type Provider, Scope, type Type } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import type { ResolvedOptions } from './config/resolved-options.interface.js';
import { RESOLVED_OPTIONS } from './config/resolved-options.token.js';
import { AppCredentials } from './credentials/app.credentials.js';
import type { CredentialsContext } from './credentials/credentials-context.js';
import { getCredentialsToken, type Injectable } from './credentials/credentials-token.js';
import { CurrentAppCredentials } from './credentials/current-app.credentials.js';
import { MindsphereCredentials } from './credentials/mindsphere-credentials.js';
import { MindsphereCredentialsFactory } from './credentials/mindsphere-credentials.factory.js';
import { MissingCredentials } from './credentials/missing-credentials.js';
import { TenantCredentials } from './credentials/tenant.credentials.js';
import { TokenVerifier } from './credentials/token-verifier.js';
import { UserToken, userTokenOf } from './credentials/user-token.js';
import { MindsphereExceptionFilter } from './guard/mindsphere-exception.filter.js';
import { UserTokenGuard } from './guard/user-token.guard.js';
import { SharedTokens } from './sharing/shared-tokens.js';
import { HttpTokenEndpoint } from './token/http-token-endpoint.js';
import { TokenCache } from './token/token-cache.js';
import { clientRule } from './verification/client-rule.js';

/** Injection token of what the credentials of one registration stand on. */
const CONTEXT = Symbol('mindsphere-credentials:context');

const internalProviders = (verifierToken: InjectionToken): Provider[] => [
  {
    provide: TokenCache,
    useFactory: (options: ResolvedOptions) => new TokenCache(options),
    inject: [RESOLVED_OPTIONS],
  },
  {
    provide: SharedTokens,
    useFactory: (options: ResolvedOptions) => new SharedTokens(options),
    inject: [RESOLVED_OPTIONS],
  },
  {
    provide: CONTEXT,
    useFactory: (
      options: ResolvedOptions,
      cache: TokenCache,
      verifier: TokenVerifier,
      shared: SharedTokens,
    ): CredentialsContext =>
      Object.freeze({
        options,
        cache,
        verifier,
        endpoint: new HttpTokenEndpoint(options.request, Math.random, shared),
        clients: clientRule(options),
      }),
    inject: [RESOLVED_OPTIONS, TokenCache, verifierToken, SharedTokens],
  },
];

/** The providers of one registration; what is exported carries its name. */
export function createProviders(name: string | undefined): { all: Provider[]; exported: InjectionToken[] } {
  const token = (type: Injectable) => getCredentialsToken(type, name);
  const app = token(AppCredentials);
  const tenant = token(TenantCredentials);
  const verifier = token(TokenVerifier);
  const user = token(UserToken);
  const credentials: Exclude<Provider, Type>[] = [
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
    { provide: verifier, useFactory: createVerifier, inject: [RESOLVED_OPTIONS] },
    {
      provide: user,
      scope: Scope.REQUEST,
      useFactory: (request: unknown, own: TokenVerifier) => userTokenOf(request, (outer) => own.presented(outer), own),
      inject: [REQUEST, verifier],
    },
    {
      provide: token(CurrentAppCredentials),
      scope: Scope.REQUEST,
      useFactory: (context: CredentialsContext, base: AppCredentials, current: UserToken) =>
        new CurrentAppCredentials(context, base, current),
      inject: [CONTEXT, app, user],
    },
    {
      provide: token(UserTokenGuard),
      useFactory: (own: TokenVerifier) => new UserTokenGuard(own),
      inject: [verifier],
    },
    { provide: token(MindsphereExceptionFilter), useFactory: () => new MindsphereExceptionFilter() },
  ];
  return { all: [...internalProviders(verifier), ...credentials], exported: credentials.map(({ provide }) => provide) };
}

function createVerifier(options: ResolvedOptions): TokenVerifier {
  if (options.oauthUrl === undefined) {
    new Logger('MindsphereCredentials').warn(
      "No oauthUrl is known for this gateway: users' tokens are refused, and the issuer of app tokens is not checked.",
    );
  }
  if (options.verification.clientIds === undefined && options.app === undefined) {
    new Logger('MindsphereCredentials').warn(
      "User tokens of any app are accepted: set verification.clientIds to your app's client ids, or to 'any' to " +
        'say that it is meant.',
    );
  }
  return new TokenVerifier(options);
}

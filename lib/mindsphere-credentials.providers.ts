import { type InjectionToken, Logger, type Provider, Scope, type Type } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { describeOptions } from './config/describe-options.js';
import type { ResolvedOptions } from './config/resolved-options.interface.js';
import { RESOLVED_OPTIONS } from './config/resolved-options.token.js';
import { AppCredentials } from './credentials/app.credentials.js';
import { CredentialsContexts } from './credentials/credentials-context.js';
import { getCredentialsToken, type Injectable } from './credentials/credentials-token.js';
import { CurrentAppCredentials } from './credentials/current-app.credentials.js';
import { CurrentUser } from './credentials/current-user.js';
import { MindsphereCredentials } from './token/mindsphere-credentials.js';
import { noteRegistration } from './credentials/registration-names.js';
import { MindsphereCredentialsFactory } from './credentials/mindsphere-credentials.factory.js';
import { MissingCredentials, missingCredentials } from './credentials/missing-credentials.js';
import { TenantCredentials } from './credentials/tenant.credentials.js';
import type { Platform } from './platform/platform.interface.js';
import { TokenVerifier } from './users/token-verifier.js';
import { UserToken } from './users/user-token.js';
import { userTokenOf } from './users/user-token-of-request.js';
import { MindsphereExceptionFilter } from './guard/mindsphere-exception.filter.js';
import { UserTokenGuard } from './guard/user-token.guard.js';
import { MindsphereHttpService } from './http/mindsphere-http.service.js';
import { SharedTokens } from './sharing/shared-tokens.js';
import { MindsphereCredentialsEvents } from './telemetry/mindsphere-credentials.events.js';
import { HttpTokenEndpoint } from './token/http-token-endpoint.js';
import { RefreshLog } from './token/refresh-log.js';
import { RefreshReport } from './token/refresh-report.js';
import { TokenCache } from './token/token-cache.js';

/** Injection token of what the credentials of one registration stand on, on each platform. */
const CONTEXT = Symbol('mindsphere-credentials:context');

const internalProviders = (
  name: string | undefined,
  verifierToken: InjectionToken,
  eventsToken: InjectionToken,
): Provider[] => [
  {
    provide: RefreshLog,
    useFactory: (options: ResolvedOptions) => createLog(options, name),
    inject: [RESOLVED_OPTIONS],
  },
  {
    provide: TokenCache,
    useFactory: (options: ResolvedOptions, events: MindsphereCredentialsEvents, log: RefreshLog) =>
      new TokenCache(options, new RefreshReport(events, log)),
    inject: [RESOLVED_OPTIONS, eventsToken, RefreshLog],
  },
  {
    provide: SharedTokens,
    useFactory: (options: ResolvedOptions, events: MindsphereCredentialsEvents) =>
      new SharedTokens(options, (make) => events.emit(make)),
    inject: [RESOLVED_OPTIONS, eventsToken],
  },
  {
    provide: CONTEXT,
    useFactory: (
      options: ResolvedOptions,
      cache: TokenCache,
      verifier: TokenVerifier,
      events: MindsphereCredentialsEvents,
      shared: SharedTokens,
    ) => {
      const endpoint = new HttpTokenEndpoint(options.request, events, Math.random, shared);
      return new CredentialsContexts({ options, cache, verifier, endpoint });
    },
    inject: [RESOLVED_OPTIONS, TokenCache, verifierToken, eventsToken, SharedTokens],
  },
];

/** The providers of one registration; what is exported carries its name. */
export function createProviders(name: string | undefined): { all: Provider[]; exported: InjectionToken[] } {
  noteRegistration(name);
  const token = (type: Injectable) => getCredentialsToken(type, name);
  const app = token(AppCredentials);
  const tenant = token(TenantCredentials);
  const verifier = token(TokenVerifier);
  const user = token(UserToken);
  const events = token(MindsphereCredentialsEvents);
  const credentials: Exclude<Provider, Type>[] = [
    { provide: events, useFactory: () => new MindsphereCredentialsEvents() },
    {
      provide: app,
      useFactory: (contexts: CredentialsContexts) => {
        const context = contexts.homeOf('app');
        return new AppCredentials(context, context.platform.app);
      },
      inject: [CONTEXT],
    },
    {
      provide: tenant,
      useFactory: (contexts: CredentialsContexts) => {
        const context = contexts.homeOf('tenant');
        return new TenantCredentials(context, context.platform.tenant);
      },
      inject: [CONTEXT],
    },
    {
      provide: token(MindsphereCredentials),
      useFactory: ({ platforms, preferred }: ResolvedOptions, forApp: AppCredentials, forTenant: TenantCredentials) =>
        preferred === undefined
          ? missingOn(platforms[0].rules.platform)
          : { app: forApp, tenant: forTenant }[preferred],
      inject: [RESOLVED_OPTIONS, app, tenant],
    },
    {
      provide: token(MindsphereCredentialsFactory),
      useFactory: (contexts: CredentialsContexts) => new MindsphereCredentialsFactory(contexts),
      inject: [CONTEXT],
    },
    {
      provide: verifier,
      useFactory: (options: ResolvedOptions, emitter: MindsphereCredentialsEvents) => {
        warnOfUserTokens(options, name);
        return new TokenVerifier(options, emitter);
      },
      inject: [RESOLVED_OPTIONS, events],
    },
    {
      provide: token(MindsphereHttpService),
      useFactory: (options: ResolvedOptions) => new MindsphereHttpService(options),
      inject: [RESOLVED_OPTIONS],
    },
    {
      provide: user,
      scope: Scope.REQUEST,
      useFactory: (request: unknown, own: TokenVerifier) => userTokenOf(request, (outer) => own.presented(outer), own),
      inject: [REQUEST, verifier],
    },
    {
      provide: token(CurrentAppCredentials),
      scope: Scope.REQUEST,
      useFactory: (base: AppCredentials, current: UserToken) => new CurrentAppCredentials(base, current),
      inject: [app, user],
    },
    {
      provide: token(CurrentUser),
      useFactory: (base: AppCredentials, own: TokenVerifier) => new CurrentUser(base, own),
      inject: [app, verifier],
    },
    {
      provide: token(UserTokenGuard),
      useFactory: (own: TokenVerifier) => new UserTokenGuard(own),
      inject: [verifier],
    },
    { provide: token(MindsphereExceptionFilter), useFactory: () => new MindsphereExceptionFilter() },
  ];
  return {
    all: [...internalProviders(name, verifier, events), ...credentials],
    exported: credentials.map(({ provide }) => provide),
  };
}

function missingOn(platform: Platform): MissingCredentials {
  return new MissingCredentials(platform, missingCredentials(platform));
}

/** The log of one registration, which begins with what is configured. */
function createLog(options: ResolvedOptions, name: string | undefined): RefreshLog {
  const logger = new Logger('MindsphereCredentials');
  logger.log(describeOptions(options, name));
  return new RefreshLog(logger);
}

function warnOfUserTokens({ platforms: [{ oauthUrl, users, app }] }: ResolvedOptions, name: string | undefined): void {
  const logger = new Logger('MindsphereCredentials');
  const whose = name === undefined ? '' : `Registration ${name}: `;
  if (oauthUrl === undefined) {
    logger.warn(
      `${whose}No oauthUrl is known for this gateway: users' tokens are refused, and the issuer of app tokens is not checked.`,
    );
  }
  if (users.clientIds === undefined && app === undefined) {
    logger.warn(
      `${whose}User tokens of any app are accepted: set verification.clientIds to your app's client ids, or to 'any' ` +
        'to say that it is meant.',
    );
  }
}

import { type FactoryProvider, type InjectionToken, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { describeOptions, warningsAtStart } from './config/describe-options.js';
import type { ResolvedOptions } from './config/resolved-options.interface.js';
import { AppCredentials } from './credentials/app.credentials.js';
import { CredentialsContexts } from './credentials/credentials-context.js';
import { CurrentAppCredentials } from './credentials/current-app.credentials.js';
import { CurrentUser } from './credentials/current-user.js';
import { MindsphereCredentialsFactory } from './credentials/mindsphere-credentials.factory.js';
import { MissingCredentials, missingCredentials } from './credentials/missing-credentials.js';
import { TenantCredentials } from './credentials/tenant.credentials.js';
import { DurableProviders } from './guard/durable-providers.js';
import { GuardedApplication } from './guard/guarded-application.js';
import { MindsphereApiExceptionFilter } from './guard/mindsphere-api-exception.filter.js';
import { MindsphereExceptionFilter } from './guard/mindsphere-exception.filter.js';
import { UserTokenGuard } from './guard/user-token.guard.js';
import { MindsphereHttpService } from './http/mindsphere-http.service.js';
import { getCredentialsToken, type Injectable } from './registration/credentials-token.js';

import { Registration } from './registration/registrations.js';
import { SharedTokens } from './sharing/shared-tokens.js';
import { MindsphereCredentialsEvents } from './telemetry/mindsphere-credentials.events.js';
import { Reporter } from './telemetry/reporter.js';
import { HttpTokenEndpoint } from './token/http-token-endpoint.js';
import { MindsphereCredentials } from './token/mindsphere-credentials.js';
import { TokenCache } from './token/token-cache.js';
import { TokenVerifier } from './users/token-verifier.js';
import { UserToken } from './users/user-token.js';
import { injectedUserToken } from './users/user-token-of-request.js';

/** Injection token of the {@link CredentialsContexts} of one registration. */
const CONTEXT = Symbol('mindsphere-credentials:context');

type InjectionTokenOf = (type: Injectable) => InjectionToken;

/** The providers of one registration; the exported ones have its name in their injection tokens. */
export function createProviders(name: string | undefined): {
  readonly providers: FactoryProvider[];
  readonly exported: InjectionToken[];
} {
  const injectionTokenOf: InjectionTokenOf = (type) => getCredentialsToken(type, name);
  const published = [
    ...credentialProviders(injectionTokenOf),
    ...userProviders(injectionTokenOf),
    ...requestScopedProviders(injectionTokenOf),
    ...otherProviders(injectionTokenOf),
  ];
  return {
    providers: [...internalProviders(injectionTokenOf, name), ...published],
    exported: published.map(({ provide }) => provide),
  };
}

/** What the exported classes depend on. */
function internalProviders(injectionTokenOf: InjectionTokenOf, name: string | undefined): FactoryProvider[] {
  return [
    single(
      Reporter,
      [injectionTokenOf(MindsphereCredentialsEvents)],
      ({ options }, events: MindsphereCredentialsEvents) => {
        return createReporter(options, name, events);
      },
    ),
    single(TokenCache, [Reporter], ({ options }, reporter: Reporter) => new TokenCache(options, reporter)),
    single(SharedTokens, [Reporter], ({ options }, reporter: Reporter) => new SharedTokens(options, reporter)),
    single(CONTEXT, [TokenCache, injectionTokenOf(TokenVerifier), Reporter, SharedTokens], createContext),
  ];
}

/** The credentials that the application can use. */
function credentialProviders(injectionTokenOf: InjectionTokenOf): FactoryProvider[] {
  const [app, tenant] = [injectionTokenOf(AppCredentials), injectionTokenOf(TenantCredentials)];
  return [
    single(app, [CONTEXT], (_, contexts: CredentialsContexts) => {
      const context = contexts.homeOf('app');
      return new AppCredentials(context, context.platform.app);
    }),
    single(tenant, [CONTEXT], (_, contexts: CredentialsContexts) => {
      const context = contexts.homeOf('tenant');
      return new TenantCredentials(context, context.platform.tenant);
    }),
    single(injectionTokenOf(MindsphereCredentials), [app, tenant], preferredCredentials),
    single(injectionTokenOf(MindsphereCredentialsFactory), [CONTEXT], (_, contexts: CredentialsContexts) => {
      return new MindsphereCredentialsFactory(contexts);
    }),
  ];
}

/** Verification of users, the guard and the exception filters. */
function userProviders(injectionTokenOf: InjectionTokenOf): FactoryProvider[] {
  const [app, verifier] = [injectionTokenOf(AppCredentials), injectionTokenOf(TokenVerifier)];
  return [
    single(verifier, [Reporter], ({ options }, reporter: Reporter) => new TokenVerifier(options, reporter)),
    single(injectionTokenOf(CurrentUser), [app, verifier], (_, base: AppCredentials, own: TokenVerifier) => {
      return new CurrentUser(base, own);
    }),
    single(
      injectionTokenOf(UserTokenGuard),
      [verifier, GuardedApplication],
      (_, own: TokenVerifier, application: GuardedApplication) => new UserTokenGuard(own, application),
    ),
    single(injectionTokenOf(MindsphereExceptionFilter), [], () => new MindsphereExceptionFilter()),
    single(injectionTokenOf(MindsphereApiExceptionFilter), [], () => new MindsphereApiExceptionFilter()),
  ];
}

/** Request-scoped providers: Nest makes them, and whatever injects them, for each request. */
function requestScopedProviders(injectionTokenOf: InjectionTokenOf): FactoryProvider[] {
  const user = injectionTokenOf(UserToken);
  return [
    {
      provide: user,
      scope: Scope.REQUEST,
      useFactory: (request: unknown, own: TokenVerifier, durable: DurableProviders) =>
        injectedUserToken(request, own, () => durable.demandNone()),
      inject: [REQUEST, injectionTokenOf(TokenVerifier), DurableProviders],
    },
    {
      provide: injectionTokenOf(CurrentAppCredentials),
      scope: Scope.REQUEST,
      useFactory: (base: AppCredentials, current: UserToken) => new CurrentAppCredentials(base, current),
      inject: [injectionTokenOf(AppCredentials), user],
    },
  ];
}

/** Other classes that an application can inject. */
function otherProviders(injectionTokenOf: InjectionTokenOf): FactoryProvider[] {
  return [
    single(injectionTokenOf(MindsphereCredentialsEvents), [], () => new MindsphereCredentialsEvents()),
    single(injectionTokenOf(MindsphereHttpService), [], ({ options }) => new MindsphereHttpService(options)),
  ];
}

/** A provider whose instance belongs to the registration, in however many modules that is imported. */
function single(
  provide: InjectionToken,
  inject: InjectionToken[],
  // The types of injected values are not known here; each factory declares its own.
  make: (registration: Registration, ...dependencies: never[]) => unknown,
): FactoryProvider {
  return {
    provide,
    useFactory: (registration: Registration, ...dependencies: never[]) =>
      registration.once(provide, () => make(registration, ...dependencies)),
    inject: [Registration, ...inject],
  };
}

function createContext(
  { options }: Registration,
  cache: TokenCache,
  verifier: TokenVerifier,
  reporter: Reporter,
  shared: SharedTokens,
): CredentialsContexts {
  const endpoint = new HttpTokenEndpoint(options.request, reporter, Math.random, shared);
  return new CredentialsContexts({ options, cache, verifier, endpoint });
}

function preferredCredentials(
  { options: { platforms, preferred } }: Registration,
  app: AppCredentials,
  tenant: TenantCredentials,
): MindsphereCredentials {
  if (preferred !== undefined) return { app, tenant }[preferred];
  const { platform } = platforms[0].rules;
  return new MissingCredentials(platform, missingCredentials(platform));
}

/** The reporter of one registration, whose log begins with what is configured. */
function createReporter(
  options: ResolvedOptions,
  name: string | undefined,
  events: MindsphereCredentialsEvents,
): Reporter {
  const reporter = new Reporter(events);
  reporter.configured(describeOptions(options, name), warningsAtStart(options, name));
  return reporter;
}

import { ConfigurableModuleBuilder, type FactoryProvider, Global, Module, type Provider } from '@nestjs/common';
import type { MindsphereCredentialsModuleOptions } from './config/sections/module.options.js';
import { RESOLVED_OPTIONS } from './config/resolved-options.interface.js';
import { DurableProviders } from './guard/durable-providers.js';
import { GuardedApplication } from './guard/guarded-application.js';
import { RouteCheck } from './guard/route-check.js';
import { createProviders } from './mindsphere-credentials.providers.js';
import { Registration, REGISTRATION_ID, type RegistrationId, Registrations } from './registration/registrations.js';

/** What stands beside the options of a registration, in `forRootAsync` beside `useFactory`. */
export interface MindsphereCredentialsModuleExtras {
  /** Makes what is registered available everywhere. Default `false`. */
  isGlobal?: boolean | undefined;
  /** Names this registration; inject with `@InjectCredentials(AppCredentials, name)`. Default: none. */
  name?: string | undefined;
}

/** What all registrations of one application share. Static, so Nest makes it once for each application. */
@Global()
@Module({
  providers: [Registrations, GuardedApplication, DurableProviders, RouteCheck],
  exports: [Registrations, GuardedApplication, DurableProviders],
})
class MindsphereRegistrationsModule {}

/** What a class of `useClass` or `useExisting` has to have. */
export const FACTORY_METHOD = 'createMindsphereCredentialsOptions';

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<MindsphereCredentialsModuleOptions>({
    optionsInjectionToken: RESOLVED_OPTIONS,
    // Registrations whose options differ only in functions would else count as one.
    alwaysTransient: true,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName(FACTORY_METHOD)
    .setExtras<MindsphereCredentialsModuleExtras>(
      { isGlobal: false, name: undefined },
      (definition, { isGlobal, name }) => {
        const { providers, exported } = createProviders(name);
        return {
          ...definition,
          global: isGlobal ?? false,
          imports: [...(definition.imports ?? []), MindsphereRegistrationsModule],
          providers: [...(definition.providers ?? []).flatMap((given) => registering(given, name)), ...providers],
          exports: [...(definition.exports ?? []), ...exported],
        };
      },
    )
    .build();

/**
 * Where sync and async registration meet: the provider of the options as given becomes one of the registration, and what
 * is injected are its resolved options. The options as given stay in closures and private fields, where no dump of the
 * application shows them.
 */
function registering(provider: Provider, name: string | undefined): Provider[] {
  if (typeof provider === 'function' || provider.provide !== RESOLVED_OPTIONS) return [provider];
  const id: RegistrationId = Object.freeze({ name });
  const { useFactory, inject = [] } = provider as FactoryProvider<MindsphereCredentialsModuleOptions>;
  return [
    { provide: REGISTRATION_ID, useValue: id },
    {
      provide: Registration,
      useFactory: async (registrations: Registrations, ...dependencies: unknown[]) =>
        registrations.register({ id, given: await useFactory(...dependencies) }),
      inject: [Registrations, ...inject],
    },
    { provide: RESOLVED_OPTIONS, useFactory: ({ options }: Registration) => options, inject: [Registration] },
  ];
}

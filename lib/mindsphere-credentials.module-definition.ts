import { ConfigurableModuleBuilder, type FactoryProvider, type Provider, type ValueProvider } from '@nestjs/common';
import { completeFromEnvironment } from './config/environment.js';
import type { MindsphereCredentialsModuleOptions } from './config/module-options.interface.js';
import { resolveOptions } from './config/resolve-options.js';
import { RESOLVED_OPTIONS } from './config/resolved-options.token.js';
import { createProviders } from './mindsphere-credentials.providers.js';

/** What stands beside the options of a registration, in `forRootAsync` beside `useFactory`. */
export interface MindsphereCredentialsModuleExtras {
  /** Makes what is registered available everywhere. Default `false`. */
  isGlobal?: boolean;
  /** Tells this registration from others; inject with `@InjectCredentials(AppCredentials, name)`. Default: none. */
  name?: string;
}

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<MindsphereCredentialsModuleOptions>({
    optionsInjectionToken: RESOLVED_OPTIONS,
    // Registrations whose options differ only in functions would else count as one.
    alwaysTransient: true,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createMindsphereCredentialsOptions')
    .setExtras<MindsphereCredentialsModuleExtras>(
      { isGlobal: false, name: undefined },
      (definition, { isGlobal, name }) => {
        const providers = createProviders(name);
        return {
          ...definition,
          global: isGlobal ?? false,
          providers: [...(definition.providers ?? []).map(resolvingOptions), ...providers.all],
          exports: [...(definition.exports ?? []), ...providers.exported],
        };
      },
    )
    .build();

/**
 * Where sync and async registration meet: what is injected are the resolved options, with their secrets sealed. The
 * options as given stay in closures, where no dump of the application shows them.
 */
function resolvingOptions(provider: Provider): Provider {
  if (typeof provider === 'function' || provider.provide !== RESOLVED_OPTIONS) return provider;
  if ('useFactory' in provider) return resolvingFactory(provider);
  const options = (provider as ValueProvider<MindsphereCredentialsModuleOptions>).useValue;
  return {
    provide: RESOLVED_OPTIONS,
    useFactory: () => resolveOptions(completeFromEnvironment(options, process.env)),
  };
}

function resolvingFactory(provider: FactoryProvider): Provider {
  const give = provider.useFactory as (...dependencies: unknown[]) => unknown;
  return {
    ...provider,
    useFactory: async (...dependencies: unknown[]) =>
      resolveOptions((await give(...dependencies)) as MindsphereCredentialsModuleOptions),
  };
}

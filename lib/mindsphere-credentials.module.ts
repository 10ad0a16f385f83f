import { type DynamicModule, Inject, Module, Optional } from '@nestjs/common';
import { RESOLVED_OPTIONS } from './config/resolved-options.interface.js';
import { MindsphereCredentialsError } from './errors/mindsphere-credentials.error.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  type OPTIONS_TYPE,
} from './mindsphere-credentials.module-definition.js';

import { isValues, ownValue } from './util/json.js';

/** Registers MindSphere credentials as injectable providers. Import `forRoot(…)` or `forRootAsync(…)`. */
@Module({})
export class MindsphereCredentialsModule extends ConfigurableModuleClass {
  /** Nest builds it. Throws `options_invalid` where the bare class was imported. */
  constructor(@Optional() @Inject(RESOLVED_OPTIONS) options?: unknown) {
    super();
    if (options !== undefined) return;
    throw new MindsphereCredentialsError(
      'options_invalid',
      'Import MindsphereCredentialsModule.forRoot(…) or .forRootAsync(…), once; the bare class registers nothing. ' +
        'To use its credentials in other modules, set isGlobal or import the module that re-exports it.',
    );
  }

  /**
   * Registers credentials from these options, and from the environment for what they leave out. No network I/O. The
   * start fails with one `options_invalid` that lists every fault; credentials that are not configured do not stop it.
   */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  /** Registers credentials from what the factory returns, and from nothing else. No network I/O. Fails as `forRoot`. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    demandFactory(options);
    return super.forRootAsync(options);
  }
}

/** Nest would look for a provider that nobody wrote. */
function demandFactory(options: unknown): void {
  const isGiven = (name: string) => isValues(options) && ownValue(options, name) !== undefined;
  if (['useFactory', 'useClass', 'useExisting'].some(isGiven)) return;
  throw new MindsphereCredentialsError(
    'options_invalid',
    'forRootAsync needs useFactory, useClass or useExisting, e.g. forRootAsync({ inject: [ConfigService], ' +
      'useFactory: (config: ConfigService) => mindsphereOptionsFromConfig(config) }); options themselves belong to forRoot.',
  );
}

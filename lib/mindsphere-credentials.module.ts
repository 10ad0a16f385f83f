import { types } from 'node:util';
import { type DynamicModule, Inject, Module, Optional } from '@nestjs/common';
import { completeFromEnvironment } from './config/environment.js';
import { demandOwn } from './config/read-section.js';
import { RESOLVED_OPTIONS } from './config/resolved-options.interface.js';
import { MindsphereCredentialsError } from './errors/mindsphere-credentials.error.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  FACTORY_METHOD,
  type OPTIONS_TYPE,
} from './mindsphere-credentials.module-definition.js';
import { copyOf, isValues, ownValue } from './util/json.js';

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
    demandOptions(options);
    const { isGlobal, name } = { isGlobal: undefined, name: undefined, ...options };
    // Not Nest's own forRoot: it passes a copy on in which inherited options are lost, so that they are not refused.
    const given = copyOf(options, { isGlobal: undefined, name: undefined });
    return super.forRootAsync({ isGlobal, name, useFactory: () => completeFromEnvironment(given, process.env) });
  }

  /** Registers credentials from what the factory returns, and from nothing else. No network I/O. Fails as `forRoot`. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    demandFactory(options);
    return super.forRootAsync(options);
  }
}

/** Of a promise, no option could be read: all would come from the environment. */
function demandOptions(options: unknown): void {
  if (isValues(options) && !types.isPromise(options)) return;
  throw new MindsphereCredentialsError(
    'options_invalid',
    'forRoot takes an object with options, or nothing. Options that have to be awaited or injected belong to ' +
      'forRootAsync({ useFactory: async () => ({ … }) }).',
  );
}

/** Nest would look for a provider that nobody wrote, or call a method that is not there. */
function demandFactory(options: unknown): void {
  demandOwn(options, ['isGlobal', 'name']);
  const given = (name: string) => (isValues(options) ? ownValue(options, name) : undefined);
  for (const name of ['useClass', 'useExisting']) demandMethod(name, given(name));
  if (['useFactory', 'useClass', 'useExisting'].some((name) => given(name) !== undefined)) return;
  throw new MindsphereCredentialsError(
    'options_invalid',
    'forRootAsync needs useFactory, useClass or useExisting, e.g. forRootAsync({ inject: [ConfigService], ' +
      'useFactory: (config: ConfigService) => mindsphereOptionsFromConfig(config) }); options themselves belong to forRoot.',
  );
}

/** `useExisting` may also be a token that is no class. */
function demandMethod(name: string, given: unknown): void {
  if (typeof given !== 'function') return;
  const { prototype }: { prototype?: Record<string, unknown> } = given;
  if (prototype === undefined || typeof prototype[FACTORY_METHOD] === 'function') return;
  throw new MindsphereCredentialsError(
    'options_invalid',
    `${name}: ${given.name} needs a method ${FACTORY_METHOD}(), which returns the options or a promise of them.`,
  );
}

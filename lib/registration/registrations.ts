import { type DynamicModule, Injectable, type InjectionToken } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { MindsphereCredentialsModuleOptions } from '../config/sections/module.options.js';
import { resolveOptions } from '../config/resolve-options.js';
import type { ResolvedOptions } from '../config/resolved-options.interface.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { getCredentialsToken, type Injectable as InjectableClass } from './credentials-token.js';

/** Injection token of a registration's {@link RegistrationId}, in its own module. */
export const REGISTRATION_ID = Symbol('mindsphere-credentials:registration-id');

/** Stands for one call of `forRoot` or `forRootAsync`: calls differ by this object's identity. */
export interface RegistrationId {
  /** `undefined` for the registration without a name. */
  readonly name: string | undefined;
}

type NestModule = ModulesContainer extends Map<string, infer Module> ? Module : never;

interface RegistrationRequest {
  readonly id: RegistrationId;
  /** The options as given, completed from the environment, not validated. */
  readonly given: MindsphereCredentialsModuleOptions;
}

/** One set of options and the instances made from it, however many modules import it. */
export class Registration {
  readonly options: ResolvedOptions;
  /** Private, because it holds secrets. It is kept only to be compared. */
  readonly #given: MindsphereCredentialsModuleOptions;
  readonly #instances = new Map<InjectionToken, unknown>();

  constructor(
    given: MindsphereCredentialsModuleOptions,
    readonly importers: readonly string[],
  ) {
    this.#given = given;
    this.options = resolveOptions(given);
  }

  /** The paths of the options in which another registration differs from this one. */
  differencesTo(given: MindsphereCredentialsModuleOptions): string[] {
    return optionDifferences(this.#given, given);
  }

  /** The instance for an injection token, made at the first call. */
  once<T>(token: InjectionToken, make: () => T): T {
    if (!this.#instances.has(token)) this.#instances.set(token, make());
    return this.#instances.get(token) as T;
  }
}

/**
 * The registrations of one application. Each dynamic module of this library registers itself here, so that two modules
 * with the same name and options share their tokens, and two with the same name and other options are an error.
 */
@Injectable()
export class Registrations {
  readonly #modules: ModulesContainer;
  readonly #moduleRef: ModuleRef;
  readonly #byName = new Map<string | undefined, Registration>();

  constructor(modules: ModulesContainer, moduleRef: ModuleRef) {
    this.#modules = modules;
    this.#moduleRef = moduleRef;
  }

  /** Validates the options, or returns the registration of this name if that has equal ones. Throws `options_invalid`. */
  register({ id, given }: RegistrationRequest): Registration {
    const { name } = id;
    const importers = this.#importersOf(id);
    const former = this.#byName.get(name);
    if (former === undefined) {
      const registration = new Registration(given, importers);
      this.#byName.set(name, registration);
      return registration;
    }
    const differences = former.differencesTo(given);
    if (differences.length > 0) throw conflict(name, [former.importers, importers], differences);
    return former;
  }

  /** The names of all registrations of the application, also of those that Nest has not built yet. */
  get names(): readonly (string | undefined)[] {
    const ids = [...this.#modules.values()].flatMap((module) => idOf(module) ?? []);
    return [...new Set(ids.map(({ name }) => name))];
  }

  /** The instance of a class in a registration, or what a test has overridden it with. */
  find<T>(type: InjectableClass & { readonly prototype: T }, name: string | undefined): T {
    return this.#moduleRef.get<T>(getCredentialsToken(type, name), { strict: false });
  }

  #importersOf(id: RegistrationId): string[] {
    const modules = [...this.#modules.values()];
    const own = modules.find((module) => idOf(module) === id);
    if (own === undefined) return [];
    // Nest adds a global module to the imports of all others, so only what their decorators list counts.
    const isImporter = own.isGlobal ? importsById(id) : ({ imports }: NestModule) => imports.has(own);
    return modules.filter(isImporter).map(nameOfModule);
  }
}

function idOf({ providers }: NestModule): RegistrationId | undefined {
  return providers.get(REGISTRATION_ID)?.instance as RegistrationId | undefined;
}

/** Whether the class of a module imports the dynamic module that holds this id. */
function importsById(id: RegistrationId): (module: NestModule) => boolean {
  return ({ metatype }) => {
    const imports = (Reflect.getMetadata('imports', metatype) ?? []) as Partial<DynamicModule>[];
    return imports.some((imported) =>
      imported?.providers?.some((provider) => Reflect.get(provider, 'useValue') === id),
    );
  };
}

// A minifier may change it, so it is used in messages only.
function nameOfModule({ name }: NestModule): string {
  return name;
}

function conflict(
  name: string | undefined,
  importers: readonly (readonly string[])[],
  differences: readonly string[],
): MindsphereCredentialsError {
  const which = name === undefined ? 'without a name' : `of the name '${name}'`;
  const modules = importers.map((names) => names.join(', ') || 'the application').join(' and ');
  return new MindsphereCredentialsError(
    'options_invalid',
    `There are two registrations ${which} with different options, imported by ${modules}; they differ in ` +
      `${differences.join(', ')}. Give one of them another name, or register once and set isGlobal. Functions, agents ` +
      'and stores must be the same object to be equal.',
  );
}

/**
 * The paths at which two sets of options differ, such as `app.hostTenant`; none where they are equal. Functions, agents
 * and stores are equal only if they are the same object, because two of them cannot be compared.
 */
export function optionDifferences(one: unknown, other: unknown, path = ''): string[] {
  if (Object.is(one, other)) return [];
  if (!isPlain(one) || !isPlain(other)) return [path === '' ? 'the options' : path];
  const keys = new Set([...Reflect.ownKeys(one), ...Reflect.ownKeys(other)]);
  return [...keys].flatMap((key) =>
    optionDifferences(
      Reflect.get(one, key),
      Reflect.get(other, key),
      path === '' ? nameOf(key) : `${path}.${nameOf(key)}`,
    ),
  );
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

function nameOf(key: string | symbol): string {
  return typeof key === 'string' ? key : (key.description ?? 'a symbol');
}

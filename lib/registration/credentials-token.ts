import { Inject, type InjectionToken, type Type } from '@nestjs/common';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { ownClassNameOf } from '../util/class-name.js';

/**
 * A class that can be injected, abstract ones too.
 *
 * @inline
 */
// oxlint-disable-next-line typescript/no-unsafe-function-type -- classes with a constructor of any visibility
export type Injectable = Type | (Function & { prototype: unknown });

/**
 * The injection token of a class of this library in the registration of a name, e.g. for `overrideProvider` or a
 * factory's `inject`. Without a name: the class itself. No network I/O. Throws `options_invalid` for a name together
 * with a class that no registration provides, such as a subclass of yours.
 *
 * @param name the `name` of the registration; default: the one without a name.
 */
export function getCredentialsToken(type: Injectable, name?: string): InjectionToken {
  if (name === undefined) return type;
  const className = ownClassNameOf(type);
  if (className !== undefined) return namedToken(className, name);
  throw new MindsphereCredentialsError(
    'options_invalid',
    `No registration provides the class that was given together with the name '${name}'. Pass a class of this library, ` +
      'such as AppCredentials or TokenVerifier.',
  );
}

/**
 * Injects what `forRoot({ name })` registered, e.g. `@InjectCredentials(AppCredentials, 'plant')`. Where no
 * registration of this name is in reach, the start fails with Nest's error, which says what to write. Throws as {@link
 * getCredentialsToken} does.
 */
export function InjectCredentials(type: Injectable, name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getCredentialsToken(type, name));
}

/** Nest prints this string where it finds no provider for it, so it names what is missing and what to write. */
function namedToken(className: string, name: string): string {
  return `${className} of registration '${name}' (MindsphereCredentialsModule.forRoot({ name: '${name}' }), imported here or global)`;
}

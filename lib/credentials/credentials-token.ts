import { Inject, type InjectionToken, type Type } from '@nestjs/common';

/**
 * A class that can be injected, abstract ones too.
 *
 * @inline
 */
// oxlint-disable-next-line typescript/no-unsafe-function-type -- classes with a constructor of any visibility
export type Injectable = Type | (Function & { prototype: unknown });

/**
 * The injection token of a class of this library in the registration of a name, e.g. for `overrideProvider` or a
 * factory's `inject`. Without a name: the class itself. No network I/O; throws nothing.
 *
 * @param name the `name` of the registration; default: the one without a name.
 */
export function getCredentialsToken(type: Injectable, name?: string): InjectionToken {
  return name === undefined ? type : `${type.name}:${name}`;
}

/**
 * Injects what `forRoot({ name })` registered, e.g. `@InjectCredentials(AppCredentials, 'plant')`. Without such a
 * registration the start fails with Nest's own error. No network I/O.
 *
 * @param name the `name` of the registration; default: the one without a name.
 */
export function InjectCredentials(type: Injectable, name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getCredentialsToken(type, name));
}

import { Inject, type InjectionToken, type Type } from '@nestjs/common';

// oxlint-disable-next-line typescript/no-unsafe-function-type -- classes with a constructor of any visibility
export type Injectable = Type | (Function & { prototype: unknown });

/**
 * The injection token of a class of this library in the registration of a name, e.g. for `overrideProvider` or a
 * factory's `inject`. Without a name: the class itself.
 */
export function getCredentialsToken(type: Injectable, name?: string): InjectionToken {
  return name === undefined ? type : `${type.name}:${name}`;
}

/** Injects what `forRoot({ name })` registered, e.g. `@InjectCredentials(AppCredentials, 'plant')`. */
export function InjectCredentials(type: Injectable, name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getCredentialsToken(type, name));
}

import { Inject, type InjectionToken, type Type } from '@nestjs/common';
import { demandKnownName, noteName } from './registration-names.js';

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
  if (name !== undefined) noteName(name);
  return tokenOf(type, name);
}

/**
 * Injects what `forRoot({ name })` registered, e.g. `@InjectCredentials(AppCredentials, 'plant')`. The start fails with
 * `options_invalid`, which lists the names there are, where there are registrations but none of this name.
 */
export function InjectCredentials(type: Injectable, name?: string): PropertyDecorator & ParameterDecorator {
  const inject = Inject(tokenOf(type, name));
  if (name === undefined) return inject;
  return (target: object, key: string | symbol | undefined, index?: number) => {
    // Nest types a decorator of properties and one of parameters as two.
    (inject as (...place: unknown[]) => void)(target, key, index);
    const owner = typeof target === 'function' ? target : target.constructor;
    watchDependency(owner, key, index, () => demandKnownName(name, type.name, owner.name));
  };
}

function tokenOf(type: Injectable, name: string | undefined): InjectionToken {
  return name === undefined ? type : `${type.name}:${name}`;
}

/** Where Nest keeps what `@Inject` says; the names are the same in NestJS 11 and 12. */
const PARAMETERS = 'self:paramtypes';
const PROPERTIES = 'self:properties_metadata';

/**
 * Runs a check when Nest reads a dependency in order to resolve it: later than every registration is made, earlier than
 * Nest's own error. Where Nest keeps its notes otherwise, there is no check, and that error remains.
 */
function watchDependency(owner: object, key: unknown, index: number | undefined, check: () => void): void {
  const notes: unknown = Reflect.getMetadata(index === undefined ? PROPERTIES : PARAMETERS, owner);
  const isIt = (note: Note) => (index === undefined ? note.key === key : note.index === index);
  const note = Array.isArray(notes) ? (notes as Note[]).findLast(isIt) : undefined;
  const field = index === undefined ? 'type' : 'param';
  const token = note?.[field];
  if (note === undefined || token === undefined) return;
  Object.defineProperty(note, field, { enumerable: true, configurable: true, get: () => (check(), token) });
}

interface Note {
  readonly index?: number;
  readonly key?: unknown;
  readonly param?: unknown;
  readonly type?: unknown;
}

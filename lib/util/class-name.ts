/**
 * Key of the name that a class has in this library's API. `Type.name` cannot be used: bundlers shorten the names of
 * classes, and may give two classes the same one.
 */
export const CLASS_NAME = Symbol('mindsphere-credentials:class-name');

/** The API name of a class, or of the class that it extends; `undefined` for a class that is not of this library. */
export function classNameOf(type: object): string | undefined {
  const name: unknown = Reflect.get(type, CLASS_NAME);
  return typeof name === 'string' ? name : undefined;
}

/** The API name of this very class, not of one that it extends. */
export function ownClassNameOf(type: object): string | undefined {
  return Object.hasOwn(type, CLASS_NAME) ? classNameOf(type) : undefined;
}

/** An object whose values are not checked yet: user input, or the content of an HTTP message. */
export type Values = Readonly<Record<string, unknown>>;

/** Whether a value is an object with named values, and no list. */
export function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object without values, and without those that `Object.prototype` may have been polluted with. */
export const NO_VALUES: Values = Object.freeze(Object.create(null));

/**
 * The object that a JSON document contains; `undefined` where it is invalid, or no object. It has no prototype, so that
 * properties of a polluted `Object.prototype` are not taken for claims of a token or parts of an answer. Objects inside
 * of it have one: read them by {@link ownValue}.
 */
export function parseValues(json: string): Values | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isValues(value) ? (Object.setPrototypeOf(value, null) as Values) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A value that the object has itself. Values from a prototype (a polluted `Object.prototype`, a class) do not count:
 * neither the user nor the environment nor a token has set them.
 */
export function ownValue(values: object, name: string): unknown {
  return Object.hasOwn(values, name) ? (values as Values)[name] : undefined;
}

/**
 * Whether a value comes from a class or another prototype of the object's own. What `Object.prototype` may be polluted with
 * does not count.
 */
export function isInherited(values: object, name: string): boolean {
  return name in values && !Object.hasOwn(values, name) && !(name in {});
}

/**
 * A copy of options with these changes, without what is `undefined`. It keeps the prototype, because the function that judges the
 * copy has to see which options are inherited: in a spread they would be lost without an error.
 */
export function copyOf(values: object, changes: object = {}): Values {
  // Not a spread alone: own properties count also where they are not enumerable.
  const own = Object.fromEntries(Reflect.ownKeys(values).map((name) => [name, Reflect.get(values, name)]));
  const copy: Record<string, unknown> = { ...own, ...changes };
  for (const name of Object.keys(copy)) if (copy[name] === undefined) delete copy[name];
  return Object.setPrototypeOf(copy, Object.getPrototypeOf(values)) as Values;
}

/** Freezes a value made by `JSON.parse`, at every depth. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

/** An object whose values nobody has judged yet: user input, or what came over the wire. */
export type Values = Readonly<Record<string, unknown>>;

/** Whether a value is an object with named values, and no list. */
export function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object without values, and without those that `Object.prototype` may have been polluted with. */
export const NO_VALUES: Values = Object.freeze(Object.create(null));

/**
 * The object that a JSON text stands for; `undefined` where it is no JSON, or something else than an object. It has no
 * prototype: what `Object.prototype` was polluted with is no claim of a token and no part of an answer. Objects inside of
 * it have one and are read by {@link ownValue}.
 */
export function parseValues(text: string): Values | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isValues(value) ? (Object.setPrototypeOf(value, null) as Values) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A value that an object has itself. What `Object.prototype` was polluted with, or a class gives, is not taken for
 * something that the user, the environment or a token said.
 */
export function ownValue(values: object, name: string): unknown {
  return Object.hasOwn(values, name) ? (values as Values)[name] : undefined;
}

/** Freezes a value made by `JSON.parse`, at every depth. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

/** Where the values of an options object come from. */
export interface Origin {
  readonly isEnvironment: boolean;
  /** What stands before the names of its variables. */
  readonly prefix: string;
}

const IN_CODE: Origin = Object.freeze({ isEnvironment: false, prefix: '' });

// Beside the objects, so that the application may look at its options, spread and compare them.
const origins = new WeakMap<object, Origin>();

/** The object, with a note that it was read from variables of this prefix. */
export function fromEnvironment<T extends object>(values: T, prefix: string): T {
  origins.set(values, { isEnvironment: true, prefix });
  return values;
}

/** Where an object comes from: what has no note was written in code. */
export function originOf(values: unknown): Origin {
  return (typeof values === 'object' && values !== null && origins.get(values)) || IN_CODE;
}

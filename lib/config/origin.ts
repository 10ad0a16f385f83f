/** Where the values of an options object come from. */
export interface Origin {
  readonly isEnvironment: boolean;
  /** What stands before the names of its variables. */
  readonly prefix: string;
}

const IN_CODE: Origin = Object.freeze({ isEnvironment: false, prefix: '' });

// An enumerable property, so that `{ ...options.tenant }` still says where the group was read; a symbol, so that neither
// the names of the options nor their JSON have one more. Of the global registry, because the options may have been read by
// another copy of this package.
const PREFIX = Symbol.for('nestjs-mindsphere-credentials: read from variables with this prefix');

/** The values, with a note that they were read from variables of this prefix. */
export function fromEnvironment<T extends object>(values: T, prefix: string): T {
  return { ...values, [PREFIX]: prefix };
}

/** Where an object comes from: what has no note was written in code. */
export function originOf(values: unknown): Origin {
  if (typeof values !== 'object' || values === null || !Object.hasOwn(values, PREFIX)) return IN_CODE;
  const prefix: unknown = Reflect.get(values, PREFIX);
  return { isEnvironment: true, prefix: typeof prefix === 'string' ? prefix : '' };
}

/**
 * The paths at which two sets of options differ, such as `app.hostTenant`; none where they are equal. Functions, agents
 * and stores are equal only if they are the same object: nobody can say whether two of them do the same.
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

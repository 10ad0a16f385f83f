/** The first result that is one, of candidates that are tried one after the other. */
export async function firstFound<T, R>(
  [candidate, ...others]: readonly T[],
  find: (candidate: T) => Promise<R | undefined>,
): Promise<R | undefined> {
  if (candidate === undefined) return undefined;
  return (await find(candidate)) ?? firstFound(others, find);
}

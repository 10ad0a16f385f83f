/** Whether an answer says at least what is expected, at any depth; lists must be of the same length. */
export function says(found: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return Object.is(found, expected);
  if (typeof found !== 'object' || found === null || Array.isArray(found) !== Array.isArray(expected)) return false;
  if (Array.isArray(expected) && Object.keys(found).length !== expected.length) return false;
  const members = new Map<string, unknown>(Object.entries(found));
  return Object.entries(expected).every(([name, value]) => members.has(name) && says(members.get(name), value));
}

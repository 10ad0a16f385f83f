/** Deeper claims would overflow the stack of whoever walks them. */
const DEEPEST_CLAIM = 64;

/** Whether a value made by `JSON.parse` can be walked. */
export function isShallow(value: object, levels: number = DEEPEST_CLAIM): boolean {
  if (levels === 0) return false;
  for (const inner of innerValues(value)) {
    if (typeof inner === 'object' && inner !== null && !isShallow(inner, levels - 1)) return false;
  }
  return true;
}

/** Freezes a value at every depth, in the same walk that counts the values in it. */
export function freezeAndCount(value: object): number {
  let count = 1;
  for (const inner of innerValues(value)) {
    count += typeof inner === 'object' && inner !== null ? freezeAndCount(inner) : 1;
  }
  Object.freeze(value);
  return count;
}

function innerValues(value: object): readonly unknown[] {
  return Array.isArray(value) ? value : Object.values(value);
}

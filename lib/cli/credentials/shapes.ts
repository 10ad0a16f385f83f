import { isValues } from '../../util/json.js';

const DEEPEST = 4;
const MOST_NAMES = 100;
const LONGEST_FORM = 200;

/** A value's form: every letter is `a`, every digit is `9`. Not for secrets: lengths stay. */
export function formOf(value: unknown): string {
  if (typeof value !== 'string') return typeof value;
  const form = value.slice(0, LONGEST_FORM).replaceAll(/\p{L}/gu, 'a');
  return form.replaceAll(/\p{N}/gu, '9');
}

/** Names and types of a value made by `JSON.parse`, without the values. */
export function shapeOf(value: unknown, depth: number = DEEPEST): unknown {
  if (Array.isArray(value))
    return value.length === 0 ? 'list (empty)' : [depth === 0 ? '…' : shapeOf(value[0], depth - 1)];
  if (!isValues(value)) return value === null ? 'null' : typeof value;
  if (depth === 0) return 'object';
  const entries = Object.entries(value).slice(0, MOST_NAMES);
  return Object.fromEntries(entries.map(([name, item]) => [nameOf(name), shapeOf(item, depth - 1)]));
}

/** A name that looks like data, such as a tenant's id, is shown by its form. */
function nameOf(name: string): string {
  return /^[A-Za-z_.#-]{1,40}$/.test(name) ? name : formOf(name);
}

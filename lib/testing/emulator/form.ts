const BROKEN_ESCAPE = /%(?![\da-f]{2})/i;

/** The fields of a form; `undefined` where a field comes twice or an escape is broken. */
export function readForm(body: string): ReadonlyMap<string, string> | undefined {
  if (BROKEN_ESCAPE.test(body)) return undefined;
  const fields = [...new URLSearchParams(body)];
  const form = new Map(fields);
  return form.size === fields.length ? form : undefined;
}

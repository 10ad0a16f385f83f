const BROKEN_ESCAPE = /%(?![\da-f]{2})/i;

/** The fields of a form; `undefined` where a field comes twice or an escape is broken. */
export function readDocumentedForm(body: string): ReadonlyMap<string, string> | undefined {
  if (BROKEN_ESCAPE.test(body)) return undefined;
  const fields = [...new URLSearchParams(body)];
  const form = new Map(fields);
  return form.size === fields.length ? form : undefined;
}

/** The parameters of query and body as a servlet reads them: the query's first, and the first of each name. */
export function readTolerantForm(query: string, body: string): ReadonlyMap<string, string> {
  const form = new Map<string, string>();
  for (const [name, value] of [...new URLSearchParams(query), ...new URLSearchParams(body)]) {
    if (!form.has(name)) form.set(name, value);
  }
  return form;
}

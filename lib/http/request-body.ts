/**
 * Whether a body, as Axios has transformed it, is still there after it was sent. Streams are not (form data of the
 * `form-data` package is one, too), and of what is not known nothing is assumed.
 */
export function isRepeatable(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true;
  return body instanceof ArrayBuffer || ArrayBuffer.isView(body) || body instanceof FormData || body instanceof Blob;
}

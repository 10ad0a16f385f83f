/** A client's id and secret. */
export interface ClientCredentials {
  readonly id: string;
  readonly secret: string;
}

/**
 * Reads `{scheme} base64(id:secret)`: the scheme in exactly this spelling, one space, canonical Base64. Gives
 * `undefined` for anything else.
 */
export function readClientCredentials(header: string | undefined, scheme: string): ClientCredentials | undefined {
  const encoded = header?.startsWith(`${scheme} `) ? header.slice(scheme.length + 1) : '';
  const decoded = Buffer.from(encoded, 'base64');
  const colon = decoded.indexOf(':');
  if (colon < 1 || decoded.toString('base64') !== encoded) return undefined;
  return { id: decoded.subarray(0, colon).toString(), secret: decoded.subarray(colon + 1).toString() };
}

/** Client id and secret as HTTP Basic credentials, without the scheme (RFC 7617, section 2). A secret. */
export function basicCredentials(clientId: string, secret: string): string {
  return Buffer.from(`${clientId}:${secret}`, 'utf8').toString('base64');
}

import { createHash, randomUUID } from 'node:crypto';
import type { TechnicalTokenContent, UserTokenContent } from './emulated-platform.js';

/** Claims that tokens of both platforms and both kinds have, with a new `jti` at each call. */
export function commonClaims(content: TechnicalTokenContent) {
  const { clientId, scopes } = content;
  return {
    jti: randomUUID().replaceAll('-', ''),
    scope: [...scopes],
    client_id: clientId,
    cid: clientId,
    azp: clientId,
    rev_sig: digest(clientId).slice(0, 8),
    ...lifetime(content.lifeSeconds),
    iss: content.issuer,
    zid: content.issuerTenant,
    aud: audienceOf(clientId, scopes),
  };
}

/** The claim for the user of a user context. Inferred: the documents do not show such a token. */
export function userOfContext({ contextUserId }: TechnicalTokenContent): { user_id?: string } {
  return contextUserId === undefined ? {} : { user_id: contextUserId };
}

/** The user id of a name: always the same one, in the form of a UUID. */
export function userIdOf({ userName }: Pick<UserTokenContent, 'userName'>): string {
  return digest(userName).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
}

/** A token of negative life was issued that long before its end. */
function lifetime(lifeSeconds: number): { iat: number; exp: number } {
  const now = Math.floor(Date.now() / 1_000);
  const exp = now + lifeSeconds;
  return { iat: lifeSeconds > 0 ? now : exp + lifeSeconds, exp };
}

/** UAA's rule: the client, and what stands before the last dot of each scope; a scope without a dot adds nothing. */
function audienceOf(clientId: string, scopes: readonly string[]): string[] {
  const resources = scopes
    .filter((scope) => scope.includes('.'))
    .map((scope) => scope.slice(0, scope.lastIndexOf('.')));
  return [...new Set([clientId, ...resources])];
}

function digest(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}

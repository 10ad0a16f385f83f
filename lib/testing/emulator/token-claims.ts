import { createHash, randomUUID } from 'node:crypto';
import type { Claims } from './jwt.js';

/** What the platform's tokens name as their schema. Inferred: no documented sample shows the value. */
const SCHEMAS = ['urn:siemens:mindsphere:iam:v1'];

/** What a technical token says. */
export interface TechnicalTokenContent {
  readonly clientId: string;
  readonly issuer: string;
  readonly issuerTenant: string;
  readonly tenant: string;
  readonly subtenant?: string | undefined;
  readonly scopes: readonly string[];
  readonly lifeSeconds: number;
}

/** What a user's token says. */
export interface UserTokenContent extends TechnicalTokenContent {
  readonly userName: string;
}

/** Claims of a technical token, each time with another `jti`. */
export function technicalClaims(content: TechnicalTokenContent): Claims {
  return {
    ...commonClaims(content),
    sub: content.clientId,
    authorities: [...content.scopes],
    grant_type: 'client_credentials',
    cat: 'client-token:v0',
  };
}

/** Claims of a user's token, as the app's users bring it along. */
export function userClaims(content: UserTokenContent): Claims {
  const { userName } = content;
  const common = commonClaims(content);
  const userId = uuidOf(userName);
  return {
    ...common,
    sub: userId,
    user_id: userId,
    user_name: userName,
    email: userName.includes('@') ? userName : `${userName}@example.com`,
    origin: content.issuerTenant,
    auth_time: common.iat,
    grant_type: 'authorization_code',
    cat: 'user-token:v1',
  };
}

function commonClaims(content: TechnicalTokenContent) {
  const { clientId, subtenant, scopes } = content;
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
    aud: [...new Set([clientId, ...scopes.map(resourceOf)])],
    ten: content.tenant,
    ...(subtenant !== undefined && { subtenant }),
    schemas: SCHEMAS,
  };
}

/** A token of negative life was issued that much before its end, not after it. */
function lifetime(lifeSeconds: number): { iat: number; exp: number } {
  const now = Math.floor(Date.now() / 1_000);
  const exp = now + lifeSeconds;
  return { iat: lifeSeconds > 0 ? now : exp + lifeSeconds, exp };
}

/** UAA names as audience the resources that the scopes are about. */
function resourceOf(scope: string): string {
  const dot = scope.lastIndexOf('.');
  return dot < 0 ? scope : scope.slice(0, dot);
}

function uuidOf(text: string): string {
  return digest(text).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

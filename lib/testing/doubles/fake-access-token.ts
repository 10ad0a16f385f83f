import { AccessToken } from '../../token/access-token.js';
import { fakeJwt } from './fake-jwt.js';

/** What a test may say of a fake token; everything has a default. */
export interface FakeAccessTokenOptions {
  /** Default: a JWT-shaped text with the claims, which every verifier refuses. */
  value?: string | undefined;
  /** Default `'fake-tenant'`. */
  tenant?: string | undefined;
  /** Default: none. */
  subtenant?: string | undefined;
  /** Default: none. */
  scopes?: readonly string[] | undefined;
  /** Default: now. */
  issuedAt?: Date | undefined;
  /** Default: 30 minutes after `issuedAt`. */
  expiresAt?: Date | undefined;
  /** Further claims. Default: none. */
  claims?: Readonly<Record<string, unknown>> | undefined;
}

const LIFE_MS = 30 * 60_000;

/** An `AccessToken` without a platform. No network I/O. */
export function fakeAccessToken(options: FakeAccessTokenOptions = {}): AccessToken {
  const { tenant = 'fake-tenant', subtenant, scopes = [], issuedAt = new Date(), claims } = options;
  const expiresAt = options.expiresAt ?? new Date(issuedAt.getTime() + LIFE_MS);
  return new AccessToken({
    value:
      options.value ?? fakeJwt({ ten: tenant, subtenant, scope: scopes, ...lifeOf(issuedAt, expiresAt), ...claims }),
    issuedAt: issuedAt.getTime(),
    expiresAt: expiresAt.getTime(),
    trusted: true,
    platform: 'mindsphere',
    tenant,
    subtenant,
    scope: scopes.join(' '),
  });
}

/** `iat` and `exp`, which are seconds (RFC 7519, section 2). */
export function lifeOf(issuedAt: Date, expiresAt: Date): { iat: number; exp: number } {
  return { iat: Math.floor(issuedAt.getTime() / 1_000), exp: Math.floor(expiresAt.getTime() / 1_000) };
}

import { AccessToken } from '../../token/access-token.js';
import type { EmulatedPlatform } from '../emulator/platforms/emulated-platform.js';
import { fakeTenantClaims, lifeOf } from './fake-claims.js';
import { fakeJwt } from './fake-jwt.js';

/** What a test may say of a fake token; everything has a default. */
export interface FakeAccessTokenOptions {
  /** Default: a string in the form of a JWT with the claims, which every verifier refuses. */
  value?: string | undefined;
  /** Platform that it is for. Default `'mindsphere'`. */
  platform?: EmulatedPlatform | undefined;
  /** Default `'fake-tenant'`. */
  tenant?: string | undefined;
  /** Name of the tenant. Default: on `mindsphere.io` as `tenant`, on `siemens.app` none. */
  tenantName?: string | undefined;
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
  const { platform = 'mindsphere', tenant = 'fake-tenant', subtenant, scopes = [], issuedAt = new Date() } = options;
  const expiresAt = options.expiresAt ?? new Date(issuedAt.getTime() + LIFE_MS);
  const life = lifeOf(issuedAt, expiresAt);
  const claims = { ...fakeTenantClaims({ ...options, tenant }), scope: scopes, ...life, ...options.claims };
  return new AccessToken({
    value: options.value ?? fakeJwt(claims),
    issuedAt: issuedAt.getTime(),
    expiresAt: expiresAt.getTime(),
    trusted: true,
    platform,
    tenant,
    subtenant,
    scope: scopes.join(' '),
  });
}

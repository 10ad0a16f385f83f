import { AccessToken } from '../../token/access-token.js';
import type { EmulatedPlatform } from '../emulator/platforms/emulated-platform.js';

/** Options of {@link fakeAccessToken}; all are optional. */
export interface FakeAccessTokenOptions {
  /** Default: a string in the form of a JWT with the claims, which every verifier rejects. */
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

/** The tenant of a fake token. */
export interface FakeTenant {
  readonly platform?: EmulatedPlatform | undefined;
  readonly tenant: string;
  readonly tenantName?: string | undefined;
  readonly subtenant?: string | undefined;
}

/** The claims that name the tenant on its platform (protocol page, sections 7 and 8); `siemens.app` has no subtenants. */
export function fakeTenantClaims({ platform, tenant, tenantName, subtenant }: FakeTenant): Record<string, unknown> {
  if (platform !== 'xcelerator') return { ten: tenant, subtenant };
  return { 'sws.samauth.ten': tenant, 'sws.samauth.ten.name': tenantName };
}

/** `iat` and `exp`, which are seconds (RFC 7519, section 2). */
export function lifeOf(issuedAt: Date, expiresAt: Date): { iat: number; exp: number } {
  return { iat: Math.floor(issuedAt.getTime() / 1_000), exp: Math.floor(expiresAt.getTime() / 1_000) };
}

/** A string in the form of a JWT, with these claims and no signature: every verifier rejects it. */
export function fakeJwt(claims: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.fake`;
}

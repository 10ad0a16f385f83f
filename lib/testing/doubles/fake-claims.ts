import type { EmulatedPlatform } from '../emulator/platforms/emulated-platform.js';

/** Whom a fake token is for. */
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

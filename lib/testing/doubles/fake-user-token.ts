import { type Observable, of } from 'rxjs';
import { UserToken } from '../../users/user-token.js';
import { deepFreeze } from '../../util/json.js';
import type { EmulatedPlatform } from '../emulator/platforms/emulated-platform.js';
import { fakeJwt, fakeTenantClaims, lifeOf } from './fake-access-token.js';
import type { TokenVerifier } from '../../users/token-verifier.js';

/** Options of {@link fakeUserToken}; all are optional. */
export interface FakeUserTokenOptions {
  /** Default: a string in the form of a JWT with the claims, which every verifier rejects. */
  value?: string | undefined;
  /** Whether it counts as verified. Default `true`; while `false` it shows no claims. */
  verified?: boolean | undefined;
  /** Platform that it is for. Default `'mindsphere'`. */
  platform?: EmulatedPlatform | undefined;
  /** Default `'fake-tenant'`. */
  tenant?: string | undefined;
  /** Name of the tenant. Default: on `mindsphere.io` as `tenant`, on `siemens.app` none. */
  tenantName?: string | undefined;
  /** Default: none. */
  subtenant?: string | undefined;
  /** Second part of the client id. Default: as `tenant`. */
  hostTenant?: string | undefined;
  /** First part of the client id. Default `'fakeapp'`. */
  appName?: string | undefined;
  /** Default `'fake.user@example.com'`. */
  userName?: string | undefined;
  /** Default: none. */
  scopes?: readonly string[] | undefined;
  /** Default: in 30 minutes. */
  expiresAt?: Date | undefined;
  /** Further claims. Default: none. */
  claims?: Readonly<Record<string, unknown>> | undefined;
}

const LIFE_MS = 30 * 60_000;

/** A `UserToken` without a platform, for `overrideProvider(UserToken)` and unit tests. No network I/O. */
export function fakeUserToken(options: FakeUserTokenOptions = {}): UserToken {
  const issuedAt = new Date();
  const expiresAt = options.expiresAt ?? new Date(issuedAt.getTime() + LIFE_MS);
  const claims = deepFreeze({ ...claimsOf(options), ...lifeOf(issuedAt, expiresAt), ...options.claims });
  const verified = { claims, issuedAt: issuedAt.getTime(), expiresAt: expiresAt.getTime() };
  const value = options.value ?? fakeJwt(claims);
  const { platform = 'mindsphere', tenantName } = options;
  const content = Object.freeze({
    value,
    platform,
    ...(tenantName !== undefined && { tenantName }),
    ...((options.verified ?? true) && { verified }),
  });
  return new UserToken(() => content);
}

function claimsOf(options: FakeUserTokenOptions): Record<string, unknown> {
  const { tenant = 'fake-tenant', appName = 'fakeapp', userName = 'fake.user@example.com' } = options;
  const clientId = `${appName}-${options.hostTenant ?? tenant}`;
  return {
    ...fakeTenantClaims({ ...options, tenant }),
    ...fakeUserIdClaim(options),
    cid: clientId,
    client_id: clientId,
    user_name: userName,
    email: userName,
    scope: [...(options.scopes ?? [])],
  };
}

function fakeUserIdClaim({ platform }: FakeUserTokenOptions): Record<string, unknown> {
  return { [platform === 'xcelerator' ? 'sws.samauth.ten.user' : 'user_id']: 'fake-user-id' };
}

/**
 * A double for `overrideProvider(TokenVerifier)`: every request has the given user, whatever token it presents, or
 * without one. The guard still checks scopes. No network I/O.
 */
export function fakeTokenVerifier(user: UserToken = fakeUserToken()): Pick<TokenVerifier, 'verify'> {
  const double: Pick<
    TokenVerifier,
    'verify' | 'recall' | 'hasTenantRule' | 'presented' | 'acceptsUntil' | 'platformOf'
  > = {
    hasTenantRule: false,
    presented: () => user.value,
    recall: () => user,
    acceptsUntil: () => Infinity,
    platformOf: () => user.platform,
    verify: (): Observable<UserToken> => of(user),
  };
  return double;
}

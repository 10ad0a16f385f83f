import type { Platform } from '../platform/platform.interface.js';
import type { FailureCodes } from '../telemetry/credentials-event.interface.js';
import type { TokenState } from '../token/held-token.js';

/**
 * How long a user's tenant counts as failing after a failure. Only a request for that tenant could show that it works
 * again, and an instance that is down gets no requests.
 */
const FAILURE_COUNTS_MS = 300_000;

/** The health of configured credentials, by the cached state of their token. */
export interface CredentialsHealth {
  /** The platform that they act on. */
  readonly platform: Platform;
  /** `'down'`: no valid token is held, and the last request for one failed. Before the first use: `'up'`. */
  readonly status: 'up' | 'down';
  /** Whole seconds of validity left of the token that is held; 0 once it is expired. */
  readonly secondsLeft?: number;
  /** When the token that is held was received, as ISO 8601. */
  readonly lastRefresh?: string;
  /** Why the last request for a token failed; absent where it succeeded. */
  readonly lastErrorCode?: FailureCodes['code'];
  /** The tokens for other tenants (`forUserTenant`, `forUser`), of at most 10,000; absent where none was asked for. */
  readonly tenants?: TenantsHealth;
}

/** How many tenants' tokens are in which state; those neither valid nor failing are not in use. */
export interface TenantsHealth {
  /** With a valid token. */
  readonly valid: number;
  /** Without one, and the last request for one failed within 5 min. */
  readonly failing: number;
}

/** The health of credentials with one token. */
export function healthOf(
  platform: Platform,
  { lifeLeftMs, refreshedAt, lastErrorCode }: TokenState,
): CredentialsHealth {
  return {
    platform,
    status: lastErrorCode === undefined || isValid({ lifeLeftMs }) ? 'up' : 'down',
    ...(lifeLeftMs === undefined ? {} : { secondsLeft: Math.floor(lifeLeftMs / 1_000) }),
    ...(refreshedAt === undefined ? {} : { lastRefresh: new Date(refreshedAt).toISOString() }),
    ...(lastErrorCode === undefined ? {} : { lastErrorCode }),
  };
}

/**
 * The health of app credentials: of their own token, if their tenants are configured, and of the tokens for other
 * tenants. The latter count as down only where some fail and none is valid: the failure of one tenant must not take the
 * application out of service for all others.
 */
export function appHealthOf(
  platform: Platform,
  own: TokenState | undefined,
  others: readonly TokenState[],
): CredentialsHealth {
  const health = healthOf(platform, own ?? {});
  if (others.length === 0) return health;
  const failing = others.filter(isFailing);
  const tenants: TenantsHealth = { valid: others.filter(isValid).length, failing: failing.length };
  const allFail = tenants.failing > 0 && tenants.valid === 0 && !isValid(own ?? {});
  const lastErrorCode = health.lastErrorCode ?? latest(failing)?.lastErrorCode;
  return {
    ...health,
    status: health.status === 'down' || allFail ? 'down' : 'up',
    ...(lastErrorCode === undefined ? {} : { lastErrorCode }),
    tenants,
  };
}

function isValid({ lifeLeftMs = 0 }: TokenState): boolean {
  return lifeLeftMs > 0;
}

function isFailing(state: TokenState): boolean {
  return !isValid(state) && state.failedAgoMs !== undefined && state.failedAgoMs < FAILURE_COUNTS_MS;
}

function latest(states: readonly TokenState[]): TokenState | undefined {
  return states.toSorted((a, b) => (a.failedAgoMs ?? 0) - (b.failedAgoMs ?? 0))[0];
}

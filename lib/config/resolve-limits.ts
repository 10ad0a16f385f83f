import type { RequestOptions } from './module-options.interface.js';
import { isSet, type OptionReader } from './option-reader.js';
import type { ResolvedOptions, ResolvedUsers } from './resolved-options.interface.js';
import { rules } from './rules.js';
import { SealedKeys } from './sealed-keys.js';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

/** Renewal starts this long before expiry; the vendor's SDKs use the same 5 minutes (protocol page, section 1). */
const AHEAD = { default: 5 * MINUTE, min: 0, max: DAY };
const MIN_VALIDITY = { default: 30_000, min: 0, max: DAY };
const TIMEOUT = { default: 10_000, min: 1, max: 10 * MINUTE };
const DEADLINE = { default: 15_000, min: 1, max: 10 * MINUTE };
const RETRIES = { default: 3, min: 0, max: 10 };
const RETRY_DELAY = { default: 250, min: 0, max: MINUTE };
const MAX_RETRY_AFTER = { default: MINUTE, min: 0, max: 60 * MINUTE };
const CLOCK_TOLERANCE = { default: 30_000, min: 0, max: 10 * MINUTE };
const KEY_SET_MAX_AGE = { default: 10 * MINUTE, min: 1_000, max: DAY };
const KEY_SET_COOLDOWN = { default: 30_000, min: 0, max: 60 * MINUTE };
const MAX_TOKENS = { default: 10_000, min: 1, max: 1_000_000 };

type Limits = Pick<ResolvedOptions, 'refresh' | 'request' | 'userToken' | 'verification' | 'cache'>;

/** Everything that has a default: times, numbers, and the rules of verification. */
export function resolveLimits(options: OptionReader, verification: OptionReader): Limits {
  return {
    refresh: resolveRefresh(options.section('refresh', ['aheadMs', 'minValidityMs'])),
    request: resolveRequest(
      options.section('request', ['timeoutMs', 'deadlineMs', 'retries', 'retryDelayMs', 'maxRetryAfterMs', 'axios']),
    ),
    userToken: { extract: options.section('userToken', ['extract']).optional('extract', rules.function) },
    verification: resolveVerification(verification),
    cache: resolveCache(options.section('cache', ['maxTokens', 'maxVerifiedTokens', 'store', 'encryptionKeys'])),
  };
}

/** The options of `verification`. */
export const VERIFICATION_OPTIONS = [
  'clockToleranceMs',
  'keySetMaxAgeMs',
  'keySetCooldownMs',
  'issuerUrl',
  'keySetTenant',
  'issuers',
  'allowedTenants',
  'clientIds',
];

function resolveRefresh(options: OptionReader): Limits['refresh'] {
  return { aheadMs: options.number('aheadMs', AHEAD), minValidityMs: options.number('minValidityMs', MIN_VALIDITY) };
}

function resolveRequest(options: OptionReader): Limits['request'] {
  const { proxy, httpAgent, httpsAgent } = options.section('axios', ['proxy', 'httpAgent', 'httpsAgent']).values;
  return {
    timeoutMs: options.number('timeoutMs', TIMEOUT),
    deadlineMs: options.number('deadlineMs', DEADLINE),
    retries: options.number('retries', RETRIES, true),
    retryDelayMs: options.number('retryDelayMs', RETRY_DELAY),
    maxRetryAfterMs: options.number('maxRetryAfterMs', MAX_RETRY_AFTER),
    // Handed to Axios as they are; behind a function, because a proxy's password may stand in them.
    axios: () => ({ proxy, httpAgent, httpsAgent }) as NonNullable<RequestOptions['axios']>,
  };
}

function resolveVerification(options: OptionReader): Limits['verification'] {
  return {
    clockToleranceMs: options.number('clockToleranceMs', CLOCK_TOLERANCE),
    keySetMaxAgeMs: options.number('keySetMaxAgeMs', KEY_SET_MAX_AGE),
    keySetCooldownMs: options.number('keySetCooldownMs', KEY_SET_COOLDOWN),
    allowedTenants: options.optional('allowedTenants', rules.allowedTenants),
  };
}

/** Whose users' tokens are accepted. */
export function resolveUsers(options: OptionReader): ResolvedUsers {
  return {
    keySetTenant: options.optional('keySetTenant', rules.label),
    // The platform writes them in lower case in `iss`.
    issuers: options.optional('issuers', rules.labels)?.map((issuer) => issuer.toLowerCase()),
    clientIds: options.optional('clientIds', rules.clientIds),
  };
}

function resolveCache(options: OptionReader): Limits['cache'] {
  return {
    maxTokens: options.number('maxTokens', MAX_TOKENS, true),
    maxVerifiedTokens: options.number('maxVerifiedTokens', MAX_TOKENS, true),
    shared: resolveShared(options),
  };
}

/** Tokens leave the process encrypted or not at all. */
function resolveShared(options: OptionReader): Limits['cache']['shared'] {
  const store = options.optional('store', rules.tokenStore);
  const keys = options.optional('encryptionKeys', rules.encryptionKeys);
  if (store === undefined) return undefined;
  if (!isSet(options.values['encryptionKeys'])) options.fault('encryptionKeys', 'is missing: cache.store demands it');
  // Behind a function: what the store holds is not ours to copy, freeze or show.
  return keys === undefined ? undefined : { store: () => store, keys: new SealedKeys(keys) };
}

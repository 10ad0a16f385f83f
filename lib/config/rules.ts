import { isAppPart, isClientId, isClientSecret, isDnsLabel, isDomain } from '../util/formats.js';
import type { AppCredentialsOptions, ClientSecret, VerificationOptions } from './module-options.interface.js';
import type { TokenStore } from '../store/token-store.interface.js';
import type { Rule } from './option-reader.js';
import { isEncryptionKey } from './sealed-keys.js';
import { isValues } from '../util/json.js';

/** Rotation needs two; each costs a look-up of its own. */
const MOST_ENCRYPTION_KEYS = 8;

/** The rules that options are read by: what a value must be, and the words for it. */
export const rules = {
  label: {
    test: isDnsLabel,
    demand: 'must be one DNS label (letters, digits and inner dashes, at most 63)',
  },
  domain: { test: isDomain, demand: 'must be a domain name' },
  appPart: { test: isAppPart, demand: 'must be letters, digits and . _ ~ + - (at most 128)' },
  clientId: { test: isClientId, demand: 'must be printable ASCII without a colon (at most 256)' },
  clientSecret: {
    test: (value): value is ClientSecret => typeof value === 'function' || isClientSecret(value),
    demand: 'must be a text without control characters such as line breaks (at most 4096), or a function',
  },
  boolean: { test: (value) => typeof value === 'boolean', demand: 'must be true or false' },
  text: { test: (value) => typeof value === 'string', demand: 'must be a text' },
  function: { test: isFunction, demand: 'must be a function' },
  authKeyScheme: {
    test: (value): value is NonNullable<AppCredentialsOptions['authKeyScheme']> =>
      value === 'Basic' || value === 'Bearer',
    demand: "must be 'Basic' or 'Bearer'",
  },
  labels: { test: isLabels, demand: 'must be a list of DNS labels' },
  allowedTenants: {
    test: (value): value is NonNullable<VerificationOptions['allowedTenants']> => isFunction(value) || isLabels(value),
    demand: 'must be a list of DNS labels or a function',
  },
  clientIds: {
    test: (value): value is NonNullable<VerificationOptions['clientIds']> => value === 'any' || isTexts(value),
    demand: "must be a list of texts or 'any'",
  },
  tokenStore: { test: isTokenStore, demand: 'must be an object with the methods get, set and delete' },
  encryptionKeys: {
    test: isEncryptionKeys,
    demand: `must be a list of 1 to ${MOST_ENCRYPTION_KEYS} different random keys, each 32 bytes or more in base64`,
  },
} satisfies Record<string, Rule<unknown>>;

// oxlint-disable-next-line typescript/no-unsafe-function-type -- its signature is the application's promise
function isFunction(value: unknown): value is (...args: unknown[]) => never {
  return typeof value === 'function';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && item !== '');
}

function isLabels(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isDnsLabel);
}

function isTokenStore(value: unknown): value is TokenStore {
  if (!isValues(value)) return false;
  const isLockable = value['tryLock'] === undefined || isFunction(value['tryLock']);
  return isLockable && ['get', 'set', 'delete'].every((method) => isFunction(value[method]));
}

function isEncryptionKeys(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_ENCRYPTION_KEYS) return false;
  return value.every(isEncryptionKey) && new Set(value).size === value.length;
}

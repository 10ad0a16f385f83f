import { isDnsLabel } from '../../util/formats.js';
import type { EmulatedPlatform } from '../../testing/emulator/platforms/emulated-platform.js';
import { listed } from './argument-values.js';
import { UsageError } from './usage.error.js';

/** `scope-token` of RFC 6749, section 3.3. */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+$/;
const NAME = /^[\w.+-]{1,64}$/;

/** A user, and what the tenant's administrator has given them. */
export interface EmulatedUser {
  readonly platform: EmulatedPlatform;
  readonly tenant: string;
  readonly userName: string;
  readonly scopes: readonly string[];
}

/** What holds for users that do not say otherwise. */
export interface UserDefaults {
  readonly platform: EmulatedPlatform;
  readonly scopes: readonly string[];
  /** The only tenants there are; `undefined`: any. */
  readonly tenants: readonly string[] | undefined;
}

/**
 * Reads `[name@]tenant[=scope,scope]`: the usual scopes without `=`, none with nothing behind it.
 *
 * @throws UsageError for anything else
 */
export function readUser(argument: string, { platform, scopes: usual, tenants }: UserDefaults): EmulatedUser {
  const [who = '', list, ...rest] = argument.split('=').map((part) => part.trim());
  const at = who.lastIndexOf('@');
  const name = at < 0 ? 'user' : who.slice(0, at);
  const tenant = who.slice(at + 1).toLowerCase();
  const scopes = list === undefined ? usual : listed(list).filter((scope) => scope !== '');
  const isValid = NAME.test(name) && isDnsLabel(tenant) && scopes.every((scope) => SCOPE.test(scope));
  if (rest.length > 0 || !isValid)
    throw new UsageError('--user takes TENANT or TENANT=SCOPE,SCOPE, perhaps behind NAME@');
  if (tenants?.includes(tenant) === false) throw new UsageError(`--user: ${tenant} is not in --tenants`);
  return { platform, tenant, userName: `${name}@${tenant}.example.com`, scopes };
}

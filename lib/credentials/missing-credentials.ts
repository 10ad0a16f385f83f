import { throwError } from 'rxjs';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { Platform } from '../platform/platform.interface.js';
import type { TokenHandle } from '../token/token-cache.js';
import { TechnicalCredentials } from './technical-credentials.js';
import { type Options, placeOf, type Section } from '../config/descriptor.js';
import { APP, TENANT } from '../config/sections/credentials.options.js';
import { XCELERATOR, XCELERATOR_APP, XCELERATOR_TENANT } from '../config/sections/xcelerator.options.js';

/** Credentials that cannot have a token. */
export class MissingCredentials extends TechnicalCredentials {
  override readonly platform: Platform;

  constructor(platform: Platform, tokens: TokenHandle) {
    super(tokens);
    this.platform = platform;
  }

  override toJSON(): Record<string, unknown> {
    return { configured: false };
  }
}

/** Tokens where neither group is configured, on no platform; what is named is what to set for the first one. */
export function missingCredentials(platform: Platform): TokenHandle {
  const [app, tenant] = [settingsOfGroup(platform, 'app'), settingsOfGroup(platform, 'tenant')];
  return failingTokens(`No credentials are configured: set ${app}, or ${tenant}.`);
}

/** Tokens of a group that is not configured on a platform: each use fails with `credentials_missing` and what to set. */
export function missingGroup(platform: Platform, group: CredentialsGroup): TokenHandle {
  return failingTokens(`The ${group} credentials are not configured: set ${settingsOfGroup(platform, group)}.`);
}

/** Tokens of app credentials for which no tenant is known yet. */
export function missingTenants(platform: Platform, names: readonly ('hostTenant' | 'userTenant')[]): TokenHandle {
  const missing = settingsOfTenants(platform, names);
  return failingTokens(
    `App credentials without a tenant: set ${missing}, give the tenants to forUserTenant(), or take them from a user.`,
  );
}

function failingTokens(message: string): TokenHandle {
  const failure$ = throwError(() => new MindsphereCredentialsError('credentials_missing', message));
  return {
    one$: failure$,
    all$: failure$,
    invalidate: () => undefined,
    replaceRejected: () => failure$,
    noteAccepted: () => undefined,
  };
}

/** A group of credentials. */
type CredentialsGroup = 'app' | 'tenant';

/** What to set so that credentials are configured on a platform: options with their variables. */
function settingsOfGroup(platform: Platform, group: CredentialsGroup): string {
  return SETTINGS[platform][group].join(', ');
}

/** What to set so that the tenants of app credentials are known on a platform. */
function settingsOfTenants(platform: Platform, tenants: readonly ('hostTenant' | 'userTenant')[]): string {
  return tenants.map((tenant) => placeOf({ mindsphere: APP, xcelerator: XCELERATOR_APP }[platform], tenant)).join(', ');
}

/** App credentials are given once for both platforms; the other platform has to be switched on, too. */
const SETTINGS: Readonly<Record<Platform, Readonly<Record<CredentialsGroup, readonly string[]>>>> = {
  mindsphere: { app: requiredOf(APP), tenant: requiredOf(TENANT) },
  xcelerator: { app: [placeOf(XCELERATOR, 'coreTenant'), ...requiredOf(APP)], tenant: requiredOf(XCELERATOR_TENANT) },
};

function requiredOf(section: Section<Options>): string[] {
  const names = Object.keys(section.options).filter((name) => section.options[name]?.required);
  return names.map((name) => placeOf(section, name));
}

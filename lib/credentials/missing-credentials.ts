import { throwError } from 'rxjs';
import { VARIABLES } from '../config/environment.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { TokenHandle } from '../token/token-cache.js';
import { TechnicalCredentials } from './technical-credentials.js';

type Group = 'app' | 'tenant';
type Setting = keyof typeof VARIABLES;

const WHOLE_GROUP = {
  app: ['keyStoreClientId', 'keyStoreClientSecret', 'appName', 'appVersion'],
  tenant: ['clientId', 'clientSecret', 'tenant'],
} as const satisfies Record<Group, readonly Setting[]>;

/** Stands for `MindsphereCredentials` where neither group is configured. */
export class MissingCredentials extends TechnicalCredentials {
  constructor() {
    super(failingTokens(`No credentials are configured: set ${settings('app')}, or ${settings('tenant')}.`));
  }

  override toJSON(): Record<string, unknown> {
    return { configured: false };
  }
}

/** Tokens of a group that is not configured: each use fails with `credentials_missing` and what to set. */
export function missingGroup(group: Group): TokenHandle {
  return failingTokens(`The ${group} credentials are not configured: set ${settings(group)}.`);
}

/** Tokens of app credentials for which no tenant is known yet. */
export function missingTenants(names: readonly ('hostTenant' | 'userTenant')[]): TokenHandle {
  const missing = settings('app', names);
  return failingTokens(
    `App credentials without a tenant: set ${missing}, give the tenants to forUserTenant(), or take them from a user.`,
  );
}

function failingTokens(message: string): TokenHandle {
  const failure$ = throwError(() => new MindsphereCredentialsError('credentials_missing', message));
  return { one$: failure$, all$: failure$, invalidate: () => undefined };
}

function settings(group: Group, names: readonly Setting[] = WHOLE_GROUP[group]): string {
  return names.map((name) => `${group}.${name} (${VARIABLES[name]})`).join(', ');
}

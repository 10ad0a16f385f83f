import { firstValueFrom } from 'rxjs';
import { AppCredentials } from '../../credentials/app.credentials.js';
import { TenantCredentials } from '../../credentials/tenant.credentials.js';
import type { MindsphereCredentials } from '../../token/mindsphere-credentials.js';
import { MindsphereCredentialsError } from '../../errors/mindsphere-credentials.error.js';
import type { TokenChoice } from './arguments.js';
import { maskOf, openRegistration, type Registration } from './registration.js';
import { remedyOf } from './remedies.js';

/** Prints a valid token, or on standard error why there is none. */
export async function printToken({ header, ...choice }: TokenChoice & { readonly header: boolean }): Promise<number> {
  let registration: Registration | undefined;
  try {
    registration = await openRegistration();
    const token = await firstValueFrom(chosen(registration, choice).getToken());
    process.stdout.write(header ? `Authorization: ${token.authorization}\n` : `${token.value}\n`);
    return 0;
  } catch (failure) {
    if (!(failure instanceof MindsphereCredentialsError)) throw failure;
    const remedy = remedyOf(failure);
    const mask = await maskOf(registration?.options);
    process.stderr.write(mask(`${failure.code}: ${failure.message}\n${remedy === undefined ? '' : `${remedy}\n`}`));
    return 1;
  } finally {
    await registration?.nest.close();
  }
}

/** The credentials of a choice: those that are configured where it leaves something open, app before tenant. */
function chosen({ nest, options }: Registration, choice: TokenChoice): MindsphereCredentials {
  const site = options.platforms.find(({ rules, app, tenant }) =>
    choice.platform === undefined ? app !== undefined || tenant !== undefined : rules.platform === choice.platform,
  );
  const platform = choice.platform ?? site?.rules.platform ?? options.platforms[0].rules.platform;
  if (kindOf(choice, site?.app !== undefined) === 'tenant') {
    const tenant = nest.get(TenantCredentials, { strict: false }).on(platform);
    return choice.subtenant === undefined ? tenant : tenant.forSubtenant(choice.subtenant);
  }
  const app = nest.get(AppCredentials, { strict: false }).on(platform);
  return choice.userTenant === undefined ? app : app.forUserTenant(choice.userTenant);
}

function kindOf({ credentials, userTenant, subtenant }: TokenChoice, hasApp: boolean): 'app' | 'tenant' {
  if (credentials !== undefined) return credentials;
  if (userTenant !== undefined) return 'app';
  return subtenant !== undefined || !hasApp ? 'tenant' : 'app';
}

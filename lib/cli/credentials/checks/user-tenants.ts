import { firstValueFrom, take, toArray } from 'rxjs';
import type { ResolvedPlatform } from '../../../config/resolved-options.interface.js';
import { AppCredentials } from '../../../credentials/app.credentials.js';
import { MindsphereCredentialsError } from '../../../errors/mindsphere-credentials.error.js';
import type { Check, Finding } from '../check.js';
import type { DoctorContext } from '../doctor-context.js';

/** Reads the first page of the tenants that the app is provisioned to. */
export function userTenantsCheck(site: ResolvedPlatform, context: DoctorContext): Check {
  const { platform } = site.rules;
  return { id: `user-tenants.${platform}`, needs: [`token.${platform}.app`], run: () => finding(site, context) };
}

async function finding({ rules, app }: ResolvedPlatform, { nest }: DoctorContext): Promise<Finding> {
  const first = nest
    .get(AppCredentials, { strict: false })
    .on(rules.platform)
    .userTenants()
    .pipe(take(rules.tokenManager.userTenantsPageSize), toArray());
  try {
    const tenants = await firstValueFrom(first);
    const isListed = app?.userTenant === undefined || tenants.includes(app.userTenant);
    const more = tenants.length === rules.tokenManager.userTenantsPageSize ? ' or more' : '';
    const summary = `the app is provisioned to ${tenants.length}${more} tenants`;
    if (isListed || more !== '') return { status: 'ok', summary, details: { tenants: tenants.length } };
    return {
      status: 'warning',
      summary: `${summary}, and ${app.userTenant} is not one of them`,
      remedy: 'Provision the app to this tenant, or check the user tenant.',
    };
  } catch (failure) {
    if (!(failure instanceof MindsphereCredentialsError)) throw failure;
    return {
      status: 'warning',
      summary: `the list of user tenants is refused: ${failure.message}`,
      remedy: 'Only applications that work for all tenants (userTenants()) need this list.',
    };
  }
}

import { firstValueFrom } from 'rxjs';
import type { ResolvedPlatform } from '../../../config/resolved-options.interface.js';
import { KeySetClient, KeySetFailure } from '../../../verification/key-set.client.js';
import type { Check, Finding } from '../check.js';
import { type DoctorContext, oauthTenantsOf } from '../registration.js';

/** Reads the key sets that users' tokens of a platform are verified with. */
export function keySetCheck(site: ResolvedPlatform, context: DoctorContext): Check {
  const { platform } = site.rules;
  return {
    id: `key-set.${platform}`,
    needs: [`host.${platform}.oauth`],
    run: () => keySetFinding(site, context),
  };
}

async function keySetFinding(site: ResolvedPlatform, { options }: DoctorContext): Promise<Finding> {
  const client = new KeySetClient(site, options.request);
  const tenants = tenantsToRead(site);
  const read = await Promise.all(tenants.map(async (tenant) => ({ tenant, ...(await readOne(client, tenant)) })));
  const details = Object.fromEntries(read.map(({ tenant, outcome }) => [tenant, outcome]));
  const usable = read.filter(({ ok }) => ok);
  const summary = read.map(({ tenant, outcome }) => `${tenant}: ${outcome}`).join('; ');
  if (usable.length === read.length) return { status: 'ok', summary, details };
  if (usable.length === 0) {
    const remedy =
      'Without a key set no user is accepted (503). Check the region, the tenants, and MINDSPHERE_OAUTH_URL.';
    return { status: 'failure', summary, remedy, details };
  }
  return {
    status: 'warning',
    summary,
    remedy:
      'Users are verified with the sets that can be read. Set verification.keySetTenant to a tenant that has one.',
    details,
  };
}

/** The tenant configured as `keySetTenant` alone; else the platform's own, and one issuer. */
function tenantsToRead(site: ResolvedPlatform): string[] {
  const { keySetTenant } = site.users;
  if (typeof keySetTenant === 'string') return [keySetTenant];
  const platforms = keySetTenant === false ? undefined : site.rules.keySetTenant;
  const issuer = oauthTenantsOf(site).find((tenant) => tenant !== platforms);
  return [platforms, issuer].filter((tenant) => tenant !== undefined);
}

async function readOne(client: KeySetClient, tenant: string): Promise<{ ok: boolean; outcome: string }> {
  try {
    const { content } = await firstValueFrom(client.read(tenant, { mayRepeat: () => true }));
    const count = content?.keys.size ?? 0;
    return { ok: count > 0, outcome: `${count} ${count === 1 ? 'key' : 'keys'}` };
  } catch (failure) {
    return { ok: false, outcome: failure instanceof KeySetFailure ? failure.message : 'cannot be read' };
  }
}

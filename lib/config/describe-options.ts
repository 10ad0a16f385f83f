import type { ResolvedAppOptions, ResolvedOptions, ResolvedTenantOptions } from './resolved-options.interface.js';

/** What a registration stands for, on one line: names and hosts only. */
export function describeOptions(options: ResolvedOptions, name?: string): string {
  const [{ gatewayUrl, oauthUrl, app, tenant }] = options.platforms;
  const parts = [
    `gateway ${withoutScheme(gatewayUrl)}`,
    `OAuth server ${oauthUrl === undefined ? 'unknown' : withoutScheme(String(oauthUrl))}`,
    app === undefined ? 'no app credentials' : describeApp(app),
    tenant === undefined ? 'no tenant credentials' : describeTenant(tenant),
  ];
  return `Configured${name === undefined ? '' : ` as ${name}`}: ${parts.join(', ')}.`;
}

function describeApp({ appName, appVersion, hostTenant, userTenant }: ResolvedAppOptions): string {
  const whose = (tenant: string | undefined) => tenant ?? "the user's";
  return `app ${appName} ${appVersion} (host tenant ${whose(hostTenant)}, user tenant ${whose(userTenant)})`;
}

function describeTenant({ tenant, subTenant }: ResolvedTenantOptions): string {
  return `tenant ${tenant}${subTenant === undefined ? '' : ` (subtenant ${subTenant})`}`;
}

function withoutScheme(url: string): string {
  return url.replace(/^https?:\/\//, '');
}

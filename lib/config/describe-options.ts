import type {
  ResolvedAppOptions,
  ResolvedOptions,
  ResolvedPlatform,
  ResolvedTenantOptions,
} from './resolved-options.interface.js';

/** What a registration is configured for, on one line: names and hosts only. */
export function describeOptions({ platforms }: ResolvedOptions, name?: string): string {
  const isOne = platforms.length === 1;
  const parts = platforms.map((platform) => (isOne ? '' : `${platform.rules.domain}: `) + describePlatform(platform));
  return `Configured${name === undefined ? '' : ` as ${name}`}: ${parts.join('; ')}.`;
}

/** What the log warns of at start, one line each. The doctor shows the same. */
export function warningsAtStart({ warnings, platforms }: ResolvedOptions, name?: string): string[] {
  const lines = [
    ...warnings.map((warning) => (warning.endsWith('?') ? warning : `${warning}.`)),
    ...platforms.filter(({ oauthUrl }) => oauthUrl === undefined).map(withoutOauthServer),
    // A named registration usually guards no routes. Where it does, the error of each refused token names the same cause.
    ...(name === undefined ? platforms.filter(refusesEverybody).map(describeRefusal) : []),
  ];
  return lines.map((line) => (name === undefined ? line : `Registration ${name}: ${line}`));
}

function describePlatform({ gatewayUrl, oauthUrl, app, tenant }: ResolvedPlatform): string {
  const parts = [
    `gateway ${withoutScheme(gatewayUrl)}`,
    `OAuth server ${oauthUrl === undefined ? 'unknown' : withoutScheme(String(oauthUrl))}`,
    app === undefined ? 'no app credentials' : describeApp(app),
    tenant === undefined ? 'no tenant credentials' : describeTenant(tenant),
  ];
  return parts.join(', ');
}

function describeApp({ appName, appVersion, hostTenant, userTenant }: ResolvedAppOptions): string {
  const whose = (tenant: string | undefined) => tenant ?? "the user's";
  return `app ${appName} ${appVersion} (host tenant ${whose(hostTenant)}, user tenant ${whose(userTenant)})`;
}

function describeTenant({ tenant, subTenant }: ResolvedTenantOptions): string {
  return `tenant ${tenant}${subTenant === undefined ? '' : ` (subtenant ${subTenant})`}`;
}

function withoutOauthServer(): string {
  return "No oauthUrl is known for this gateway: users' tokens are refused, and the issuer of app tokens is not checked.";
}

function refusesEverybody({ users: { clientIds, appName } }: ResolvedPlatform): boolean {
  return clientIds === undefined && appName === undefined;
}

function describeRefusal({ rules, users }: ResolvedPlatform): string {
  return `Users' tokens of ${rules.domain} are refused, because it is not known which app's users to accept: set ${users.clientIdsSetting}.`;
}

function withoutScheme(url: string): string {
  return url.replace(/^https?:\/\//, '');
}

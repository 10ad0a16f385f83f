import type { PlatformRules, PlatformSite } from '../platform/platform.interface.js';
import { PLATFORMS } from '../platform/platforms.js';
import { isValues, ownValue, type Values } from '../util/json.js';
import type { Resolved } from './descriptor.js';
import { placeOf, type Reading, readSection } from './read-section.js';
import {
  readApp,
  type ReadApp,
  refuseUnknownOauthServer,
  resolveTenant,
  resolveXceleratorApp,
  resolveXceleratorTenant,
} from './resolve-credentials.js';
import type { ResolvedPlatform, ResolvedUrls, ResolvedUsers } from './resolved-options.interface.js';
import { APP } from './sections/credentials.options.js';
import { MODULE } from './sections/module.options.js';
import { VERIFICATION } from './sections/users.options.js';
import { XCELERATOR } from './sections/xcelerator.options.js';
import { TenantUrlTemplate } from './tenant-url-template.js';

/** The rules of verification that are for `mindsphere.io` alone. */
type UserRules = Pick<Resolved<typeof VERIFICATION>, 'issuerUrl' | 'keySetTenant' | 'issuers' | 'clientIds'>;

/** What both platforms are resolved from, read. */
interface Read {
  readonly top: Resolved<typeof MODULE>;
  readonly verification: UserRules;
  readonly app: ReadApp;
}

/** The platforms of a registration, in their order of precedence: `mindsphere.io` first. */
export function resolvePlatforms(
  values: Values,
  verification: UserRules,
  reading: Reading,
): readonly ResolvedPlatform[] {
  const top = readSection(MODULE, values, reading);
  const read = { top, verification, app: readApp(ownValue(values, 'app'), reading) };
  const platforms = [
    resolveMindsphere(ownValue(values, 'tenant'), read, reading),
    resolveXcelerator(ownValue(values, 'xcelerator'), read, reading),
  ].filter((platform) => platform !== undefined);
  if (platforms.length === 0) {
    reading.findings.fault(
      placeOf(MODULE, 'mindsphere', reading.prefix),
      'is false, and xcelerator is not set: no platform is left',
    );
  }
  return Object.freeze(platforms);
}

function resolveMindsphere(tenant: unknown, { top, verification, app }: Read, reading: Reading) {
  const credentials = resolveTenant(tenant, reading);
  if (top.mindsphere === false) {
    if (credentials !== undefined)
      reading.findings.warn('tenant', 'is not used, because mindsphere is false: see xcelerator.tenant');
    return undefined;
  }
  const rules = PLATFORMS.mindsphere;
  const region = top.region ?? rules.hosts.defaultRegion;
  const site = { region, baseDomain: top.baseDomain ?? rules.hosts.baseDomainOf(region) };
  const urls = urlsOf(rules, site, { ...top, issuerUrl: verification.issuerUrl });
  const platform = { rules, ...urls, coreTenant: undefined, app: app.credentials, tenant: credentials };
  refuseUnknownOauthServer(platform, reading);
  return Object.freeze({ ...platform, users: mindsphereUsers(verification, app) });
}

function resolveXcelerator(given: unknown, { top, app }: Read, reading: Reading): ResolvedPlatform | undefined {
  const isOn = given !== undefined && given !== null && given !== false;
  if (!isOn) return undefined;
  const options = readSection(XCELERATOR, given === true ? {} : given, reading);
  const groups = isValues(given) ? given : {};
  const rules = PLATFORMS.xcelerator;
  const region = options.region ?? top.region ?? rules.hosts.defaultRegion;
  const coreTenant = options.coreTenant ?? rules.hosts.coreTenant;
  // Ids of tenants differ between the platforms: they are taken from option app only where it speaks of this one alone.
  const tenantsOfApp = top.mindsphere === false ? app.values : {};
  const appThere = resolveXceleratorApp(ownValue(groups, 'app'), app, tenantsOfApp, reading);
  const tenant = resolveXceleratorTenant(ownValue(groups, 'tenant'), reading);
  const users = xceleratorUsers(
    options,
    [coreTenant, appThere?.hostTenant, tenant?.tenant, tenant?.tokenTenant],
    reading,
  );
  const urls = urlsOf(rules, { region, baseDomain: rules.hosts.baseDomainOf(region) }, options);
  return Object.freeze({ rules, ...urls, coreTenant, app: appThere, tenant, users });
}

/** @param own the tenants that the options name, whose servers may sign unless `issuers` says otherwise. */
function xceleratorUsers(
  options: Resolved<typeof XCELERATOR>,
  own: readonly (string | undefined)[],
  { prefix }: Reading,
): ResolvedUsers {
  const { clientIds, tenantName } = options;
  const issuers = options.issuers ?? Object.freeze([...new Set(own.filter((tenant) => tenant !== undefined))]);
  const clientIdsSetting = placeOf(XCELERATOR, 'clientIds', prefix);
  return Object.freeze({ keySetTenant: false, issuers, clientIds, appName: undefined, clientIdsSetting, tenantName });
}

/** What only an application of one platform may do, because a token of one would reach the other, or its users. */
export function refuseConfusion(
  [first, second]: readonly ResolvedPlatform[],
  allowedOrigins: readonly string[],
  { findings }: Reading,
): void {
  if (first === undefined || second === undefined) return;
  if (first.gatewayUrl === second.gatewayUrl)
    findings.fault('xcelerator.gatewayUrl', 'must not be the URL of gatewayUrl');
  const isGateway = ({ gatewayUrl }: ResolvedPlatform) => allowedOrigins.includes(new URL(gatewayUrl).origin);
  if (isGateway(first) || isGateway(second)) {
    findings.fault(
      'http.allowedOrigins',
      "must not hold a platform's gateway: a token of the other one must not go there",
    );
  }
  const issuersOf = ({ issuerUrl, otherIssuerUrl }: ResolvedPlatform) =>
    [issuerUrl, otherIssuerUrl].filter((url) => url !== undefined);
  if (issuersOf(first).some((one) => issuersOf(second).some((other) => one.overlaps(other)))) {
    findings.fault(
      'xcelerator.oauthUrl',
      'and oauthUrl (or verification.issuerUrl) could both match one iss: users could not be told apart',
    );
  }
}

function mindsphereUsers(verification: UserRules, { values: { appName, hostTenant } }: ReadApp): ResolvedUsers {
  const { keySetTenant, issuers } = verification;
  const own =
    appName === undefined || hostTenant === undefined
      ? undefined
      : PLATFORMS.mindsphere.clientIdOf?.(appName, hostTenant);
  const clientIds = verification.clientIds ?? (own === undefined ? undefined : Object.freeze([own]));
  const clientIdsSetting = `${placeOf(VERIFICATION, 'clientIds')}, or ${placeOf(APP, 'appName')}`;
  return Object.freeze({ keySetTenant, issuers, clientIds, appName, clientIdsSetting, tenantName: undefined });
}

interface GivenUrls {
  readonly gatewayUrl: string | undefined;
  readonly oauthUrl: TenantUrlTemplate | undefined;
  readonly issuerUrl?: TenantUrlTemplate | undefined;
}

/** The hosts of a platform, from whole URLs or from region and base domain (protocol page, sections 3 and 8). */
function urlsOf({ hosts, oauthServer }: PlatformRules, site: PlatformSite, given: GivenUrls): ResolvedUrls {
  const gatewayUrl = given.gatewayUrl ?? hosts.gateway(site);
  const derived = given.oauthUrl === undefined ? hosts.oauthTemplate(site, gatewayUrl) : undefined;
  const oauthUrl = given.oauthUrl ?? (derived === undefined ? undefined : new TenantUrlTemplate(derived));
  const issuerOf = (server: TenantUrlTemplate | undefined) => server?.append(oauthServer.issuerPath);
  if (given.issuerUrl !== undefined)
    return { gatewayUrl, oauthUrl, issuerUrl: given.issuerUrl, otherIssuerUrl: undefined };
  return {
    gatewayUrl,
    oauthUrl,
    issuerUrl: issuerOf(oauthUrl),
    otherIssuerUrl: issuerOf(oauthUrl?.withoutPathBehind()),
  };
}

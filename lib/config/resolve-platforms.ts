import type { PlatformRules, PlatformSite } from '../platform/platform.interface.js';
import { PLATFORMS } from '../platform/platforms.js';
import { placeOf } from './descriptor.js';
import type { Findings } from './read-section.js';
import type { PlatformCredentials, RegistrationCredentials } from './resolve-credentials.js';
import type { ReadOptions } from './read-options.js';
import type { ResolvedPlatform, ResolvedUrls, ResolvedUsers } from './resolved-options.interface.js';
import { APP } from './sections/credentials.options.js';
import { VERIFICATION } from './sections/users.options.js';
import { TenantUrlTemplate } from './tenant-urls.js';

/** The platforms of a registration, in their order of precedence: `mindsphere.io` first. */
export function resolvePlatforms(
  read: ReadOptions,
  credentials: RegistrationCredentials,
  findings: Findings,
): readonly ResolvedPlatform[] {
  const { module, xcelerator } = read;
  const platforms = [
    ...(module.values.mindsphere === false ? [] : [mindsphere(read, credentials.mindsphere, findings)]),
    ...(xcelerator.isGiven ? [xceleratorPlatform(read, credentials.xcelerator)] : []),
  ];
  if (platforms.length === 0) {
    findings.fault(module.placeOf('mindsphere'), 'is false, and xcelerator is not set: no platform is left');
  }
  return Object.freeze(platforms);
}

function mindsphere(read: ReadOptions, credentials: PlatformCredentials, findings: Findings): ResolvedPlatform {
  const rules = PLATFORMS.mindsphere;
  const { values } = read.module;
  const region = values.region ?? rules.hosts.defaultRegion;
  const site = { region, baseDomain: values.baseDomain ?? rules.hosts.baseDomainOf(region) };
  const urls = urlsOf(rules, site, { ...values, issuerUrl: read.verification.values.issuerUrl });
  const platform = { rules, ...urls, coreTenant: undefined, ...credentials };
  refuseUnknownOauthServer(platform, findings);
  return Object.freeze({ ...platform, users: mindsphereUsers(read) });
}

function mindsphereUsers({ app, verification }: ReadOptions): ResolvedUsers {
  const { appName, hostTenant } = app.values;
  const { keySetTenant, issuers } = verification.values;
  const own =
    appName === undefined || hostTenant === undefined
      ? undefined
      : PLATFORMS.mindsphere.clientIdOf?.(appName, hostTenant);
  const clientIds = verification.values.clientIds ?? (own === undefined ? undefined : Object.freeze([own]));
  const clientIdsSetting = `${placeOf(VERIFICATION, 'clientIds')}, or ${placeOf(APP, 'appName')}`;
  return Object.freeze({ keySetTenant, issuers, clientIds, appName, clientIdsSetting, tenantName: undefined });
}

function xceleratorPlatform(
  { module, xcelerator }: ReadOptions,
  { app, tenant }: PlatformCredentials,
): ResolvedPlatform {
  const rules = PLATFORMS.xcelerator;
  const { values } = xcelerator;
  const region = values.region ?? module.values.region ?? rules.hosts.defaultRegion;
  const coreTenant = values.coreTenant ?? rules.hosts.coreTenant;
  const urls = urlsOf(rules, { region, baseDomain: rules.hosts.baseDomainOf(region) }, values);
  // The servers of the tenants that the options name may sign, unless `issuers` says otherwise.
  const own = [coreTenant, app?.hostTenant, tenant?.tenant, tenant?.tokenTenant].filter((name) => name !== undefined);
  const users = Object.freeze({
    keySetTenant: false as const,
    issuers: values.issuers ?? Object.freeze([...new Set(own)]),
    clientIds: values.clientIds,
    appName: undefined,
    clientIdsSetting: xcelerator.placeOf('clientIds'),
    tenantName: values.tenantName,
  });
  return Object.freeze({ rules, ...urls, coreTenant, app, tenant, users });
}

/** A tenant's secret must not reach the public platform because only a private gateway was given. */
export function refuseUnknownOauthServer(platform: Omit<ResolvedPlatform, 'users'>, findings: Findings): void {
  if (platform.tenant === undefined || platform.oauthUrl !== undefined || findings.hasFaultOf('oauthUrl')) return;
  findings.fault('oauthUrl', `is missing: ${platform.rules.hosts.underivable}`);
}

/** Refuses options by which a token of one platform would reach the other, or by which the users of both could not be distinguished. */
export function refuseConfusion(
  [first, second]: readonly ResolvedPlatform[],
  allowedOrigins: readonly string[],
  findings: Findings,
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
  if (first.issuerUrls.some((one) => second.issuerUrls.some((other) => one.overlaps(other)))) {
    findings.fault(
      'xcelerator.oauthUrl',
      'and oauthUrl (or verification.issuerUrl) could both match one iss: the users of both platforms could not be distinguished',
    );
  }
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
  const issuers = [oauthUrl, oauthUrl?.withoutPathBehind()].map((server) => server?.append(oauthServer.issuerPath));
  const issuerUrls = (given.issuerUrl === undefined ? issuers : [given.issuerUrl]).filter((url) => url !== undefined);
  return { gatewayUrl, oauthUrl, issuerUrls: Object.freeze(issuerUrls) };
}

import { isLoopbackHost } from '../util/formats.js';
import { VARIABLES } from './environment.js';
import type { OptionReader } from './option-reader.js';
import type { ResolvedUrls } from './resolved-options.interface.js';
import { type PlatformRules, type PlatformSite, TENANT_PLACEHOLDER } from '../platform/platform.interface.js';
import { rules } from './rules.js';
import { TenantUrlTemplate } from './tenant-url-template.js';

/** Stands in for the placeholder while a template is parsed: a label that the URL parser leaves as it is. */
const PROBE = 'tenant-placeholder-0x7e';

/** The platform's hosts, from whole URLs or from region and base domain (protocol page, section 3). */
export function resolveUrls(platform: PlatformRules, options: OptionReader, verification: OptionReader): ResolvedUrls {
  const insecure = options.optional('allowInsecureHttp', rules.boolean) ?? false;
  const site = siteOf(platform, options);
  const given = options.optional('gatewayUrl', urlRule(insecure));
  const gatewayUrl = given === undefined ? platform.hosts.gateway(site) : normalized(given);
  const oauthGiven = options.optional('oauthUrl', templateRule(insecure));
  const template =
    oauthGiven === undefined ? platform.hosts.oauthTemplate(site, gatewayUrl) : normalizedTemplate(oauthGiven);
  const oauthUrl = template === undefined ? undefined : new TenantUrlTemplate(template);
  // Compared with `iss` as a string, so it stays as it was written.
  const issuerGiven = verification.optional('issuerUrl', templateRule(insecure));
  const { issuerPath } = platform.oauthServer;
  const issuerUrl = issuerGiven === undefined ? oauthUrl?.append(issuerPath) : new TenantUrlTemplate(issuerGiven);
  return { gatewayUrl, oauthUrl, issuerUrl };
}

function siteOf({ hosts }: PlatformRules, options: OptionReader): PlatformSite {
  const region = options.optional('region', rules.label) ?? hosts.defaultRegion;
  return { region, baseDomain: options.optional('baseDomain', rules.domain) ?? hosts.baseDomainOf(region) };
}

function urlRule(insecure: boolean) {
  return {
    test: (value: unknown): value is string => typeof value === 'string' && isBaseUrl(value, insecure),
    demand: demand('', insecure),
  };
}

function templateRule(insecure: boolean) {
  return {
    test: (value: unknown): value is string => typeof value === 'string' && isTemplate(value, insecure),
    demand: demand(` holding ${TENANT_PLACEHOLDER} once, as a whole host label or path segment,`, insecure),
  };
}

function demand(extra: string, insecure: boolean): string {
  const scheme = insecure
    ? 'an http: or https: URL'
    : 'an https: URL (http: only for a loopback address, or with allowInsecureHttp)';
  return `must be ${scheme}${extra} without user info, query or fragment`;
}

function isTemplate(text: string, insecure: boolean): boolean {
  const parts = text.split(TENANT_PLACEHOLDER);
  const probed = parts.join(PROBE);
  if (parts.length !== 2 || text.includes(PROBE) || !isBaseUrl(probed, insecure)) {
    return false;
  }
  const { hostname, pathname } = new URL(probed);
  return hostname.split('.').includes(PROBE) || pathname.split('/').includes(PROBE);
}

/** Whether a text is a URL that others can be built on, with a scheme that secrets may travel by. */
export function isBaseUrl(text: string, insecure: boolean): boolean {
  // The parser would silently drop or repair these.
  if (/[\s\\?#@{}]/.test(text) || !URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && (insecure || isLoopbackHost(hostname)));
}

function normalized(url: string): string {
  return new URL(url).href.replace(/\/+$/, '');
}

function normalizedTemplate(template: string): string {
  return normalized(template.replace(TENANT_PLACEHOLDER, PROBE)).replace(PROBE, TENANT_PLACEHOLDER);
}

/** The variables that set the hosts. */
export const URL_VARIABLES = { region: VARIABLES.region, baseDomain: VARIABLES.baseDomain } as const;

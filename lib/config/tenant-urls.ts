import { endsInApi } from '../platform/api-paths.js';
import { TENANT_PLACEHOLDER as PLACEHOLDER } from '../platform/platform.interface.js';
import { isDnsLabel, isLoopbackHost } from '../util/formats.js';
import type { Kind } from './descriptor.js';
import { listOf } from './kinds.js';

/** A URL that differs between tenants in one host label or path segment. Immutable. */
export class TenantUrlTemplate {
  readonly #before: string;
  readonly #after: string;

  /** Takes a URL that holds `{tenant}` once, as the checks of the options ensure. */
  constructor(template: string) {
    const at = template.indexOf(PLACEHOLDER);
    this.#before = template.slice(0, at);
    this.#after = template.slice(at + PLACEHOLDER.length);
  }

  /** The URL of one tenant, which must be a checked label. */
  for(tenant: string): string {
    return this.#before + tenant + this.#after;
  }

  /** The tenant of a URL made from this template, or `undefined`: anchored at both ends, for one whole label. */
  tenantOf(url: string): string | undefined {
    if (!url.startsWith(this.#before) || !url.endsWith(this.#after)) return undefined;
    const tenant = url.slice(this.#before.length, url.length - this.#after.length);
    return isDnsLabel(tenant) ? tenant : undefined;
  }

  /** Whether there is a URL that both templates match. */
  overlaps(other: TenantUrlTemplate): boolean {
    // A DNS label holds none of these separators, so the two URLs can be compared part by part.
    const [own, its] = [this, other].map((template) => template.toString().split(/([/:.])/));
    const isSame = (one: string, another = '') =>
      one === another ||
      (one === PLACEHOLDER && (another === PLACEHOLDER || isDnsLabel(another))) ||
      (another === PLACEHOLDER && isDnsLabel(one));
    return own?.length === its?.length && own?.every((part, index) => isSame(part, its?.[index])) === true;
  }

  /** The template without the path behind the tenant; `undefined` where it has none. */
  withoutPathBehind(): TenantUrlTemplate | undefined {
    const slash = this.#after.indexOf('/');
    return slash < 0 ? undefined : new TenantUrlTemplate(this.#before + PLACEHOLDER + this.#after.slice(0, slash));
  }

  /** A template of a URL below this one. */
  append(path: string): TenantUrlTemplate {
    return new TenantUrlTemplate(this.toString() + path);
  }

  toString(): string {
    return this.for(PLACEHOLDER);
  }
}

/** The tenant of a URL made from one of the templates, or `undefined`. */
export function tenantOfAny(templates: readonly TenantUrlTemplate[], url: unknown): string | undefined {
  if (typeof url !== 'string') return undefined;
  return templates.map((template) => template.tenantOf(url)).find((tenant) => tenant !== undefined);
}

/** Replaces the placeholder while a template is parsed: a label that the URL parser does not change. */
const PROBE = 'tenant-placeholder-0x7e';
const SCHEME = 'an https: URL (http: only for a loopback address, or with allowInsecureHttp)';
const REST = 'without user info, query or fragment';
const ONCE = `holding ${PLACEHOLDER} once, as a whole host label or path segment`;

/** A URL that others can be built on, kept without a slash at its end. */
export const baseUrl: Kind<string> = {
  read: (value, { allowInsecureHttp }) => (isBaseUrl(value, allowInsecureHttp) ? normalized(value) : undefined),
  demand: `must be ${SCHEME} ${REST}`,
  type: 'URL',
  isString: true,
  // The paths of all calls begin with it, so it would stand there twice.
  warning: (value) => (typeof value === 'string' && endsInApi(value) ? 'ends in /api' : undefined),
};

/** The URL of a tenant's server, kept without a slash at its end. */
export const urlTemplate: Kind<TenantUrlTemplate> = {
  read: (value, { allowInsecureHttp }) => {
    if (!isTemplate(value, allowInsecureHttp)) return undefined;
    return new TenantUrlTemplate(normalized(value.replace(PLACEHOLDER, PROBE)).replace(PROBE, PLACEHOLDER));
  },
  demand: `must be ${SCHEME} ${ONCE}, ${REST}`,
  type: `URL with \`${PLACEHOLDER}\` once, as a whole host label or path segment`,
  isString: true,
};

/** The template of `iss`, which is compared as a string: so only letter case is changed, in scheme and host. */
export const issuerTemplate: Kind<TenantUrlTemplate> = {
  ...urlTemplate,
  read: (value, { allowInsecureHttp }) => {
    if (!isTemplate(value, allowInsecureHttp)) return undefined;
    return new TenantUrlTemplate(value.replace(/^[^:]+:\/\/[^/]+/, (origin) => origin.toLowerCase()));
  },
};

/** Origins that a token may be sent to. */
export const origins: Kind<readonly string[]> = {
  read: (value, { allowInsecureHttp }) =>
    listOf(value, (item) => (isOrigin(item, allowInsecureHttp) ? new URL(item).origin : undefined)),
  demand:
    'must be a list of origins, https: (http: only for a loopback address, or with allowInsecureHttp), host and port, nothing else',
  type: 'list of origins: `https:`, host and port',
};

function isOrigin(value: unknown, allowInsecureHttp: boolean): value is string {
  return isBaseUrl(value, allowInsecureHttp) && /^[a-z]+:\/\/[^/]+\/?$/i.test(value);
}

function isTemplate(value: unknown, allowInsecureHttp: boolean): value is string {
  if (typeof value !== 'string' || value.toLowerCase().includes(PROBE)) return false;
  const parts = value.split(PLACEHOLDER);
  const probed = parts.join(PROBE);
  if (parts.length !== 2 || !isBaseUrl(probed, allowInsecureHttp)) return false;
  const { hostname, pathname } = new URL(probed);
  return hostname.split('.').includes(PROBE) || pathname.split('/').includes(PROBE);
}

/** Whether a value is a URL that others can be built on, with a scheme that secrets may travel by. */
function isBaseUrl(value: unknown, allowInsecureHttp: boolean): value is string {
  // The URL parser would drop or change these characters without an error.
  if (typeof value !== 'string' || /[\s\\?#@{}]/.test(value) || !URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocol === 'https:' || (protocol === 'http:' && (allowInsecureHttp || isLoopbackHost(hostname)));
}

function normalized(url: string): string {
  const { href } = new URL(url);
  let end = href.length;
  // A regular expression such as /\/+$/ takes quadratic time for a string of many slashes.
  while (href[end - 1] === '/') end -= 1;
  return href.slice(0, end);
}

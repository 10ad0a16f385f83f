import { Axios, type AxiosRequestConfig, isAxiosError } from 'axios';
import type { ResolvedPlatform } from '../config/resolved-options.interface.js';
import type { PlatformRules } from '../platform/platform.interface.js';
import { requestRefused } from './request-rules.js';

/** What a URL parser drops or repairs, so that it would read another URL than the one that was written. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const REPAIRED = /[\u0000-\u001f\u007f]|^[^?#]*\\/;

/** `.` or `..` as a segment of a path; Tomcat cuts off what stands behind a semicolon. */
const DOT_SEGMENT = /(?:^|[/\\])\.{1,2}(?:[/\\;]|$)/;
/** Escapes that may spell such a segment. The last one is the percent sign: servers may decode twice. */
const OF_SEGMENTS = /%(?:2e|2f|5c|3b|25)/gi;
const DECODE_ROUNDS = 3;
/** A scheme, or the authority itself. */
const SCHEME = /^(?:[a-z][a-z\d+\-.]*:|\/\/)/i;
/** As Axios judges it. */
const ABSOLUTE = /^(?:[a-z][a-z\d+\-.]*:)?\/\//i;
/** Scheme and authority of a URL. */
const AUTHORITY = /^(?:[a-z][a-z\d+.-]*:)?\/\/[^/?#]*/i;

const LONGEST_ORIGIN = 100;
/** No server takes a longer one, and judging it takes time. */
const LONGEST_URL = 65_536;
/** A domain name has 253 characters at most; a user, who is refused, may stand before it, and a port behind it. */
const LONGEST_AUTHORITY = 600;

/** The settings of a request that decide where it goes, as Axios reads them. */
export type Destination = Pick<
  AxiosRequestConfig,
  'baseURL' | 'url' | 'allowAbsoluteUrls' | 'params' | 'paramsSerializer'
>;

/** A gateway, taken apart. */
interface Owner {
  readonly platform: ResolvedPlatform;
  readonly origin: string;
  readonly path: string;
}

/** The gateway of one platform, and the other places where tokens of that platform may go. */
export class Gateway {
  readonly #platform: ResolvedPlatform;
  /** The gateways of all platforms, longer paths first. */
  readonly #owners: readonly Owner[];
  readonly #origins: ReadonlySet<string>;
  /** Base URLs that stand for this gateway. */
  readonly #ownBases: ReadonlySet<string | undefined>;
  readonly #joiner = new Axios({});

  /** @param usualBase the base URL that calls have unless they set one. */
  constructor(
    platform: ResolvedPlatform,
    all: readonly ResolvedPlatform[],
    allowedOrigins: readonly string[],
    usualBase: string,
  ) {
    this.#platform = platform;
    this.#owners = all.map(ownerOf).toSorted((a, b) => b.path.length - a.path.length);
    this.#origins = new Set([new URL(platform.gatewayUrl).origin, ...allowedOrigins]);
    this.#ownBases = new Set([undefined, platform.gatewayUrl, usualBase]);
  }

  /** Without a slash at its end. */
  get url(): string {
    return this.#platform.gatewayUrl;
  }

  get rules(): PlatformRules {
    return this.#platform.rules;
  }

  /**
   * Where a request goes: base URL, URL and parameters joined as Axios joins them, relative URLs put below the gateway by
   * the platform's rule for paths, judged, and spelled so that there is nothing left to interpret. Throws
   * `options_invalid`.
   */
  resolve(destination: Destination): string {
    const url = this.#absolute(destination);
    demandPlainUrl(url);
    const target = parsed(url);
    if (!this.#origins.has(target.origin)) throw requestRefused(leads(target));
    const owner = this.#ownerOf(target);
    if (owner !== undefined && owner !== this.#platform) {
      throw requestRefused(
        `its URL leads to the gateway of ${owner.rules.domain}, the token is for ${this.rules.domain}`,
      );
    }
    // Axios would send it instead of the token.
    if (hasUserInfo(target)) throw requestRefused('its URL holds user info');
    return target.href;
  }

  /** Where a redirect leads; `undefined` where a token must not follow. */
  redirected(location: unknown, from: string): string | undefined {
    if (typeof location !== 'string' || !URL.canParse(location, from)) return undefined;
    const target = new URL(location, from);
    const owner = this.#ownerOf(target);
    const isAllowed = this.#origins.has(target.origin) && (owner === undefined || owner === this.#platform);
    return isAllowed && !hasUserInfo(target) ? target.href : undefined;
  }

  #absolute({ baseURL, allowAbsoluteUrls, ...destination }: Destination): string {
    const hasOwnBase = this.#ownBases.has(baseURL);
    const text = this.#joined({ ...destination, allowAbsoluteUrls, baseURL: hasOwnBase ? undefined : baseURL });
    // Of a base with a scheme, nothing is relative; a path may begin as one does.
    const isRelative = hasOwnBase ? allowAbsoluteUrls === false || !ABSOLUTE.test(text) : !SCHEME.test(text);
    if (!isRelative) return text.startsWith('//') ? new URL(this.url).protocol + text : text;
    if (text === '') return this.url;
    const { rules, coreTenant } = this.#platform;
    return this.url + rules.apiPath(`/${text.replace(/^\/+/, '')}`, coreTenant);
  }

  #joined(destination: Destination): string {
    const { url = '' } = destination;
    // Most calls need no joining, which is not cheap.
    if (!Object.hasOwn(destination, 'baseURL') && !Object.hasOwn(destination, 'params')) return url;
    try {
      return this.#joiner.getUri({ ...destination, url });
    } catch (failure) {
      // A serializer's own failure is the caller's.
      throw isAxiosError(failure) ? requestRefused('its URL is invalid') : failure;
    }
  }

  /** The platform whose gateway a URL belongs to: where several have the same origin, the longest path decides. */
  #ownerOf(target: URL): ResolvedPlatform | undefined {
    return this.#owners.find(({ origin, path }) => isBelow(target, origin, path))?.platform;
  }
}

function parsed(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw requestRefused('its URL is invalid');
  }
}

function ownerOf(platform: ResolvedPlatform): Owner {
  const { origin, pathname } = new URL(platform.gatewayUrl);
  return { platform, origin, path: pathname.replace(/\/$/, '') };
}

function isBelow(target: URL, origin: string, path: string): boolean {
  return target.origin === origin && (target.pathname === path || target.pathname.startsWith(`${path}/`));
}

/** Throws `options_invalid` where a URL is longer than servers take, or where a parser would read another URL than was written. */
function demandPlainUrl(text: string): void {
  if (text.length > LONGEST_URL) throw requestRefused(`its URL is longer than ${LONGEST_URL} characters`);
  if (REPAIRED.test(text)) throw requestRefused('its URL holds a backslash or a control character');
  if (hasDotSegment(pathOf(text.trim()))) {
    throw requestRefused('its path holds a dot segment, which would lead to another path');
  }
  if (authorityOf(text).length > LONGEST_AUTHORITY)
    throw requestRefused('the host in its URL is longer than a domain name can be');
}

/** What stands behind scheme and authority, before query and fragment. */
function pathOf(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(AUTHORITY, '');
}

function authorityOf(url: string): string {
  return AUTHORITY.exec(url)?.[0] ?? '';
}

/** A URL parser resolves such a segment silently, so that the token would go to another API than the one that was written. */
function hasDotSegment(path: string): boolean {
  let spelled = path;
  for (let round = 0; round <= DECODE_ROUNDS; round += 1) {
    if (DOT_SEGMENT.test(spelled)) return true;
    const decoded = spelled.replace(OF_SEGMENTS, decodeURIComponent);
    if (decoded === spelled) return false;
    spelled = decoded;
  }
  return false;
}

function hasUserInfo({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

function leads({ origin, protocol }: URL): string {
  const where = origin === 'null' ? protocol : origin;
  const shown = where.length > LONGEST_ORIGIN ? `${where.slice(0, LONGEST_ORIGIN)}…` : where;
  return `its URL leads to ${shown}, which is neither the gateway nor in http.allowedOrigins`;
}
